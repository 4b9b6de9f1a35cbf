/**
 * C prototypes of helpers out of libbpf's bpf_helper_defs.h, by number. A helper's number never changes its meaning, and the
 * header lists all there ever were, so one header serves every kernel; what a release checks is in its packs.
 */
export function helperPrototypes(header: string): Map<number, string> {
  const found = new Map<number, string>();
  // static RET (* const NAME)(PARAMS) = (void *) NUMBER;
  for (const match of header.matchAll(/^static\s+(.*?)\(\*\s*const\s+(\w+)\)\((.*?)\)\s*=\s*\(void \*\)\s*(\d+)\s*;/gms)) {
    const [, ret, name, params, id] = match;
    const gap = ret!.trim().endsWith("*") ? "" : " ";
    found.set(Number(id), `${ret!.trim()}${gap}${name}(${params!.replace(/\s+/g, " ").trim()})`);
  }
  return found;
}
