/** Arguments beyond five, passed on the stack through r11 (7.2+). */
import { pushJmpHistory } from "../passes/jmp-history.ts";
import type { Env } from "../state/env.ts";
import { clock } from "../state/frame.ts";
import { constReg, RegState } from "../state/reg-state.ts";
import { NOT_INIT } from "../state/reg-type.ts";
import { INSN_F_STACK_ARG_ACCESS } from "../state/state.ts";

const MAX_STACK_ARGS = 7;
const inStackArgs = (argCnt: number): number => Math.max(0, argCnt - 5);

export function checkStackArgWrite(env: Env, off: number, value: RegState | null): void {
  const spi = Math.trunc(-off / 8) - 1;
  const frame = env.cur;
  const sub = env.subprogs[frame.subprogno]!;
  if (spi >= MAX_STACK_ARGS) env.fail("EINVAL", `stack arg write offset ${off} exceeds max ${MAX_STACK_ARGS} stack args`);
  while (frame.stackArgRegs.length <= spi) frame.stackArgRegs.push(new RegState());
  sub.maxOutStackArgCnt = Math.max(sub.maxOutStackArgCnt, spi + 1);
  const r = (value ?? constReg(BigInt(env.insn.imm))).clone();
  r.epoch = clock.epoch;
  frame.stackArgRegs[spi] = r;
  frame.noStackArgLoad = true;
  pushJmpHistory(env, env.curState, INSN_F_STACK_ARG_ACCESS, spi, 0);
}
export function checkStackArgRead(env: Env, off: number, dst: number): void {
  const frame = env.cur;
  const sub = env.subprogs[frame.subprogno]!;
  const spi = Math.trunc(off / 8) - 1;
  if (frame.noStackArgLoad) env.fail("EINVAL", "r11 load must be before any r11 store or call insn");
  if (spi + 1 > inStackArgs(sub.argCnt)) env.fail("EACCES", `invalid read from stack arg off ${off} depth ${inStackArgs(sub.argCnt) * 8}`);
  const st = env.curState;
  const arg = st.frames[st.curframe - 1]?.stackArgRegs[spi];
  if (!arg) env.bug("stack argument of no caller");
  frame.set(dst, arg);
  pushJmpHistory(env, st, INSN_F_STACK_ARG_ACCESS, spi, 0);
}
export function checkOutgoingStackArgs(env: Env, nargs: number): void {
  const frame = env.cur;
  for (let i = 5; i < nargs; i++) {
    const r = frame.stackArgRegs[i - 5];
    if (!r || r.type === NOT_INIT) env.fail("EFAULT", `callee expects ${nargs} args, stack arg${i - 4} is not initialized`);
  }
}
