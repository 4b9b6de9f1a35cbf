import type { Fate } from "./lab/types.ts";
import type { Kernel } from "./types.ts";

/**
 * The warning that a caller of a deprecated kfunc gets, in the same words from the loader and in the verifier's log;
 * null when the kfunc is not deprecated. No release defines KF_DEPRECATED (Documentation/bpf/kfuncs.rst describes it),
 * so only custom kernels have such kfuncs.
 */
export function deprecationWarning(kernel: Kernel, kfunc: string): string | null {
  const fate = kernel.policy?.deprecated.get(kfunc);
  return fate ? deprecationText(kfunc, fate) : null;
}

export function deprecationText(kfunc: string, fate: Fate): string {
  const goes = fate.removedIn === null ? "is deprecated" : `is deprecated and goes away in kernel ${fate.removedIn}`;
  const use = fate.replacement === null ? "" : `; use ${fate.replacement}`;
  const why = fate.reason === null ? "" : `${fate.replacement === null ? "; " : " ("}${fate.reason}${fate.replacement === null ? "" : ")"}`;
  return `kfunc ${kfunc} ${goes}${use}${why}`;
}

/** The warnings for a list of kfunc names, each once, in order. */
export function deprecationWarnings(kernel: Kernel, kfuncs: Iterable<string>): string[] {
  if (!kernel.policy) return [];
  const out = new Set<string>();
  for (const name of kfuncs) {
    const warning = deprecationWarning(kernel, name);
    if (warning !== null) out.add(warning);
  }
  return [...out];
}
