/** Typed events of the exploration, for people to step through; recorded only in the pass that also prints. */
import type { Env } from "../state/env.ts";
import { MAX_BPF_REG } from "../state/frame.ts";
import { NOT_INIT } from "../state/reg-type.ts";
import type { VState } from "../state/state.ts";
import type { RegView, VerifyEvent } from "../types.ts";
import { printRegState, regTypeStr } from "./print-state.ts";

export interface EventSink {
  events: VerifyEvent[];
  max: number;
  truncated: boolean;
}
export function sinkOf(env: Env): EventSink | undefined {
  return env.passData.get("events") as EventSink | undefined;
}
/** The state before the current instruction. */
export function recordInsn(env: Env, st: VState): void {
  const sink = sinkOf(env);
  if (!sink) return;
  if (sink.events.length >= sink.max) {
    sink.truncated = true;
    return;
  }
  const frame = st.cur;
  const before: RegView[] = [];
  for (let i = 0; i < MAX_BPF_REG; i++) {
    const r = frame.regs[i]!;
    if (r.type === NOT_INIT) continue;
    before.push({ name: `r${i}`, text: printRegState(env, frame, r), type: regTypeStr(env, r.type) });
  }
  for (let i = 0; i < frame.stack.length; i++) {
    const s = frame.stack[i]!;
    if (s.types >>> 28 === 1) before.push({ name: `fp${-(i + 1) * 8}`, text: printRegState(env, frame, s.spilled), type: regTypeStr(env, s.spilled.type) });
  }
  sink.events.push({ kind: "insn", insn: env.insnIdx, frame: frame.frameno, before, text: env.log.insnText(env.insnIdx), path: st.path });
}
