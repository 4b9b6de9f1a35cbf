/** Spills and fills around bpf_fastcall calls (kernel mark_fastcall_patterns, 6.12+): they must use stack slots nothing else touches. */
import { BPF_DW, BPF_LDX, BPF_MEM, BPF_STX, OP_CALL } from "../../isa/table.ts";
import { callSummary } from "../checks/call-summary.ts";
import type { Env } from "../state/env.ts";
import { BPF_REG_FP, type FuncState } from "../state/frame.ts";

const STX_DW = BPF_STX | BPF_MEM | BPF_DW, LDX_DW = BPF_LDX | BPF_MEM | BPF_DW;
const S16_MIN = -32768;

function markCall(env: Env, subprog: number, idx: number, lowest: number): void {
  const cs = callSummary(env, env.insns[idx]!);
  if (!cs) return;
  const lowBit = cs.isVoid ? 1 : 0;
  const clobbered = ((1 << (cs.numParams + 1)) - 1) & ~((1 << lowBit) - 1);
  let expected = ~clobbered & 0x3f;
  let i = 1;
  let off = lowest;
  for (; i <= 6; i++, off += 8) {
    if (idx - i < 0 || idx + i >= env.insns.length) break;
    if (env.f.fastcall_jump_targets && (env.aux[idx - i + 1]!.jumpTarget || env.aux[idx + i]!.jumpTarget)) break;
    const stx = env.insns[idx - i]!, ldx = env.insns[idx + i]!;
    if (stx.code !== STX_DW || ldx.code !== LDX_DW || stx.dst !== BPF_REG_FP || ldx.src !== BPF_REG_FP) break;
    if (stx.src !== ldx.dst || !((1 << stx.src) & expected)) break;
    if (stx.off !== off || ldx.off !== off) break;
    expected &= ~(1 << stx.src);
    env.aux[idx - i]!.fastcallPattern = true;
    env.aux[idx + i]!.fastcallPattern = true;
  }
  if (i === 1) return;
  const info = env.subprogs[subprog]!;
  if (cs.fastcall) env.aux[idx]!.fastcallSpills = i - 1;
  else info.keepFastcallStack = true;
  info.fastcallStackOff = Math.min(info.fastcallStackOff, off);
}
export function markFastcallPatterns(env: Env): void {
  if (!env.f.fastcall) return;
  for (let s = 0; s < env.subprogCnt; s++) {
    const from = env.subprogs[s]!.start, to = env.subprogs[s + 1]!.start;
    let lowest = 0;
    for (let i = from; i < to; i++) {
      const insn = env.insns[i]!;
      if (insn.code === STX_DW && insn.dst === BPF_REG_FP) lowest = Math.min(lowest, insn.off);
    }
    for (let i = from; i < to; i++) if (env.insns[i]!.code === OP_CALL) markCall(env, s, i, lowest);
  }
}
/** An access from outside the pattern ends the special treatment of that subprogram. */
export function checkFastcallStackContract(env: Env, frame: FuncState, insnIdx: number, off: number): void {
  if (!env.f.fastcall) return;
  const info = env.subprogs[frame.subprogno]!;
  if (info.fastcallStackOff <= off || env.aux[insnIdx]!.fastcallPattern) return;
  info.fastcallStackOff = S16_MIN;
  for (let i = info.start; i < env.subprogs[frame.subprogno + 1]!.start; i++) {
    env.aux[i]!.fastcallPattern = false;
    env.aux[i]!.fastcallSpills = 0;
  }
}
/** Spills around calls that need none go away after the walk, and with them their stack (kernel bpf_remove_fastcall_spills_fills). */
export function shrinkFastcallStack(env: Env): void {
  for (let s = 0; s < env.subprogCnt; s++) {
    const info = env.subprogs[s]!;
    let modified = false;
    for (let i = info.start; i < env.subprogs[s + 1]!.start; i++) modified ||= env.aux[i]!.fastcallSpills > 0;
    if (modified && !info.keepFastcallStack) info.stackDepth = -info.fastcallStackOff;
  }
}
