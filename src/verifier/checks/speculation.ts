/** Protection against speculative execution; only programs without CAP_PERFMON meet it (kernel sanitize_ptr_alu and its neighbours). */
import { BPF_ADD, BPF_K, BPF_X, bpfOp, bpfSrc } from "../../isa/table.ts";
import type { Insn } from "../../isa/types.ts";
import { tnumIsConst } from "../domains/tnum.ts";
import type { Env } from "../state/env.ts";
import type { RegState } from "../state/reg-state.ts";
import { MAX_BPF_STACK } from "../state/frame.ts";
import { PTR_TO_MAP_VALUE, PTR_TO_STACK, SCALAR_VALUE } from "../state/reg-type.ts";
import { markUnknown } from "./reg-arg.ts";

const SANITIZE_SRC = 1, SANITIZE_DST = 2, NEG_VALUE = 4, NON_POINTER = 8, IMMEDIATE = 16;

function canSkip(env: Env, insn: Insn): boolean {
  return env.bypassSpecV1 || bpfSrc(insn.code) === BPF_K || env.curAux.nospec;
}
function fail(env: Env, insn: Insn, reason: "bounds" | "type" | "paths" | "limit"): never {
  const tail = "pointer arithmetic with it prohibited for !root";
  const op = bpfOp(insn.code) === BPF_ADD ? "add" : "sub";
  // Where the destination's scalar was copied before the pointer took its place, the old message takes the source for the scalar.
  const srcScalar = (env.f.sanitize_message_by_object && env.f.scalar_plus_ptr_whole) || env.reg(insn.src).type === SCALAR_VALUE;
  switch (reason) {
    case "bounds": return env.fail("EACCES", `R${srcScalar ? insn.src : insn.dst} has unknown scalar with mixed signed bounds, ${tail}`);
    case "type": return env.fail("EACCES", `R${srcScalar ? insn.dst : insn.src} has pointer with unsupported alu operation, ${tail}`);
    case "paths": return env.fail("EACCES", `R${insn.dst} tried to ${op} from different maps, paths or scalars, ${tail}`);
    case "limit": return env.fail("EACCES", `R${insn.dst} tried to ${op} beyond pointer bounds, ${tail}`);
  }
}
function update(env: Env, insn: Insn, aux: { aluState: number; aluLimit: number }, state: number, limit: number): void {
  if (aux.aluState && (aux.aluState !== state || aux.aluLimit !== limit)) fail(env, insn, "paths");
  aux.aluState = state;
  aux.aluLimit = limit;
}
export function sanitizeValAlu(env: Env, insn: Insn): void {
  if (!canSkip(env, insn)) update(env, insn, env.curAux, NON_POINTER, 0);
}
/** Explores the path that a mispredicted branch would run. */
export function speculativePath(env: Env, insn: Insn | null, next: number, cur: number): void {
  const st = env.pushStack(next, cur, true);
  if (!insn) return;
  markUnknown(env, st.cur.mut(insn.dst));
  if (bpfSrc(insn.code) === BPF_X) markUnknown(env, st.cur.mut(insn.src));
}

export interface SanitizeInfo { aluState: number; aluLimit: number; left: boolean }
/** Kernel sanitize_ptr_alu: before the operation with `commit` false, after it with true. */
export function sanitizePtrAlu(env: Env, insn: Insn, ptr: RegState, off: RegState, ptrIsDst: boolean, info: SanitizeInfo, commit: boolean): void {
  if (canSkip(env, insn)) return;
  const isImm = tnumIsConst(off.varOff);
  const neg = off.r64.smin < 0n;
  if (!env.curState.speculative) {
    if (!commit) {
      if (!isImm && off.r64.smin < 0n !== off.r64.smax < 0n) fail(env, insn, "bounds");
      info.left = (bpfOp(insn.code) === BPF_ADD) === neg;
    }
    let max: number, limit: number;
    if (ptr.type === PTR_TO_STACK) {
      max = MAX_BPF_STACK + (info.left ? 1 : 0);
      limit = Number(BigInt.asUintN(32, -(ptr.varOff.value + BigInt(ptr.off))));
    } else if (ptr.type === PTR_TO_MAP_VALUE) {
      max = ptr.map!.valueSize;
      limit = Number(BigInt.asUintN(32, (info.left ? ptr.r64.smin : ptr.r64.umax) + BigInt(ptr.off)));
    } else return fail(env, insn, "type");
    if (limit >= max) fail(env, insn, "limit");
    let state: number;
    if (commit) {
      state = info.aluState;
      limit = Math.abs(info.aluLimit - limit);
    } else {
      state = (neg ? NEG_VALUE : 0) | (isImm ? IMMEDIATE : 0) | (ptrIsDst ? SANITIZE_SRC : SANITIZE_DST);
      if (!isImm) env.exploreAluLimits = true;
    }
    update(env, insn, commit ? env.curAux : info, state, limit);
  }
  if (commit || isImm) return;
  const frame = env.cur;
  const saved = frame.regs[insn.dst]!;
  if (!ptrIsDst) frame.set(insn.dst, ptr);
  speculativePath(env, null, env.insnIdx + 1, env.insnIdx);
  if (!ptrIsDst) frame.set(insn.dst, saved);
}
