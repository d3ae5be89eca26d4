/** Keeps its place when nobody types, so that nothing moves. */
export function TypingIndicator({ names }: { readonly names: readonly string[] }) {
  return (
    <p role="status" className="h-6 px-4 text-muted text-xs leading-6">
      {wordsFor(names)}
    </p>
  );
}

function wordsFor([first, second, ...others]: readonly string[]): string {
  if (first === undefined) return "";
  if (second === undefined) return `${first} is typing …`;
  return others.length === 0 ? `${first} and ${second} are typing …` : "Several people are typing …";
}
