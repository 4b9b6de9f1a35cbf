/** Precision marks of a matching old state carried over to the current path (kernel propagate_precision). */
import type { Env } from "../state/env.ts";
import { BPF_REG_FP, isSpilledReg } from "../state/frame.ts";
import type { RegState } from "../state/reg-state.ts";
import { SCALAR_VALUE } from "../state/reg-type.ts";
import type { VState } from "../state/state.ts";
import { markChainPrecisionSingle } from "./backtrack-single.ts";
import { markPrecision } from "./backtrack.ts";
import { REG_LIVE_READ } from "./live-marks.ts";

/** True when a mark was new. */
export function propagatePrecision(env: Env, old: VState, cur: VState): boolean {
  if (!env.f.precision_all_frames) return propagateEach(env, old);
  for (let fr = old.curframe; fr >= 0; fr--) {
    const func = old.frames[fr]!;
    let text = "";
    for (let i = 0; i < BPF_REG_FP; i++) {
      const r = func.regs[i]!;
      if (r.type !== SCALAR_VALUE || !r.precise) continue;
      text += text ? `,r${i}` : `frame ${fr}: propagating r${i}`;
      env.bt.setFrameReg(fr, i);
    }
    for (let i = 0; i < func.stack.length; i++) {
      const slot = func.stack[i]!;
      if (!isSpilledReg(slot) || slot.spilled.type !== SCALAR_VALUE || !slot.spilled.precise) continue;
      text += text ? `,fp${(-i - 1) * 8}` : `frame ${fr}: propagating fp${(-i - 1) * 8}`;
      env.bt.setFrameSlot(fr, i);
    }
    if (text && env.log.level2) env.verbose(`${text}\n`);
  }
  return markPrecision(env, cur, -1);
}

/** Before 6.4 each register and slot is traced by itself. */
function propagateEach(env: Env, old: VState): boolean {
  const say = (fr: number, what: string): void => {
    if (env.log.level2) env.verbose(`frame ${fr}: propagating ${what}\n`);
  };
  const wanted = (r: RegState): boolean => r.type === SCALAR_VALUE && r.precise && (r.live & REG_LIVE_READ) !== 0;
  for (let fr = old.curframe; fr >= 0; fr--) {
    const func = old.frames[fr]!;
    for (let i = 0; i < BPF_REG_FP; i++) {
      if (!wanted(func.regs[i]!)) continue;
      say(fr, `r${i}`);
      markChainPrecisionSingle(env, fr, i);
    }
    for (let i = 0; i < func.stack.length; i++) {
      const slot = func.stack[i]!;
      if (!isSpilledReg(slot) || !wanted(slot.spilled)) continue;
      say(fr, `fp${(-i - 1) * 8}`);
      markChainPrecisionSingle(env, fr, -1, i);
    }
  }
  return false;
}
