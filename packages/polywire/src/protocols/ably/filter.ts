import jmespath from "jmespath";
import { describe } from "../../core/describe.js";
import type { Amendment, Message } from "../../core/event.js";
import { AblyError } from "./errors.js";

/** Which messages of a channel a derived channel has (Ably, "Subscription filters"). */
export type Filter = (message: Message | Amendment) => boolean;

/** Its types leave the parser out. */
const parser = jmespath as unknown as { compile(expression: string): Node };
const MAX_LENGTH = 1000;
const MAX_FILTERS = 1000;
const filters = new Map<string, Filter>();

/**
 * The filter of a JMESPath expression over a message's name, client id, data that is JSON, and `headers` of its extras.
 * One for all who filter alike, and asked once a message.
 * @throws AblyError 40010 for an expression that is none
 */
export function filterOf(expression: string): Filter {
  const known = filters.get(expression);
  if (known !== undefined) return known;
  if (expression.length > MAX_LENGTH) throw bad(`has ${expression.length} characters; the limit is ${MAX_LENGTH}`);
  checkCost(compiled(expression));
  const answers = new WeakMap<Message | Amendment, boolean>();
  const filter: Filter = (message) => {
    const answered = answers.get(message);
    if (answered !== undefined) return answered;
    const answer = matches(expression, message);
    answers.set(message, answer);
    return answer;
  };
  filters.set(expression, filter);
  if (filters.size > MAX_FILTERS) filters.delete(filters.keys().next().value ?? "");
  return filter;
}

interface Node {
  readonly type: string;
  readonly name?: string;
  readonly children?: readonly Node[];
}

function compiled(expression: string): Node {
  try {
    return parser.compile(expression);
  } catch (error) {
    throw bad(`is no JMESPath expression: ${describe((error as Error).message)}`);
  }
}

const MAX_NODES = 200;
/** What makes of a message something larger than the message: many of these, and it grows without a bound. */
const MULTIPLYING = /^MultiSelect/;
const FUNCTIONS: ReadonlySet<string> = new Set([
  "abs",
  "avg",
  "ceil",
  "contains",
  "ends_with",
  "floor",
  "keys",
  "length",
  "max",
  "min",
  "not_null",
  "starts_with",
  "sum",
  "to_number",
  "to_string",
  "type",
  "values",
]);

/** Every message of the channel is asked. @throws AblyError 40010 */
function checkCost(root: Node): void {
  let nodes = 0;
  let multiplying = 0;
  const visit = ({ type, name, children = [] }: Node): void => {
    nodes += 1;
    if (MULTIPLYING.test(type)) multiplying += 1;
    if (type === "Function" && !FUNCTIONS.has(name ?? "")) {
      throw bad(`calls ${describe(name)}, which is none of ${[...FUNCTIONS].join(", ")}`);
    }
    for (const child of children) visit(child);
  };
  visit(root);
  if (nodes > MAX_NODES) throw bad(`has ${nodes} parts; the limit is ${MAX_NODES}`);
  if (multiplying > 1) throw bad("makes more than one list or object");
}

/** What an expression cannot be asked of (a comparison of things that do not compare) is not wanted. */
function matches(expression: string, { name, client, extras, data }: Message | Amendment): boolean {
  const value = {
    name,
    clientId: client?.clientId ?? null,
    headers: extras?.headers ?? null,
    data: data === null || data.type === "binary" ? null : data.type === "json" ? JSON.parse(data.text) : data.text,
  };
  try {
    return jmespath.search(value, expression) === true;
  } catch {
    return false;
  }
}

const bad = (what: string): AblyError => new AblyError(40010, `The filter ${what}.`, "See https://jmespath.org.");
