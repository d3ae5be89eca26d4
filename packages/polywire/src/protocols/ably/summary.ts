import type { Annotation } from "../../core/event.js";

/** What annotations of a message come to, by their types (Ably, "Message annotations"). */
export type Summary = Readonly<Record<string, object>>;

interface Tally {
  readonly total: number;
  readonly clientIds: readonly string[];
  readonly clipped: boolean;
}

/** Client ids that are listed. */
const MAX_LISTED = 1000;

const METHODS = ["total.v1", "flag.v1", "distinct.v1", "unique.v1", "multiple.v1"] as const;
type Method = (typeof METHODS)[number];

/** How annotations of a type, such as `reaction:distinct.v1`, add up; null: they do not. */
export const methodOf = (type: string): Method | null =>
  METHODS.find((method) => method === type.slice(type.indexOf(":") + 1)) ?? null;

export function summaryOf(annotations: readonly Annotation[]): Summary {
  const byType = new Map<string, Annotation[]>();
  for (const annotation of annotations) {
    const known = byType.get(annotation.type);
    if (known === undefined) byType.set(annotation.type, [annotation]);
    else known.push(annotation);
  }
  return Object.fromEntries(
    [...byType].flatMap(([type, all]) => {
      const method = methodOf(type);
      return method === null ? [] : [[type, summarize(method, all)]];
    }),
  );
}

function summarize(method: Method, annotations: readonly Annotation[]): object {
  switch (method) {
    case "total.v1":
      return {
        total: annotations.reduce((total, { action }) => Math.max(0, total + (action === "create" ? 1 : -1)), 0),
      };
    case "flag.v1":
      return tally(named(annotations, false).get("") ?? new Set());
    case "distinct.v1":
      return tallies(named(annotations, false, true));
    case "unique.v1":
      return tallies(named(annotations, true, true));
    case "multiple.v1":
      return multiples(annotations);
  }
}

/** Who said what, each at most once a name, or with `isUnique` at most one name. */
function named(annotations: readonly Annotation[], isUnique: boolean, hasNames = false): Map<string, Set<string>> {
  const clients = new Map<string, Set<string>>();
  for (const { action, client, name } of annotations) {
    const id = client?.clientId ?? "";
    const key = hasNames ? (name ?? "") : "";
    if (isUnique && action === "create") for (const known of clients.values()) known.delete(id);
    const known = clients.get(key) ?? new Set<string>();
    clients.set(key, known);
    if (action === "create") known.add(id);
    else known.delete(id);
  }
  return clients;
}

const tally = (clients: ReadonlySet<string>): Tally => ({
  total: clients.size,
  clientIds: [...clients].slice(0, MAX_LISTED),
  clipped: clients.size > MAX_LISTED,
});

const tallies = (clients: ReadonlyMap<string, ReadonlySet<string>>): object =>
  Object.fromEntries([...clients].filter(([, ids]) => ids.size > 0).map(([name, ids]) => [name, tally(ids)]));

/** How often each said what; those without a client id together. */
function multiples(annotations: readonly Annotation[]): object {
  const names = new Map<string, { readonly counts: Map<string, number>; unidentified: number }>();
  for (const { action, client, name, count } of annotations) {
    const known = names.get(name ?? "") ?? { counts: new Map<string, number>(), unidentified: 0 };
    names.set(name ?? "", known);
    if (client === null) known.unidentified += action === "create" ? (count ?? 1) : 0;
    else if (action === "create")
      known.counts.set(client.clientId, (known.counts.get(client.clientId) ?? 0) + (count ?? 1));
    else known.counts.delete(client.clientId);
  }
  return Object.fromEntries(
    [...names].map(([name, { counts, unidentified }]) => {
      const listed = [...counts].slice(0, MAX_LISTED);
      return [
        name,
        {
          total: [...counts.values()].reduce((sum, count) => sum + count, unidentified),
          clientIds: Object.fromEntries(listed),
          totalUnidentified: unidentified,
          totalClientIds: counts.size,
          clipped: counts.size > MAX_LISTED,
        },
      ];
    }),
  );
}
