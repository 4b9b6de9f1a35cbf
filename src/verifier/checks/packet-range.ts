/** Comparisons of packet pointers with the packet's end (kernel find_good_pkt_pointers, try_match_pkt_pointers). */
import { BPF_JMP32, BPF_X, bpfClass, bpfOp, bpfSrc } from "../../isa/table.ts";
import type { Insn } from "../../isa/types.ts";
import { BPF_JGE, BPF_JGT, BPF_JLE, BPF_JLT, flipOpcode } from "../domains/branch.ts";
import type { Env } from "../state/env.ts";
import { AT_PKT_END, BEYOND_PKT_END, type RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { forEachReg, type VState } from "../state/state.ts";
import { markNotInit, markUnknown } from "./reg-arg.ts";

const MAX_PACKET_OFF = 0xffffn;

export const isPktPointerAny = (r: RegState): boolean => T.typeIsPktPointer(r.type) || r.type === T.PTR_TO_PACKET_END;
/** As read from the context, not moved. */
const isInitPkt = (r: RegState, which: number): boolean => r.type === which && r.id === 0 && r.off === 0 && r.varOff.mask === 0n && r.varOff.value === 0n;

export function pktBranchTaken(dst: RegState, src: RegState, op0: number): -1 | 0 | 1 {
  let pkt: RegState, op = op0;
  if (src.type === T.PTR_TO_PACKET_END) pkt = dst;
  else if (dst.type === T.PTR_TO_PACKET_END) {
    pkt = src;
    op = flipOpcode(op);
  } else return -1;
  if (pkt.range >= 0) return -1;
  if ((op === BPF_JLE || op === BPF_JGT) && pkt.range === BEYOND_PKT_END) return op === BPF_JGT ? 1 : 0;
  if (op === BPF_JLT || op === BPF_JGE) return op === BPF_JGE ? 1 : 0;
  return -1;
}

function findGood(env: Env, st: VState, dst: RegState, rightOpen: boolean): void {
  let range: bigint;
  if (env.f.ptr_fixed_off) {
    if (dst.off < 0 || (dst.off === 0 && rightOpen)) return;
    if (dst.r64.umax > MAX_PACKET_OFF || dst.r64.umax + BigInt(dst.off) > MAX_PACKET_OFF) return;
    range = BigInt(dst.off);
  } else {
    if (dst.r64.umax === 0n && rightOpen) return;
    if (dst.r64.umax > MAX_PACKET_OFF) return;
    range = dst.r64.umax;
  }
  const n = Number(rightOpen ? range + 1n : range);
  const { type, id } = dst;
  forEachReg(st, (r, mut) => {
    if (r.type === type && r.id === id && r.range < n) mut().range = n;
  });
}
function markPktEnd(st: VState, regno: number, open: boolean): void {
  if (st.cur.regs[regno]!.type !== T.PTR_TO_PACKET) return;
  st.cur.mut(regno).range = open ? BEYOND_PKT_END : AT_PKT_END;
}
/** True when this was a comparison of packet pointers. `st` falls through, `other` jumps. */
export function tryMatchPktPointers(env: Env, insn: Insn, st: VState, other: VState): boolean {
  if (bpfSrc(insn.code) !== BPF_X || bpfClass(insn.code) === BPF_JMP32) return false;
  const dst = st.cur.regs[insn.dst]!, src = st.cur.regs[insn.src]!;
  let op = bpfOp(insn.code);
  if (op !== BPF_JGT && op !== BPF_JLT && op !== BPF_JGE && op !== BPF_JLE) return false;
  const below = (a: RegState, b: RegState): boolean =>
    (a.type === T.PTR_TO_PACKET && b.type === T.PTR_TO_PACKET_END) || (a.type === T.PTR_TO_PACKET_META && isInitPkt(b, T.PTR_TO_PACKET));
  let pkt: RegState, regno: number;
  if (below(dst, src)) {
    pkt = dst;
    regno = insn.dst;
  } else if (below(src, dst)) {
    pkt = src;
    regno = insn.src;
    op = flipOpcode(op);
  } else return false;
  // now: pkt op end
  switch (op) {
    case BPF_JGT: findGood(env, st, pkt, false); markPktEnd(other, regno, true); break;
    case BPF_JLT: findGood(env, other, pkt, true); markPktEnd(st, regno, false); break;
    case BPF_JGE: findGood(env, st, pkt, true); markPktEnd(other, regno, false); break;
    case BPF_JLE: findGood(env, other, pkt, false); markPktEnd(st, regno, true); break;
  }
  return true;
}

/** A helper may have moved the packet: all pointers into it are gone (kernel clear_all_pkt_pointers). */
export function clearAllPktPointers(env: Env): void {
  const slice = T.DYNPTR_TYPE_SKB | T.DYNPTR_TYPE_XDP | T.DYNPTR_TYPE_SKB_META;
  forEachReg(env.curState, (r, mut) => {
    if (isPktPointerAny(r) || (T.baseType(r.type) === T.PTR_TO_MEM && r.type & slice)) markRegInvalid(env, mut());
  });
}
/** Kernel mark_reg_invalid. */
export function markRegInvalid(env: Env, r: RegState): void {
  if (!env.allowPtrLeaks) markNotInit(env, r);
  else markUnknown(env, r);
}
