import type { Kernel } from "../../kernel/types.ts";
import type { HelperImpl, HelperTable } from "../helpers/args.ts";

/** bpf_throw: unwinds the program; the value becomes the result. */
export class ProgramThrow extends Error {
  readonly cookie: bigint;
  constructor(cookie: bigint) {
    super("bpf_throw");
    this.cookie = cookie;
  }
}

export const KFUNCS: HelperTable = {};

export function kfuncImpl(name: string, _kernel: Kernel): HelperImpl | undefined {
  return Object.hasOwn(KFUNCS, name) ? KFUNCS[name] : undefined;
}
