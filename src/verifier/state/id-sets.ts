/** The kernel's own lists of functions and types, as its pack has them (manifest.idSets). */
import type { Kernel } from "../../kernel/types.ts";

const cache = new WeakMap<object, Map<string, ReadonlySet<string>>>();

/** Names in the list of that symbol; undefined when the release has no such list. Function names are whole: "bpf_lsm_file_open". */
export function idSet(kernel: Kernel, symbol: string): ReadonlySet<string> | undefined {
  const names = kernel.manifest.idSets?.[symbol];
  if (!names) return undefined;
  let sets = cache.get(kernel.manifest);
  if (!sets) cache.set(kernel.manifest, (sets = new Map()));
  let set = sets.get(symbol);
  if (!set) sets.set(symbol, (set = new Set(names)));
  return set;
}
export const inIdSet = (kernel: Kernel, symbol: string, name: string): boolean => idSet(kernel, symbol)?.has(name) === true;
