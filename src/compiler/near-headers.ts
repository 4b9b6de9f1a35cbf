/** The header named by clang's "'x.h' file not found", or undefined. */
export function missingHeader(message: string): string | undefined {
  return /^'(.+)' file not found(?: with .*)?$/.exec(message)?.[1];
}

/**
 * Headers that exist and come near a name that was not found, best first: the same file name in another folder, then names that
 * differ by a few letters, then those in the same folder that share its beginning.
 */
export function nearHeaders(wanted: string, existing: readonly string[], limit = 5): string[] {
  const clean = wanted.replace(/^(\.\.?\/)+/, "");
  const base = clean.slice(clean.lastIndexOf("/") + 1).toLowerCase();
  const scored: [number, string][] = [];
  for (const header of existing) {
    const name = header.slice(header.lastIndexOf("/") + 1).toLowerCase();
    let score: number;
    if (header === clean) score = 0;
    else if (name === base) score = 1 + 0.01 * header.length;
    else {
      const distance = Math.min(editDistance(clean.toLowerCase(), header.toLowerCase(), 4), editDistance(base, name, 4) + 0.5);
      if (distance <= Math.max(1.5, Math.min(3.5, base.length / 3))) score = 3 + distance;
      else if (base.length > 4 && (name.startsWith(base.replace(/\.h$/, "")) || base.startsWith(name.replace(/\.h$/, "") || "\0"))) score = 7 + 0.01 * header.length;
      else continue;
    }
    scored.push([score, header]);
  }
  return scored.sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1)).slice(0, limit).map(([, header]) => header);
}

/** Levenshtein's distance, or limit + 1 when it is more. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return Math.min(row[b.length]!, limit + 1);
}
