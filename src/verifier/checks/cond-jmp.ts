/** Conditional jumps (kernel check_cond_jmp_op): which way they go, what each side learns, null checks, linked registers. */
import { BPF_JA, BPF_JCOND, BPF_JMP32, BPF_K, BPF_X, bpfClass, bpfOp, bpfSrc } from "../../isa/table.ts";
import type { Insn } from "../../isa/types.ts";
import { BPF_JEQ, BPF_JNE, flipOpcode, refineCond, revOpcode, sameRegBranchTaken, scalarBranchTaken } from "../domains/branch.ts";
import { oldBranchTaken, oldRefine } from "../domains/branch-old.ts";
import { markChainPrecision } from "../passes/backtrack.ts";
import { pushJmpHistory } from "../passes/jmp-history.ts";
import { recordBranch } from "../report/trail.ts";
import { BPF_MAX_VAR_OFF, type Env } from "../state/env.ts";
import { registerIsNull, type RegState, regConstValue, regIsConst } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { INSN_F_DST_REG_STACK, INSN_F_SRC_REG_STACK, type VState } from "../state/state.ts";
import { collectLinkedRegs, syncLinkedRegs } from "./linked-regs.ts";
import { markPtrNotNull, markPtrOrNullRegs } from "./null-check.ts";
import { isPktPointerAny, pktBranchTaken, tryMatchPktPointers } from "./packet-range.ts";
import { checkRegRead, isPointerValue } from "./reg-arg.ts";
import { isTrustedReg } from "./trust.ts";
import { regBoundsSanityCheck } from "./scalar-ids.ts";
import { speculativePath } from "./speculation.ts";
import { findPrevEntry, widenImpreciseScalars } from "./widen.ts";

const isPtr = (r: RegState): boolean => r.type !== T.SCALAR_VALUE;

/** Never zero while the program holds it (kernel reg_not_null). */
export function regNotNull(env: Env, r: RegState): boolean {
  if (T.typeMayBeNull(r.type)) return false;
  if (env.f.not_null_needs_bounds && (r.r64.smin <= -BPF_MAX_VAR_OFF || r.r64.smax >= BPF_MAX_VAR_OFF)) return false;
  const t = T.baseType(r.type);
  switch (t) {
    case T.PTR_TO_SOCKET: case T.PTR_TO_TCP_SOCK: case T.PTR_TO_MAP_VALUE: case T.PTR_TO_MAP_KEY: case T.PTR_TO_SOCK_COMMON:
      return true;
    case T.PTR_TO_XDP_SOCK: case T.PTR_TO_BUF:
      return env.f.not_null_more_types;
    case T.PTR_TO_BTF_ID:
      return env.f.not_null_more_types_btf && isTrustedReg(env, r);
    case T.PTR_TO_MEM:
      return env.f.not_null_more_types_btf && !(r.type & T.PTR_UNTRUSTED);
    case T.CONST_PTR_TO_MAP:
      return env.f.not_null_map_ptr;
  }
  return false;
}

interface Sides { f1: RegState; f2: RegState; t1: RegState; t2: RegState }

function refineSide(env: Env, a: RegState, b: RegState, op: number, is32: boolean): boolean {
  refineCond(env.dom, a, b, op, is32);
  env.dom.sync(a);
  env.dom.sync(b);
  return env.dom.violated(a) || env.dom.violated(b);
}
const sidesOf = (dst: RegState, src: RegState): Sides => ({ f1: dst.clone(), f2: src.clone(), t1: dst.clone(), t2: src.clone() });
/** 1, 0 or -1 as scalarBranchTaken; both sides, already refined, where that was needed to see that it is undecided. */
function branchTaken(env: Env, dst: RegState, src: RegState, sameReg: boolean, op: number, is32: boolean): -1 | 0 | 1 | Sides {
  if (isPktPointerAny(dst) && isPktPointerAny(src) && !is32) return pktBranchTaken(dst, src, op);
  if (isPtr(dst) || isPtr(src)) {
    if (is32 && env.f.no_ptr_cmp32) return -1;
    let a = dst, b = src, o = op;
    if (!regIsConst(b, is32)) {
      o = flipOpcode(o);
      [a, b] = [b, a];
    }
    if (!regIsConst(b, is32) || !regNotNull(env, a) || regConstValue(b, is32) !== 0n) return -1;
    return o === BPF_JEQ ? 0 : o === BPF_JNE ? 1 : -1;
  }
  if (sameReg && env.f.same_reg_branch) return sameRegBranchTaken(dst, op, is32);
  if (!env.f.branch_two_unknowns) return regIsConst(src, is32) ? oldBranchTaken(dst, regConstValue(src, is32), op, is32) : -1;
  const known = scalarBranchTaken(dst, src, op, is32, env.f.tnum_overlap);
  if (known !== -1 || !env.f.dead_branch_by_refinement) return known;
  const s = sidesOf(dst, src);
  if (refineSide(env, s.f1, s.f2, revOpcode(op), is32)) return 1;
  if (refineSide(env, s.t1, s.t2, op, is32)) return 0;
  return s;
}

export function checkCondJmpOp(env: Env, insn: Insn): void {
  const op = bpfOp(insn.code);
  if (op === BPF_JA || op > BPF_JCOND) env.fail("EINVAL", `invalid BPF_JMP/JMP32 opcode ${op.toString(16)}`);
  if (op === BPF_JCOND) return checkMayGoto(env, insn);

  const byReg = bpfSrc(insn.code) === BPF_X;
  const is32 = bpfClass(insn.code) === BPF_JMP32;
  const st = env.curState;
  let flags = 0;
  if (env.f.jmp_dst_checked_first) checkRegRead(env, insn.dst);
  if (byReg) {
    const src = checkRegRead(env, insn.src);
    const dst = env.reg(insn.dst);
    if (!(isPktPointerAny(dst) && isPktPointerAny(src)) && isPointerValue(env, src)) env.fail("EACCES", `R${insn.src} pointer comparison prohibited`);
    if (src.type === T.PTR_TO_STACK) flags |= INSN_F_SRC_REG_STACK;
  }
  if (!env.f.jmp_dst_checked_first) checkRegRead(env, insn.dst);
  if (env.reg(insn.dst).type === T.PTR_TO_STACK) flags |= INSN_F_DST_REG_STACK;
  if (env.f.stack_cmp_history && flags) pushJmpHistory(env, st, flags);

  const sameReg = byReg && insn.src === insn.dst;
  const konst = byReg ? null : env.immReg();
  let linked = env.f.collect_linked_early ? collectLinkedRegs(env, st, insn, byReg) : [];
  const dst = env.reg(insn.dst);
  const src = konst ?? env.reg(insn.src);
  const pred = branchTaken(env, dst, src, sameReg, op, is32);
  if (pred === 0 || pred === 1) {
    if (!isPtr(dst)) markChainPrecision(env, insn.dst);
    if (byReg && !isPtr(src)) markChainPrecision(env, insn.src);
    if (env.recording) recordBranch(env, insn, byReg, dst, src, pred === 1, false);
    followOne(env, insn, pred === 1);
    return;
  }
  const s = typeof pred === "number" ? sidesOf(dst, src) : pred;
  if (!env.f.branch_two_unknowns && !isPtr(dst) && !isPtr(src)) oldRefine(env.dom, s, op, is32);
  else if (!env.f.dead_branch_by_refinement && !isPtr(dst) && !isPtr(src)) {
    refineSide(env, s.f1, s.f2, revOpcode(op), is32);
    refineSide(env, s.t1, s.t2, op, is32);
  }
  if (env.f.linked_regs_history) {
    if (!env.f.collect_linked_early) linked = collectLinkedRegs(env, st, insn, byReg);
    if (linked.length > 1) pushJmpHistory(env, st, 0, 0, 0, linked);
  }
  const other = env.pushStack(env.insnIdx + insn.off + 1, env.insnIdx);
  if (env.f.reg_invariants) {
    regBoundsSanityCheck(env, s.t1, () => s.t1, "true_reg1");
    regBoundsSanityCheck(env, s.t2, () => s.t2, "true_reg2");
    regBoundsSanityCheck(env, s.f1, () => s.f1, "false_reg1");
    regBoundsSanityCheck(env, s.f2, () => s.f2, "false_reg2");
  }
  const frame = env.cur, oframe = other.cur;
  frame.set(insn.dst, s.f1);
  if (byReg) frame.set(insn.src, s.f2);
  oframe.set(insn.dst, s.t1);
  if (byReg) oframe.set(insn.src, s.t2);

  const sync = (regno: number): void => {
    const here = frame.regs[regno]!, there = oframe.regs[regno]!;
    if (here.type !== T.SCALAR_VALUE || !here.id || here.id !== there.id) return;
    syncLinkedRegs(env, st, here, linked);
    syncLinkedRegs(env, other, there, linked);
  };
  if (byReg) sync(insn.src);
  sync(insn.dst);

  propagateNullness(env, insn, op, is32, other);
  const d = frame.regs[insn.dst]!;
  const zeroSrc = byReg ? env.f.null_check_by_reg && registerIsNull(frame.regs[insn.src]!) : insn.imm === 0;
  if (!is32 && (op === BPF_JEQ || op === BPF_JNE) && T.typeMayBeNull(d.type) && zeroSrc) {
    if (byReg) markChainPrecision(env, insn.src);
    markPtrOrNullRegs(env, st, insn.dst, op === BPF_JNE);
    markPtrOrNullRegs(env, other, insn.dst, op === BPF_JEQ);
  } else if (!tryMatchPktPointers(env, insn, st, other) && isPointerValue(env, frame.regs[insn.dst]!)) {
    env.fail("EACCES", `R${insn.dst} pointer comparison prohibited`);
  }
  if (env.recording) recordBranch(env, insn, byReg, dst, src, false, true);
  if (env.log.verbose) env.log.insnState(st, st.curframe);
  void BPF_K;
}

/** The branch is decided; without privilege the other way is still explored as speculation. */
function followOne(env: Env, insn: Insn, taken: boolean): void {
  const idx = env.insnIdx;
  if (!env.bypassSpecV1) speculativePath(env, insn, taken ? idx + 1 : idx + insn.off + 1, idx);
  if (env.log.verbose && env.f.log_state_at_decided_branch) env.log.insnState(env.curState, env.curState.curframe);
  if (taken) env.insnIdx += insn.off;
}

/** Equal to a pointer that is not null: not null either (6.2+). */
function propagateNullness(env: Env, insn: Insn, op: number, is32: boolean, other: VState): void {
  if (!env.f.nullness_by_compare || is32 || bpfSrc(insn.code) !== BPF_X) return;
  const src = env.reg(insn.src), dst = env.reg(insn.dst);
  if (!isPtr(src) || !isPtr(dst) || T.baseType(src.type) === T.PTR_TO_BTF_ID || T.baseType(dst.type) === T.PTR_TO_BTF_ID) return;
  const frame = op === BPF_JEQ ? other.cur : op === BPF_JNE ? env.cur : null;
  if (!frame) return;
  const notNull = (r: RegState): boolean => (env.f.nullness_by_known_types ? regNotNull(env, r) : !T.typeMayBeNull(r.type));
  if (notNull(dst) && T.typeMayBeNull(src.type)) markPtrNotNull(frame.mut(insn.src));
  if (notNull(src) && T.typeMayBeNull(dst.type)) markPtrNotNull(frame.mut(insn.dst));
}

function checkMayGoto(env: Env, insn: Insn): void {
  if (!env.f.may_goto) env.fail("EINVAL", `invalid BPF_JMP/JMP32 opcode ${BPF_JCOND.toString(16)}`);
  const idx = env.insnIdx;
  const prev = findPrevEntry(env, env.curState.parent, idx);
  const queued = env.pushStack(idx + 1, idx);
  queued.mayGotoDepth++;
  if (prev) widenImpreciseScalars(env, prev, queued);
  env.insnIdx += insn.off;
}
