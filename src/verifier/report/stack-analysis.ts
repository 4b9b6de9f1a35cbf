/**
 * What level 2 prints of the analysis of live stack slots (7.1 on, kernel liveness.c: arg_track_log, arg_track_join,
 * print_subprog_arg_access, print_instances): each step of the data flow, what it arrived at, and who reads and writes which slots.
 */
import { BPF_LDX, BPF_STX, bpfClass, OP_CALL } from "../../isa/table.ts";
import { type ArgTrack, isFp, isImprecise, isVisited, sameTrack } from "../domains/arg-track.ts";
import { isLdImm64 } from "../passes/insn-info.ts";
import type { Env } from "../state/env.ts";
import { HALF_SLOT, HALF_SLOTS, type SlotSets } from "../state/slot-sets.ts";
import { alignment } from "./log.ts";

const REGS = 11;
/** characters of the kernel's buffer for one list of slots (TMP_STR_BUF_LEN), without the closing zero */
const LIST = 319;

/** What is known before or after an instruction: registers and outgoing stack arguments, stack slots. */
interface Known { readonly regs: readonly ArgTrack[]; readonly stack: readonly ArgTrack[] }
/** Slots of one frame by instruction. */
interface Access { readonly mayRead: SlotSets; readonly mustWrite: SlotSets }
interface Instance { readonly callsite: number; readonly depth: number; readonly subprog: number; readonly start: number; readonly insnCnt: number; readonly frames: readonly (Access | undefined)[] }

const signed = (n: number): string => (n < 0 ? String(n) : `+${n}`);
function track(a: ArgTrack): string {
  if (!isVisited(a)) return "?";
  if (isImprecise(a)) return `IMP${a.mask.toString(16)}`;
  if (a.frame < 0) return "_";
  return a.offs.length === 0 ? `fp${a.frame} ?` : a.offs.map((o) => `fp${a.frame}${signed(o)}`).join("|");
}
const regName = (i: number): string => (i < REGS ? `r${i}` : `sa${i - REGS}`);
const slotName = (slot: number): string => `fp${-8 * (slot + 1)}`;
const insnLine = (env: Env, idx: number): string => `${String(idx).padStart(3)}: ${env.log.insnText(idx)}`;
function subprogLabel(env: Env, subprog: number): string {
  const name = env.subprogs[subprog]!.name;
  return `subprog#${subprog}${name ? ` ${name}` : ""}`;
}

/** Prints the steps of one data flow. Made at level 2 only; without it the analysis does not look for what changed. */
export class FlowLog {
  private readonly env: Env;
  constructor(env: Env, subprog: number, depth: number) {
    this.env = env;
    env.verbose(`subprog#${subprog}: analyzing (depth ${depth})...\n`);
  }
  /** An instruction, where it changes what is known. */
  step(idx: number, before: Known, after: Known): void {
    let text = "";
    const changed = (name: (i: number) => string, from: readonly ArgTrack[], to: readonly ArgTrack[]): void => {
      for (let i = 0; i < from.length; i++) if (!sameTrack(to[i]!, from[i]!)) text += `\t${name(i)}: ${track(from[i]!)} -> ${track(to[i]!)}`;
    };
    changed(regName, before.regs, after.regs);
    if (before.stack !== after.stack) changed(slotName, before.stack, after.stack);
    if (text) this.env.verbose(`${insnLine(this.env, idx)}${text}\n`);
  }
  /** Two ways into `target` that do not agree. */
  join(idx: number, target: number, kind: "regs" | "stack", i: number, old: ArgTrack, other: ArgTrack, joined: ArgTrack): void {
    this.env.verbose(`arg JOIN insn ${idx} -> ${target} ${kind === "regs" ? regName(i) : slotName(i)}: ${track(old)} + ${track(other)} => ${track(joined)}\n`);
  }
}

/** The instructions of a subprogram, with the stack addresses that loads, stores and calls find. */
export function printFlow(env: Env, subprog: number, states: readonly (Known | undefined)[]): void {
  env.verbose(`${subprogLabel(env, subprog)}:\n`);
  const { start } = env.subprogs[subprog]!;
  for (let i = 0; i < states.length; i++) {
    const { code } = env.insns[start + i]!;
    const cls = bpfClass(code);
    let text = "";
    const at = states[i];
    if (at && (cls === BPF_LDX || cls === BPF_STX || code === OP_CALL)) {
      at.regs.forEach((a, r) => {
        if (r !== REGS - 1 && isFp(a)) text += ` ${regName(r)}=${track(a)}`;
      });
      at.stack.forEach((a, slot) => {
        if (isFp(a)) text += ` ${slotName(slot)}=${track(a)}`;
      });
    }
    env.verbose(`${insnLine(env, start + i)}${text && ` //${text}`}\n`);
    if (isLdImm64(env.insns[start + i]!)) i++;
  }
}

/** `fp0-8 fp0-16h fp0-24..-64`: whole slots, halves (h), runs of three and more. */
function slots(frame: number, sets: SlotSets, at: number): string {
  const half = (h: number): boolean => h < HALF_SLOTS && sets.has(at, h);
  const whole = (slot: number): boolean => half(2 * slot) && half(2 * slot + 1);
  const out: string[] = [];
  for (let slot = 0; slot < HALF_SLOTS / 2; slot++) {
    const off = -8 * (slot + 1);
    if (!half(2 * slot) && !half(2 * slot + 1)) continue;
    if (!whole(slot)) out.push(`fp${frame}${off + (half(2 * slot) ? HALF_SLOT : 0)}h`);
    else if (!whole(slot + 1) || !whole(slot + 2)) out.push(`fp${frame}${off}`);
    else {
      while (whole(slot + 1)) slot++;
      out.push(`fp${frame}${off}..${-8 * (slot + 1)}`);
    }
  }
  return out.join(" ");
}
function lists(inst: Instance, idx: number, kind: keyof Access): string {
  let out = "";
  for (let frame = inst.depth; frame >= 0; frame--) {
    const sets = inst.frames[frame]?.[kind];
    if (sets && !sets.isEmpty(idx - inst.start)) out += `${out ? " " : ""}${slots(frame, sets, idx - inst.start)}`.slice(0, LIST);
  }
  return out;
}
/** For each function, as each chain of calls reaches it, the slots that its instructions read and write. */
export function printInstances(env: Env, instances: readonly Instance[]): void {
  for (const inst of [...instances].sort((a, b) => a.callsite - b.callsite || a.depth - b.depth)) {
    env.verbose(`stack use/def ${subprogLabel(env, inst.subprog)} (d${inst.depth},cs${inst.callsite}):\n`);
    for (let i = 0; i < inst.insnCnt; i++) {
      const idx = inst.start + i;
      const line = insnLine(env, idx);
      const use = lists(inst, idx, "mayRead"), def = lists(inst, idx, "mustWrite");
      env.verbose(use || def ? `${line}${" ".repeat(alignment(line.length))};${use && ` use: ${use}`}${def && ` def: ${def}`}\n` : `${line}\n`);
      if (isLdImm64(env.insns[idx]!)) i++;
    }
  }
}
