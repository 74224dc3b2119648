/** ` (did you mean "x"?)` for the nearest of `candidates`, or nothing when none is near. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const nearest = nearestWord(word, candidates);
  return nearest === undefined ? "" : ` (did you mean "${nearest}"?)`;
}

/** Longer words are nobody's typing error, and would cost time. */
const wordMaxLength = 64;

function nearestWord(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > wordMaxLength) return undefined;
  const folded = fold(word);
  let nearest: string | undefined;
  let fewest = Math.floor((word.length + 1) / 3) + 1;
  for (const candidate of candidates) {
    const edits = editDistance(folded, fold(candidate));
    if (edits < fewest) [nearest, fewest] = [candidate, edits];
  }
  return nearest;
}

/** Case and the kind of separator are the commonest slips: `baseUrl`, `base-url`. */
function fold(word: string): string {
  return word.replaceAll(/[-_ ]/g, "").toLowerCase();
}

/** Levenshtein distance, one row at a time. Takes O(a * b). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
