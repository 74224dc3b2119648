/** Shorter words are shown: whatever is secret has 16 characters or more. */
const secretMinLength = 16;

/** Shorter parts of what a program printed are masked only as part of a longer word. */
const knownMinLength = 4;

const shownMaxLength = 400;

/**
 * The end of what a program or a server said of its failure, on one line, fit for a problem: what
 * is known to be secret, and what looks like it, is masked before anything is cut.
 *
 * @param known - Texts of which no word may be shown.
 */
export function maskSecrets(text: string, known: readonly string[] = []): string {
  const words = known.flatMap((one) => one.split(/\s+/));
  const secrets = words
    .filter((word) => word.length >= knownMinLength)
    .toSorted((a, b) => b.length - a.length);
  const withoutKnown = secrets.reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
  const masked = withoutKnown
    // Terminals obey escape sequences.
    .replaceAll(/\p{C}/gu, " ")
    .replaceAll(/\/\/[^\s/@]*@/g, "//***@")
    .replaceAll(/[\w+/=.~-]{16,}/g, (word) => (looksPublic(word) ? word : "***"))
    .replaceAll(/\s+/g, " ")
    .trim();
  return masked.length > shownMaxLength ? `... ${masked.slice(-shownMaxLength)}` : masked;
}

/** Words of letters, as in a path or a host name: `/run/secrets/openai`, `vault.example.com/v1`. */
export function looksPublic(word: string): boolean {
  const parts = word.split(/[/._-]/);
  return parts.every((part) => /^(?:[A-Za-z]*|v\d)$/.test(part) && part.length < secretMinLength);
}
