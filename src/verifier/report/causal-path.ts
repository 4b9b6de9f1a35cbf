/** The causal path of 7.3's report: what of the history belongs to the value or resource in question (kernel diag_print_history). */
import { tnumIsConst, tnumIsUnknown } from "../domains/tnum.ts";
import { BtfKind, type BtfType } from "../../btf/types.ts";
import type { Env } from "../state/env.ts";
import type { RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { type Happened, type HistoryEvent, keepsLineage, type Section, type Target } from "./history.ts";
import { regTypeStr } from "./print-state.ts";

/** What the report is about: a register of the current frame, a reference, or a section (`depth` 0: one that was not entered). */
export type Cause = { of: "reg"; regno: number } | { of: "ref"; id: number } | { of: "section"; section: Section; depth: number };

const SHOWN = 64;
export const SECTION_NAMES: Readonly<Record<Section, string>> = { rcu: "RCU read lock region", preempt: "non-preemptible region", irq: "IRQ-disabled region", lock: "lock region" };

const S64_MIN = -(1n << 63n), S64_MAX = (1n << 63n) - 1n, U64_MAX = (1n << 64n) - 1n;
const bound = (v: bigint): string => (v === S64_MIN ? "S64_MIN" : v === S64_MAX ? "S64_MAX" : v === U64_MAX ? "U64_MAX" : `${v}`);
const hex = (v: bigint): string => `0x${BigInt.asUintN(64, v).toString(16)}`;
/** `signed range [S64_MIN, 4], unsigned range [0, U64_MAX]` */
export const rangeText = ({ r64 }: RegState): string => `signed range [${bound(r64.smin)}, ${bound(r64.smax)}], unsigned range [${bound(r64.umin)}, ${bound(r64.umax)}]`;
export const isUnbounded = ({ varOff, r64 }: RegState): boolean => tnumIsUnknown(varOff) && r64.smin === S64_MIN && r64.smax === S64_MAX && r64.umin === 0n && r64.umax === U64_MAX;

function offsetText(r: RegState): string {
  if (tnumIsConst(r.varOff)) return `at offset ${BigInt.asIntN(64, r.varOff.value)}`;
  if (isUnbounded(r)) return "with unknown offset";
  return `with variable offset: known bits ${hex(r.varOff.value)}, unknown mask ${hex(r.varOff.mask)}, ${rangeText(r)}`;
}
function btfTypeText(r: RegState): string {
  const t = r.btfId ? r.btf?.type(r.btfId) : undefined;
  return t ? typeText(t) : "";
}
/** `(struct task_struct)`: a type as the kernel's BTF printer begins a value of it. */
export function typeText(t: BtfType): string {
  const keyword = t.kind === BtfKind.STRUCT ? "struct " : t.kind === BtfKind.UNION ? "union " : t.kind === BtfKind.ENUM || t.kind === BtfKind.ENUM64 ? "enum " : "";
  return `(${keyword}${t.name ?? ""})`;
}
/** A value in words (kernel diag_reg_snapshot). */
function valueText(env: Env, r: RegState | null): string {
  if (!r || r.type === T.NOT_INIT) return "uninitialized value";
  const { type } = r;
  const base = T.baseType(type);
  if (type === T.SCALAR_VALUE) {
    if (tnumIsConst(r.varOff)) return `integer scalar value ${BigInt.asIntN(64, r.varOff.value)}`;
    if (isUnbounded(r)) return "integer scalar with unknown value";
    return r.r64.smin === r.r64.smax ? `integer scalar value ${r.r64.smin}` : `integer scalar with ${rangeText(r)}`;
  }
  if (base === T.PTR_TO_CTX) return `context pointer ${offsetText(r)}`;
  if (base === T.PTR_TO_STACK) return `stack pointer ${offsetText(r)}`;
  const map = r.map?.name.slice(0, 15) ?? "";
  if (base === T.PTR_TO_MAP_VALUE) return `${T.typeMayBeNull(type) ? "nullable map value" : "map value"} ${map ? `from ${map} ` : ""}${offsetText(r)}`;
  if (base === T.CONST_PTR_TO_MAP) return map ? `map pointer for map ${map}` : "map pointer";
  const btf = base === T.PTR_TO_BTF_ID ? btfTypeText(r) : "";
  const ofType = btf ? ` type=${btf}` : "";
  if (T.typeIsNonOwningRef(type)) return `borrowed allocated object pointer${ofType}`;
  if (T.typeIsPtrAllocObj(type)) return `owned allocated object pointer${ofType}`;
  return `${regTypeStr(env, type)}${ofType} ${offsetText(r)}`;
}

function sameTarget(event: Target, t: Target): boolean {
  if (event.frame !== t.frame) return false;
  if (event.kind === "range") {
    if (t.kind !== "slot") return false;
    const off = -8 * (t.at + 1);
    return event.min < off + 8 && event.max > off;
  }
  return t.kind !== "range" && event.kind === t.kind && event.at === t.at;
}
/** Events of the history that changed the value, or what it was made of, back to where it came from. */
function lineage(env: Env, events: readonly HistoryEvent[], regno: number): Set<HistoryEvent> {
  const out = new Set<HistoryEvent>();
  let target: Target = { frame: env.curState.cur.identity, kind: "reg", at: regno };
  for (let i = events.length - 1; i >= 0; i--) {
    const { what } = events[i]!;
    if (what.kind !== "mod" || !sameTarget(what.target, target)) continue;
    out.add(events[i]!);
    if (what.origin) target = what.origin;
    else if ((what.reason === "write" || what.reason === "spill") && !keepsLineage(env, events[i]!)) break;
  }
  return out;
}
function sectionStart(events: readonly HistoryEvent[], cause: Cause & { of: "section" }): number {
  if (cause.depth === 0) return 0;
  for (let i = events.length - 1; i >= 0; i--) {
    const { what } = events[i]!;
    if (what.kind !== "section" || what.section !== cause.section) continue;
    if (what.enter && what.depth === 1) return i;
    if (!what.enter && what.depth === 0) return 0;
  }
  return 0;
}
/** Oldest first. */
function eventsOf(env: Env): HistoryEvent[] {
  const out: HistoryEvent[] = [];
  for (let e = env.history; e; e = e.prev) out.push(e);
  return out.reverse();
}
function chosen(env: Env, cause: Cause): HistoryEvent[] {
  const events = eventsOf(env);
  if (cause.of === "reg") {
    const mods = lineage(env, events, cause.regno);
    const first = mods.size > 0 ? events.findIndex((e) => mods.has(e)) : 0;
    return events.filter((e, i) => i >= first && (e.what.kind === "branch" || mods.has(e)));
  }
  if (cause.of === "section") {
    const start = sectionStart(events, cause);
    return events.filter(({ what }, i) => i >= start && (what.kind === "branch" || (what.kind === "section" && what.section === cause.section)));
  }
  const start = events.findLastIndex(({ what }) => what.kind === "acquire" && what.id === cause.id);
  return events.filter(({ what }, i) => i >= start && (what.kind === "branch" || ((what.kind === "acquire" || what.kind === "release") && what.id === cause.id)));
}

function place(target: Target): string {
  switch (target.kind) {
    case "reg": return `R${target.at}`;
    case "arg": return `*(R11-${8 * (target.at + 1)})`;
    case "slot": return `stack slot fp${-8 * (target.at + 1)}`;
    case "range": return "value";
  }
}
/** Label and text at the arrow. */
function words(env: Env, what: Happened): [label: string, text: string] {
  switch (what.kind) {
    case "branch": return ["branch", `took the ${what.taken} branch of this conditional, goto ${what.taken ? "followed" : "not followed"}`];
    case "acquire": return ["acquired", `owned resource (id=${what.id})`];
    case "release": return ["released", `owned resource (id=${what.id})`];
    case "section": return ["context", `${what.enter ? "entered" : "left"} ${SECTION_NAMES[what.section]}; depth is now ${what.depth}`];
  }
  const { target } = what;
  if (target.kind === "range") return ["invalidated", `variable-offset stack write may affect bytes fp${target.min} through fp${target.max - 1}`];
  const why: Partial<Record<typeof what.reason, string>> = {
    ref_release: `resource release invalidated this ${target.kind === "reg" ? "pointer" : "value"}`,
    pkt_data_change: "packet data may have moved",
    non_own_ref: "leaving the protected region invalidated this borrowed pointer",
    caller_saved: target.kind === "arg" ? "call invalidated this outgoing stack argument" : "call invalidated this caller-saved register",
    ...(target.kind === "slot" ? { write: "a later stack write overwrote this spilled value" } : {}),
  };
  const reason = why[what.reason];
  if (reason) return ["invalidated", `${place(target)}: ${reason}; previous value was ${valueText(env, what.old)}`];
  return [what.reason === "spill" ? "spilled" : "update", `${place(target)} changed from ${valueText(env, what.old)} to ${valueText(env, what.now)}`];
}

/** @param at prints one event at its instruction's place */
export function printCausalPath(env: Env, cause: Cause, at: (insn: number, label: string, text: string) => string): string {
  const events = chosen(env, cause);
  const half = SHOWN / 2;
  const parts: string[] = [];
  events.forEach((e, i) => {
    if (events.length > SHOWN && i >= half && i < events.length - half) {
      if (i === half) parts.push(`  ${events.length - SHOWN} intermediate causal-history events omitted\n`);
    } else parts.push(at(e.insn, ...words(env, e.what)));
  });
  return `\nCausal path:\n${parts.length > 0 ? parts.join("\n") : "  no retained diagnostic events on this path\n"}`;
}
/** What became of a register that cannot be read: a call or the like took its value, or it never had one. */
export function wasInvalidated(env: Env, regno: number): boolean {
  const target: Target = { frame: env.curState.cur.identity, kind: "reg", at: regno };
  for (let e = env.history; e; e = e.prev) if (e.what.kind === "mod" && sameTarget(e.what.target, target)) return e.what.now === null || e.what.now.type === T.NOT_INIT;
  return false;
}
