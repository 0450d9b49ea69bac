/* What a search on the editor means: words in the singular, other words of an attribute, and typing errors. */

/* The words of a search, one of many for "wings" and "stripes". */
export function wordsOf(query) {
  const words = query.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  return words.map((word) => (word.length > 3 && word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word));
}

/* All that a row may be found by, each word after a blank. */
export function searchable(group, row) {
  return ` ${group.partLabel} ${group.label} ${row.label} ${row.also ?? ""} `.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ");
}

/* The known word with the fewest letters to change, add, drop or swap, if they are few; else the word itself. */
export function nearest(word, known) {
  let best = word, least = word.length < 3 ? 0 : word.length < 7 ? 1 : 2;
  for (const other of known) {
    if (Math.abs(other.length - word.length) > least) continue;
    const steps = distance(word, other);
    if (steps <= least && (steps < least || best === word)) [best, least] = [other, steps];
  }
  return best;
}

/* Letters to change, add, drop or swap with their neighbour (optimal string alignment). */
export function distance(a, b) {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...new Array(b.length).fill(0)]);
  for (let j = 0; j <= b.length; j++) rows[0][j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.length][b.length];
}
