import { busLimits } from "./bus.ts";

const token = "[A-Za-z0-9_-]+";
const subjectForm = new RegExp(`^${token}(\\.${token})*$`);
const patternForm = new RegExp(`^((${token}|\\*)\\.)*(${token}|\\*|>)$`);

/** @throws RangeError unless it is a subject without wildcards. */
export function assertSubject(subject: string): void {
  if (subject.length <= busLimits.subjectBytesMax && subjectForm.test(subject)) return;
  throw new RangeError(
    `"${subject.slice(0, 64)}" is not a subject: dot-separated [A-Za-z0-9_-], such as "usage.eu-west", at most ${busLimits.subjectBytesMax} bytes`,
  );
}

/** @throws RangeError unless it is a subject, perhaps with `*` and a last `>`. */
export function assertPattern(pattern: string): void {
  if (pattern.length <= busLimits.subjectBytesMax && patternForm.test(pattern)) return;
  throw new RangeError(
    `"${pattern.slice(0, 64)}" is not a subject pattern: dot-separated [A-Za-z0-9_-], "*" for one token or a last ">" for the rest, at most ${busLimits.subjectBytesMax} bytes`,
  );
}

/** Whether `pattern` covers `subject`. Both well-formed. */
export function subjectMatches(pattern: string, subject: string): boolean {
  if (pattern === subject) return true;
  const expected = pattern.split(".");
  const tokens = subject.split(".");
  const rest = expected.at(-1) === ">" ? expected.length - 1 : -1;
  if (rest >= 0 ? tokens.length <= rest : tokens.length !== expected.length) return false;
  return expected.every((part, at) => at === rest || part === "*" || part === tokens[at]);
}

/** Whether some subject is covered by both patterns. */
export function patternsOverlap(one: string, other: string): boolean {
  return tokensOverlap(one.split("."), other.split("."));
}

function tokensOverlap(one: readonly string[], other: readonly string[]): boolean {
  const [a, ...restOfA] = one;
  const [b, ...restOfB] = other;
  if (a === undefined || b === undefined) return a === b;
  if (a === ">" || b === ">") return true;
  if (a !== "*" && b !== "*" && a !== b) return false;
  return tokensOverlap(restOfA, restOfB);
}
