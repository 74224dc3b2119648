/**
 * Whether `name` is what `pattern` means: itself, or with `*` standing for any run of
 * characters, none and `/` included. There is no other magic and nothing to escape.
 *
 * Takes O(pattern * name) at worst: no input makes it exponential.
 */
export function globMatches(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  let starAt = -1;
  let resumeAt = 0;
  while (n < name.length) {
    if (pattern[p] === "*") {
      starAt = p;
      resumeAt = n;
      p += 1;
    } else if (pattern[p] === name[n]) {
      p += 1;
      n += 1;
    } else if (starAt >= 0) {
      // Let the last star swallow one character more, and try again behind it.
      p = starAt + 1;
      resumeAt += 1;
      n = resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p += 1;
  return p === pattern.length;
}
