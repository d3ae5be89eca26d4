/** The people that the seeded database knows; the sign-in page offers them. */
export const PEOPLE = [
  { id: "ada", name: "Ada Lovelace", email: "ada@example.com" },
  { id: "grace", name: "Grace Hopper", email: "grace@example.com" },
  { id: "alan", name: "Alan Turing", email: "alan@example.com" },
  { id: "katherine", name: "Katherine Johnson", email: "katherine@example.com" },
] as const;

/** Of all of them. */
export const PASSWORD = "polywire";

interface Seed {
  readonly id: string;
  readonly title: string | null;
  readonly members: readonly string[];
  readonly messages: readonly (readonly [authorId: string, content: string])[];
}

export const CONVERSATIONS: readonly Seed[] = [
  {
    id: "launch",
    title: "Launch",
    members: ["ada", "grace", "alan"],
    messages: [
      ["grace", "Morning! Where are we with the launch?"],
      ["ada", "The engine runs the whole program now. I rewrote the loop twice, it is half as long."],
      ["alan", "Does it halt?"],
      ["ada", "Every time I have tried."],
      ["alan", "That proves nothing, but it is encouraging."],
      ["grace", "Good enough for Thursday. I found a moth in the relay again, by the way."],
      ["ada", "Did you tape it into the log?"],
      ["grace", "Of course."],
    ],
  },
  {
    id: "orbits",
    title: "Orbits",
    members: ["katherine", "ada"],
    messages: [
      ["katherine", "I checked the landing figures by hand. They hold to the eighth digit."],
      ["ada", "By hand! How long did that take?"],
      ["katherine", "A day and a half. Worth it, he said he will not fly otherwise."],
    ],
  },
  {
    id: "ada_grace",
    title: null,
    members: ["ada", "grace"],
    messages: [
      ["ada", "Lunch at one?"],
      ["grace", "Make it half past, the compiler is still running."],
    ],
  },
];
