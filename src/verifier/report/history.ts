/**
 * What happened on the way to a refusal, for the causal path of 7.3's report: branches taken, values written, moved and lost, references
 * taken and given back, sections entered and left (kernel diagnostics.c, bpf_diag_record_…). Kept only on walks that record
 * (env.recording), by comparing the state before and after each instruction; going back to a path put aside takes its list up again.
 */
import {
  BPF_ALU, BPF_ALU64, BPF_ATOMIC, BPF_CALL, BPF_EXIT, BPF_IMM, BPF_JA, BPF_JCOND, BPF_JMP, BPF_JMP32, BPF_LD, BPF_LDX, BPF_LOAD_ACQ, BPF_MOV, BPF_ST,
  BPF_STX, BPF_X, bpfClass, bpfMode, bpfOp, bpfSrc,
} from "../../isa/table.ts";
import { atomicLoadReg } from "../checks/atomic.ts";
import { sizeBytes } from "../checks/size.ts";
import { isStackArgLoad, isStackArgStore } from "../passes/arg-flow.ts";
import { isHelperCall, isPseudoCall, jmpOffset } from "../passes/insn-info.ts";
import type { Env } from "../state/env.ts";
import { clock, type FuncState, getSpi, isSpilledReg, type StackSlot } from "../state/frame.ts";
import { markRegUnknown, RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import type { VState } from "../state/state.ts";

/** A place that holds a value, of the frame with that identity. */
export type Target = { readonly frame: object } & ({ readonly kind: "reg" | "arg" | "slot"; readonly at: number } | { readonly kind: "range"; readonly min: number; readonly max: number });
export type Section = "rcu" | "preempt" | "irq" | "lock";
/** Why a value changed (kernel enum bpf_diag_mod_reason). */
export type Reason = "write" | "spill" | "var_write" | "ref_release" | "pkt_data_change" | "non_own_ref" | "caller_saved";
export type Happened =
  | { readonly kind: "branch"; readonly taken: boolean }
  | { readonly kind: "mod"; readonly target: Target; readonly origin: Target | null; readonly old: RegState | null; readonly now: RegState | null; readonly reason: Reason }
  | { readonly kind: "acquire" | "release"; readonly id: number }
  | { readonly kind: "section"; readonly section: Section; readonly enter: boolean; readonly depth: number };
/** A list from its newest event back. */
export interface HistoryEvent { readonly insn: number; readonly what: Happened; prev: HistoryEvent | null; readonly count: number }

/** Events of one path kept, and how often what is older is dropped: a path of a million instructions must not fill the memory. */
const KEPT = 200_000, CUT_EVERY = 1 << 16;
const ALU_KEEPS_LINEAGE = new Set([0x00, 0x10, 0x20, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xc0, 0x80, 0xd0]);

interface FrameBefore { readonly identity: object; readonly regs: readonly RegState[]; readonly stack: readonly StackSlot[]; readonly args: readonly RegState[]; readonly callback: boolean }
/** A state before an instruction. */
export interface Before {
  readonly frames: readonly FrameBefore[];
  readonly refs: VState["refs"];
  readonly depths: Readonly<Record<Section, number>>;
  readonly waiting: number;
}

export const keepsHistory = (env: Env): boolean => env.recording && env.f.structured_errors;

function append(env: Env, insn: number, what: Happened): void {
  const count = (env.history?.count ?? 0) + 1;
  env.history = { insn, what, prev: env.history, count };
  if (count % CUT_EVERY !== 0) return;
  let e: HistoryEvent | null = env.history;
  for (let i = 1; e && i < KEPT; i++) e = e.prev;
  if (e) e.prev = null;
}
const frameBefore = (f: FuncState): FrameBefore => ({ identity: f.identity, regs: f.regs.slice(), stack: f.stack.slice(), args: f.stackArgRegs.slice(), callback: f.inCallbackFn });
function depths(st: VState): Record<Section, number> {
  return { rcu: st.activeRcuLocks, preempt: st.activePreemptLocks, irq: st.refs.filter((r) => r.type === "irq").length, lock: st.activeLocks };
}
/** Raising the epoch makes every change a copy. */
export function beforeInsn(env: Env): Before {
  const st = env.curState;
  clock.epoch++;
  return { frames: st.frames.slice(0, st.curframe + 1).map(frameBefore), refs: st.refs, depths: depths(st), waiting: env.stack.length };
}

export function recordBranchTaken(env: Env, from: number, to: number): void {
  const insn = env.insns[from];
  if (!insn || env.curState.speculative) return;
  const cls = bpfClass(insn.code), op = bpfOp(insn.code);
  if ((cls !== BPF_JMP && cls !== BPF_JMP32) || op === BPF_JA || op === BPF_CALL || op === BPF_EXIT || op > BPF_JCOND) return;
  const target = from + jmpOffset(insn) + 1;
  if (target !== from + 1 && (to === target || to === from + 1)) append(env, from, { kind: "branch", taken: to === target });
}

/** Nothing but the value's numbers changed: the way it came is still of interest. */
export function keepsLineage(env: Env, e: HistoryEvent): boolean {
  if (e.what.kind !== "mod" || e.what.reason !== "write" || e.what.target.kind !== "reg") return false;
  const { code } = env.insns[e.insn]!;
  const cls = bpfClass(code);
  return (cls === BPF_ALU || cls === BPF_ALU64) && ALU_KEEPS_LINEAGE.has(bpfOp(code));
}
const sameSnapshot = (a: RegState, b: RegState): boolean =>
  a.type === b.type && a.map === b.map && a.btf === b.btf && a.btfId === b.btfId && a.varOff.value === b.varOff.value && a.varOff.mask === b.varOff.mask &&
  a.r64.smin === b.r64.smin && a.r64.smax === b.r64.smax && a.r64.umin === b.r64.umin && a.r64.umax === b.r64.umax;

/** `origin`: where the value was before; else the instruction tells it (kernel diag_mod_insn_origin). */
function mod(env: Env, insn: number, target: Target, reason: Reason, old: RegState | null, now: RegState | null, origin: Target | null, current: object): void {
  const i = env.insns[insn]!;
  const cls = bpfClass(i.code);
  let from = origin;
  if (!from && target.kind === "reg" && (cls === BPF_ALU || cls === BPF_ALU64) && bpfOp(i.code) === BPF_MOV && bpfSrc(i.code) === BPF_X) from = { frame: target.frame, kind: "reg", at: i.src };
  if (!from && (target.kind === "arg" || target.kind === "slot") && cls === BPF_STX) from = { frame: current, kind: "reg", at: i.src };
  const event: HistoryEvent = { insn, what: { kind: "mod", target, origin: from, old, now, reason }, prev: null, count: 0 };
  if (old && now && (reason === "write" || reason === "spill") && !from && sameSnapshot(old, now) && keepsLineage(env, event)) return;
  append(env, insn, event.what);
}

function unknown(env: Env): RegState {
  const r = new RegState();
  markRegUnknown(r, !env.bpfCapable);
  return r;
}
/** The slot that a fixed access to the stack begins in, with its frame's number. */
function slotOf(frames: readonly FrameBefore[], base: RegState, off: number): { frame: number; spi: number } | null {
  if (base.type !== T.PTR_TO_STACK || base.varOff.mask !== 0n || !frames[base.frameno]) return null;
  const at = Number(BigInt.asIntN(64, base.varOff.value)) + base.off + off;
  return at < 0 ? { frame: base.frameno, spi: getSpi(at) } : null;
}
function load(env: Env, b: Before, insn: number, dst: number, base: RegState, off: number): void {
  const st = env.curState;
  const cur = b.frames[b.frames.length - 1]!;
  const slot = slotOf(b.frames, base, off);
  const origin: Target | null = slot ? { frame: b.frames[slot.frame]!.identity, kind: "slot", at: slot.spi } : null;
  mod(env, insn, { frame: cur.identity, kind: "reg", at: dst }, "write", cur.regs[dst]!, st.cur.regs[dst]!, origin, cur.identity);
}
function store(env: Env, b: Before, insn: number): void {
  const st = env.curState;
  const i = env.insns[insn]!;
  const cur = b.frames[b.frames.length - 1]!;
  const base = cur.regs[i.dst]!;
  if (base.type !== T.PTR_TO_STACK) return;
  const slot = slotOf(b.frames, base, i.off);
  const identity = b.frames[base.frameno]?.identity;
  if (!identity) return;
  if (!slot) {
    const at = i.off + base.off;
    const target: Target = { frame: identity, kind: "range", min: Number(base.r64.smin) + at, max: Number(base.r64.smax) + at + sizeBytes(i.code) };
    append(env, insn, { kind: "mod", target, origin: null, old: null, now: null, reason: "var_write" });
    return;
  }
  const old = b.frames[slot.frame]!.stack[slot.spi], now = st.frames[slot.frame]!.stack[slot.spi];
  if (!now || now === old) return;
  const target: Target = { frame: identity, kind: "slot", at: slot.spi };
  const plain = bpfMode(i.code) !== BPF_ATOMIC;
  if (plain && isSpilledReg(now)) {
    const origin: Target | null = bpfClass(i.code) === BPF_STX ? { frame: cur.identity, kind: "reg", at: i.src } : null;
    mod(env, insn, target, "spill", old?.spilled ?? new RegState(), now.spilled, origin, cur.identity);
  } else if (old && isSpilledReg(old)) mod(env, insn, target, "write", old.spilled, null, null, cur.identity);
}

const isGone = (r: RegState | undefined): boolean => r === undefined || r.type === T.NOT_INIT || r.type === T.SCALAR_VALUE;
const isPacket = (r: RegState): boolean => T.typeIsPktPointer(r.type) || T.baseType(r.type) === T.PTR_TO_PACKET_END;

/** A call of a helper or kernel function, or of a BPF function that is not walked into. */
function call(env: Env, b: Before, insn: number, st: VState, global: boolean): void {
  const cur = b.frames[b.frames.length - 1]!;
  const after = st.frames[b.frames.length - 1];
  if (!after) return;
  const now = depths(st);
  const changed = (s: Section): boolean => b.depths[s] !== now[s];
  for (const s of ["rcu", "preempt", "irq", "lock"] as const) if (changed(s)) append(env, insn, { kind: "section", section: s, enter: now[s] > b.depths[s], depth: now[s] });
  const released = new Set(b.refs.filter((r) => r.type === "ptr" && !st.refs.some((n) => n.type === "ptr" && n.id === r.id)).map((r) => r.id));
  for (const id of released) append(env, insn, { kind: "release", id });
  const lost = (target: Target, reason: Reason, old: RegState): void => mod(env, insn, target, reason, old, null, null, cur.identity);
  /** those of r1 to r5 that were lost before the call as such took them */
  const gone = new Set<number>();
  b.frames.forEach((f, n) => {
    const to = st.frames[n];
    if (!to || to.identity !== f.identity) return;
    const value = (kind: "reg" | "slot", at: number, old: RegState, is: RegState | undefined): void => {
      const target: Target = { frame: f.identity, kind, at };
      const scratch = f === cur && kind === "reg" && at <= 5;
      const note = (reason: Reason): void => {
        if (scratch) gone.add(at);
        lost(target, reason, old);
      };
      if (released.size > 0 && (released.has(old.id) || released.has(old.parentId))) note("ref_release");
      else if (T.typeIsNonOwningRef(old.type) && (changed("lock") && now.lock < b.depths.lock)) note("non_own_ref");
      else if (isPacket(old) && (global || !scratch) && isGone(is)) note("pkt_data_change");
      else if (!scratch && is && is.type !== old.type && !isGone(is)) mod(env, insn, target, "write", old, is, null, cur.identity);
    };
    f.regs.forEach((old, i) => {
      if (i < 10 && old.type !== T.NOT_INIT && !(f === cur && i === 0)) value("reg", i, old, to.regs[i]);
    });
    f.stack.forEach((old, i) => {
      if (!isSpilledReg(old) || to.stack[i] === old) return;
      const is = to.stack[i];
      if (is && isSpilledReg(is)) value("slot", i, old.spilled, is.spilled);
      else lost({ frame: f.identity, kind: "slot", at: i }, released.has(old.spilled.id) && old.spilled.id !== 0 ? "ref_release" : "write", old.spilled);
    });
  });
  for (let i = 1; i <= 5; i++) {
    if (cur.regs[i]!.type === T.NOT_INIT) continue;
    // what was lost already is an unknown number where pointers may leak
    const old = gone.has(i) ? (env.allowPtrLeaks ? unknown(env) : null) : cur.regs[i]!;
    if (old) lost({ frame: cur.identity, kind: "reg", at: i }, "caller_saved", old);
  }
  cur.args.forEach((old, i) => {
    if (old.type !== T.NOT_INIT) lost({ frame: cur.identity, kind: "arg", at: i }, "caller_saved", old);
  });
  for (const r of st.refs) if (r.type === "ptr" && !b.refs.some((o) => o.type === "ptr" && o.id === r.id)) append(env, insn, { kind: "acquire", id: r.id });
  const r0: Target = { frame: cur.identity, kind: "reg", at: 0 };
  const result = after.regs[0]!;
  if (result.type !== T.NOT_INIT || !global) mod(env, insn, r0, "write", cur.regs[0]!, result, null, cur.identity);
  else if (cur.regs[0]!.type !== T.NOT_INIT) lost(r0, "caller_saved", cur.regs[0]!);
}

/** The iterator's next element may be there or not: the report shows the result before the two ways part. */
function nullable(r: RegState): RegState {
  const c = r.clone();
  if (!isGone(c)) c.type |= T.PTR_MAYBE_NULL;
  return c;
}
function afterCall(env: Env, b: Before, insn: number): void {
  const st = env.curState;
  const { identity, regs } = b.frames[b.frames.length - 1]!;
  const here = st.frames[b.frames.length - 1];
  if (st.frames.length > b.frames.length && isPseudoCall(env.insns[insn]!)) {
    for (let i = 0; i <= 5; i++) if (regs[i]!.type !== T.NOT_INIT) mod(env, insn, { frame: identity, kind: "reg", at: i }, "caller_saved", regs[i]!, null, null, identity);
    return;
  }
  if (!here) return afterEnd(env, b, insn);
  // a way that goes on behind the call was put aside with its result
  const elem = env.stack.length > b.waiting ? env.stack.find((e, i) => i >= b.waiting && e.insnIdx === insn + 1) : undefined;
  if (elem && env.aux[insn]!.isIterNext) {
    const kept = here.regs[0]!;
    here.regs[0] = nullable(elem.st.cur.regs[0]!);
    call(env, b, insn, st, false);
    here.regs[0] = kept;
  } else if (elem && isHelperCall(env.insns[insn]!) && isGone(elem.st.cur.regs[0]) && !isGone(here.regs[0])) {
    // a cast that may give NULL: that way goes on by itself
    const kept = here.regs[0]!, before = nullable(kept);
    here.regs[0] = before;
    call(env, b, insn, st, false);
    here.regs[0] = kept;
    elem.history = env.history;
    mod(env, insn, { frame: identity, kind: "reg", at: 0 }, "write", before, kept, null, identity);
    return;
  } else call(env, b, insn, st, isPseudoCall(env.insns[insn]!));
  if (elem) elem.history = env.history;
}

function returned(env: Env, b: Before, insn: number): void {
  const callee = b.frames[b.frames.length - 1]!, caller = b.frames[b.frames.length - 2]!;
  // a callback's result goes nowhere
  if (callee.callback) return;
  mod(env, insn, { frame: caller.identity, kind: "reg", at: 0 }, "write", caller.regs[0]!, env.curState.cur.regs[0]!, { frame: callee.identity, kind: "reg", at: 0 }, callee.identity);
}
/** A load from the packet, or a tail call, ends the function: the way that goes on was put aside. */
function afterEnd(env: Env, b: Before, insn: number): void {
  const elem = env.stack.find((e, i) => i >= b.waiting && e.insnIdx === insn + 1);
  call(env, b, insn, elem?.st ?? env.curState, false);
  if (elem) elem.history = env.history;
  // the program that a tail call goes to may have changed the packet
  const { identity } = b.frames[b.frames.length - 1]!;
  env.curState.frames.forEach((to, n) => {
    const f = b.frames[n]!;
    f.regs.forEach((old, at) => {
      if (isPacket(old) && isGone(to.regs[at])) mod(env, insn, { frame: f.identity, kind: "reg", at }, "pkt_data_change", old, null, null, identity);
    });
    f.stack.forEach((old, at) => {
      if (isSpilledReg(old) && isPacket(old.spilled) && isGone(to.stack[at]?.spilled)) mod(env, insn, { frame: f.identity, kind: "slot", at }, "pkt_data_change", old.spilled, null, null, identity);
    });
  });
  if (env.curState.frames.length < b.frames.length) returned(env, b, insn);
}

/** An instruction was walked; `insn` is where it stands. */
export function afterInsn(env: Env, b: Before, insn: number): void {
  const i = env.insns[insn]!;
  const st = env.curState;
  const cur = b.frames[b.frames.length - 1]!;
  const reg = (at: number): Target => ({ frame: cur.identity, kind: "reg", at });
  const written = (at: number, old: RegState, origin: Target | null = null): void => mod(env, insn, reg(at), "write", old, st.cur.regs[at]!, origin, cur.identity);
  switch (bpfClass(i.code)) {
    case BPF_ALU:
    case BPF_ALU64:
      return written(i.dst, cur.regs[i.dst]!);
    case BPF_LD:
      return bpfMode(i.code) === BPF_IMM ? written(i.dst, unknown(env)) : afterEnd(env, b, insn);
    case BPF_LDX:
      if (isStackArgLoad(i)) return written(i.dst, cur.regs[i.dst]!, { frame: b.frames[b.frames.length - 2]!.identity, kind: "arg", at: i.off / 8 - 1 });
      return load(env, b, insn, i.dst, cur.regs[i.src]!, i.off);
    case BPF_ST:
    case BPF_STX: {
      if (isStackArgStore(i)) {
        const at = -i.off / 8 - 1;
        return mod(env, insn, { frame: cur.identity, kind: "arg", at }, "write", cur.args[at] ?? new RegState(), st.cur.stackArgRegs[at]!, bpfClass(i.code) === BPF_STX ? reg(i.src) : null, cur.identity);
      }
      if (bpfClass(i.code) === BPF_STX && bpfMode(i.code) === BPF_ATOMIC) {
        if (i.imm === BPF_LOAD_ACQ) return load(env, b, insn, i.dst, cur.regs[i.src]!, i.off);
        const fetched = atomicLoadReg(i);
        if (fetched >= 0) written(fetched, unknown(env));
      }
      return store(env, b, insn);
    }
    case BPF_JMP:
      if (bpfOp(i.code) === BPF_CALL) return afterCall(env, b, insn);
      if (bpfOp(i.code) === BPF_EXIT && st.frames.length < b.frames.length) returned(env, b, insn);
  }
}
