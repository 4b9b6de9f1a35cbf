/** Edit distance of Levenshtein, given up (returns limit + 1) once it must exceed the limit. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    let best = i;
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      const value = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + cost);
      next.push(value);
      if (value < best) best = value;
    }
    if (best > limit) return limit + 1;
    row = next;
  }
  return row[b.length]!;
}

/** The names most like `name`, best first: a small edit distance, or one name containing the other. At most `count`. */
export function nearestNames(name: string, names: Iterable<string>, count: number): string[] {
  const limit = Math.max(2, Math.floor(name.length / 4));
  const wanted = name.slice(0, 128);
  const scored: { name: string; score: number }[] = [];
  for (const other of names) {
    const distance = editDistance(wanted, other, limit);
    if (distance <= limit) scored.push({ name: other, score: distance });
    else if (wanted.length >= 4 && (other.includes(wanted) || wanted.includes(other)) && other.length >= 4) {
      scored.push({ name: other, score: limit + Math.abs(other.length - wanted.length) });
    }
  }
  scored.sort((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1));
  return scored.slice(0, count).map((s) => s.name);
}
