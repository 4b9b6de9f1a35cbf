/** Objects of the kernel's that live on a program's stack: dynptrs, iterators, saved IRQ flags (kernel stack_slot_obj_get_spi). */
import type { Env } from "../../state/env.ts";
import type { RegState } from "../../state/reg-state.ts";

/** Fixed offset of a stack pointer from its frame's top, when it is one. */
export function stackOffset(reg: RegState): number | undefined {
  return reg.varOff.mask === 0n ? Number(BigInt.asIntN(32, reg.varOff.value)) + reg.off : undefined;
}

/**
 * Slot index of an object of `slots` slots at that stack pointer. "beyond": those slots are not in use yet; "bad": not a place
 * for one (the reason is in the log).
 */
export function stackObjectSpi(env: Env, reg: RegState, kind: "dynptr" | "iter" | "irq_flag", slots: number): number | "beyond" | "bad" {
  const off = stackOffset(reg);
  if (off === undefined) {
    env.verbose(`${kind} has to be at a constant offset\n`);
    return "bad";
  }
  const spi = Math.trunc((-off - 1) / 8);
  if (off >= 0 || off % 8 !== 0 || spi + 1 < slots) {
    env.verbose(`cannot pass in ${kind} at an offset=${off}\n`);
    return "bad";
  }
  const allocated = env.frameOf(reg).stack.length;
  return spi - slots + 1 >= 0 && spi < allocated ? spi : "beyond";
}
