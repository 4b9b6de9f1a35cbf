/** A range of stack bytes that a helper or a variable load reads or writes (kernel check_stack_range_initialized). */
import { tnumIsConst } from "../domains/tnum.ts";
import { tnumStr } from "../report/print-state.ts";
import type { Env } from "../state/env.ts";
import { isSpilledReg, slotType, STACK_DYNPTR, STACK_INVALID, STACK_MISC, STACK_POISON, STACK_ZERO, withSlotType } from "../state/frame.ts";
import type { RegState } from "../state/reg-state.ts";
import { SCALAR_VALUE } from "../state/reg-type.ts";
import { regName } from "./mem.ts";
import { checkStackAccessWithinBounds, growStack } from "./mem-stack.ts";
import { markUnknown } from "./reg-arg.ts";
import { markSlotRead } from "../passes/stack-live-marks.ts";

/** Uninitialised memory that a helper writes: what to mark as written after the call. */
export interface RawMem { rawMode: boolean; accessSize: number; regno: number }

export function checkStackRangeInitialized(env: Env, reg: RegState, regno: number, off: number, size0: number, zeroOk: boolean, t: "read" | "write", raw0: RawMem | null, src: "direct" | "helper" = "helper"): void {
  let raw = raw0;
  const frame = env.frameOf(reg);
  const name = regName(regno);
  // before 6.14 a helper may do anything to the stack it gets
  const access = src === "helper" && !env.f.stack_helper_access_typed ? "write" : t;
  const clobber = access === "write";
  const allowPoison = size0 < 0 || clobber;
  const size = Math.abs(size0);
  if (size === 0 && !zeroOk) env.fail("EACCES", "invalid zero-sized read");
  checkStackAccessWithinBounds(env, reg, regno, off, size, src, access);
  const isConst = tnumIsConst(reg.varOff);
  let min: number, max: number;
  if (isConst) {
    min = Number(BigInt.asIntN(32, reg.varOff.value)) + off;
    max = min;
  } else {
    if (!env.bypassSpecV1) env.fail("EACCES", `${name} variable offset stack access prohibited for !root, var_off=${tnumStr(env, reg.varOff)}`);
    if (raw?.rawMode) raw = null;
    min = Number(reg.r64.smin) + off;
    max = Number(reg.r64.smax) + off;
  }
  if (raw?.rawMode) {
    for (let i = min; i < max + size; i++) {
      const slotNo = -i - 1;
      if (frame.allocatedStack <= slotNo) continue;
      if (env.f.dynptr_slots_watched && !env.f.raw_mem_per_byte && slotType(frame.stack[slotNo >> 3]!.types, slotNo & 7) === STACK_DYNPTR) env.fail("EACCES", `potential write to dynptr at off=${i} disallowed`);
    }
    raw.accessSize = size;
    raw.regno = regno;
    return;
  }
  const notInitialized = (i: number): void => {
    const what = env.f.stack_helper_access_typed || src === "direct" ? "read from" : "indirect read from";
    if (isConst) env.fail("EACCES", `invalid ${what} stack ${name} off ${min}+${i - min} size ${size}`);
    env.fail("EACCES", `invalid ${what} stack ${name} var_off ${tnumStr(env, reg.varOff)}+${i - min} size ${size}`);
  };
  for (let i = min; i < max + size; i++) {
    const slotNo = -i - 1;
    const spi = slotNo >> 3, at = slotNo & 7;
    const slot = frame.stack[spi];
    if (!slot) {
      if (env.f.stack_grows_on_read) env.fail("EFAULT", "allocated_stack too small");
      notInitialized(i);
      return;
    }
    const st = slotType(slot.types, at);
    if (st === STACK_MISC) {
      markSlotRead(env, frame, spi);
      continue;
    }
    if (st === STACK_ZERO || (st === STACK_INVALID && env.allowUninitStack)) {
      if (clobber) frame.mutSlot(spi).types = withSlotType(slot.types, at, STACK_MISC);
      markSlotRead(env, frame, spi);
      continue;
    }
    if (isSpilledReg(slot) && (slot.spilled.type === SCALAR_VALUE || env.allowPtrLeaks)) {
      if (clobber) {
        markUnknown(env, frame.mutSpilled(spi));
        const m = frame.mutSlot(spi);
        for (let j = 0; j < 8; j++) {
          const tj = slotType(m.types, j);
          if (tj !== STACK_INVALID && tj !== STACK_POISON) m.types = withSlotType(m.types, j, STACK_MISC);
        }
      }
      markSlotRead(env, frame, spi);
      continue;
    }
    if (st === STACK_POISON) {
      if (allowPoison) continue;
      env.fail("EACCES", `reading from stack ${name} off ${min}+${i - min} size ${size}, slot poisoned by dead code elimination`);
    }
    notInitialized(i);
  }
  if (!env.f.stack_grows_on_read) growStack(env, frame, -min, false);
}
