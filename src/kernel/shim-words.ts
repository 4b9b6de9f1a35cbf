/** Kernels of a range in words, neighbours drawn together: "6.16 … 7.0, 7.3". */
export function span(kernels: readonly string[], all: readonly string[]): string {
  const parts: string[][] = [];
  for (const kernel of kernels) {
    const last = parts.at(-1);
    if (last && all.indexOf(last.at(-1)!) + 1 === all.indexOf(kernel)) last.push(kernel);
    else parts.push([kernel]);
  }
  return parts.map((p) => (p.length > 2 ? `${p[0]} … ${p.at(-1)}` : p.join(", "))).join(", ");
}
