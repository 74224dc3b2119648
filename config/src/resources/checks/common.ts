import { z } from "zod";
import { regionNamePattern } from "../../region-name.ts";

/** See also core's globMatches(): `*` is the only magic. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}$/;
const globPattern = /^[A-Za-z0-9*][A-Za-z0-9._:@/*-]{0,127}$/;

/** What an HTTP header may carry as one word: no spaces, no control characters (RFC 9110, 5.5). */
const headerWordPattern = /^[\x21-\x7e]*$/;

/** Large enough for any ratio; small enough that sums stay exact. */
const weightMax = 1_000_000;

/** Of credentials per provider, deployments per model, globs per key. */
const listMaxLength = 1_000;

const nameHint = "use 1 to 128 letters, digits and . _ : @ / -, beginning with a letter or digit";

export const resourceName = named(namePattern, nameHint);

/** Of a resource that need not be given. */
export const optionalResourceName = named(new RegExp(`^$|${namePattern.source}`), nameHint);

export const modelGlob = named(
  globPattern,
  'give a model name, or a pattern with *, such as "claude-*"',
);

export const regionName = named(
  regionNamePattern,
  "use 1 to 63 letters, digits and . _ -, beginning with a letter or digit",
);

export const weight = z
  .number()
  .max(weightMax, `is too large: a weight is a whole number from 0 to ${weightMax}`)
  .optional();

const headerWordMessage = "has a space, a line break or a character that no header can carry";

/** A word that travels in a header. Its content is not shown: it is often a secret. */
export function headerWord(maxLength: number) {
  return z
    .string()
    .max(maxLength, `is too long: at most ${maxLength} characters`)
    .regex(headerWordPattern, headerWordMessage);
}

/** What is wrong with a word for a header, if anything. */
export function headerWordProblem(text: string): string | undefined {
  return headerWordPattern.test(text) ? undefined : headerWordMessage;
}

export function textUpTo(maxLength: number) {
  return z.string().max(maxLength, `is too long: at most ${maxLength} characters`);
}

export function atMost<T extends z.ZodType>(item: T, what: string, maxLength = listMaxLength) {
  return z.array(item).max(maxLength, `has too many ${what}: at most ${maxLength}`);
}

/** A list that must stay empty until its feature works: better refused than ignored. */
export const noLimitsYet = z.array(z.unknown()).max(0, notHonoured("limits"));

/** Where to find a secret is no news to a server: it reads nothing on behalf of a caller. */
export function readByLoader(field: string) {
  return z
    .unknown()
    .refine((value) => value === undefined, {
      error: `a source is read by whoever loads the YAML: send what it holds as ${field}`,
    })
    .optional();
}

/** A field that must stay unset until its feature works. */
export function unsetUntilHonoured(what: string) {
  return z
    .unknown()
    .refine((value) => value === undefined || value === "" || value === 0, notHonoured(what))
    .optional();
}

export function notHonoured(what: string): string {
  return `not honoured yet: ${what}, remove it`;
}

function named(pattern: RegExp, hint: string) {
  return z.string().regex(pattern, {
    error: ({ input }) =>
      input === ""
        ? `is missing: ${hint}`
        : `"${String(input).slice(0, 60)}" is not a name: ${hint}`,
  });
}
