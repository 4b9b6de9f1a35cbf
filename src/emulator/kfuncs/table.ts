import type { Kernel } from "../../kernel/types.ts";
import type { HelperImpl, HelperTable } from "../helpers/args.ts";
import { cpumaskKfuncs } from "./cpumask.ts";
import { dynptrKfuncs } from "./dynptr.ts";
import { generalKfuncs } from "./general.ts";
import { objectKfuncs } from "./objects.ts";
import { stringKfuncs } from "./strings.ts";

/** Every simulated kfunc by the kernel's name. */
export const KFUNCS: HelperTable = { ...generalKfuncs, ...dynptrKfuncs, ...stringKfuncs, ...cpumaskKfuncs, ...objectKfuncs };

/**
 * What a kfunc does, by name. On a custom kernel one that has no body of its own does what its replacement, or the one it
 * replaces, does: deprecations there are mostly renames.
 */
export function kfuncImpl(name: string, kernel: Kernel, origin?: string): HelperImpl | undefined {
  if (origin !== undefined && Object.hasOwn(KFUNCS, origin)) return KFUNCS[origin];
  if (Object.hasOwn(KFUNCS, name)) return KFUNCS[name];
  const policy = kernel.policy;
  if (!policy) return undefined;
  const replacement = policy.deprecated.get(name)?.replacement ?? policy.removed.get(name)?.replacement;
  if (replacement && Object.hasOwn(KFUNCS, replacement)) return KFUNCS[replacement];
  for (const table of [policy.deprecated, policy.removed]) {
    for (const [old, life] of table) if (life.replacement === name && Object.hasOwn(KFUNCS, old)) return KFUNCS[old];
  }
  return undefined;
}
