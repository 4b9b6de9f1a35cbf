import { err, ok, type Result } from "../base/result.ts";
import { BODY_PREFIX } from "../kernel/lab/bodies.ts";
import { isSubprogCall } from "../isa/insn.ts";
import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC } from "../isa/table.ts";
import type { Insn } from "../isa/types.ts";
import { funcAt, type Func, type ObjectInternals, type OpenedObject, type Reloc } from "./internals.ts";
import { openObject } from "./open.ts";

const MAX_INSNS = 100_000;

/**
 * The instructions of a function of an object, first the function, then those it calls in the same section: what a
 * custom kernel runs as part of itself. It may call helpers; maps, global data and kfuncs are out of its reach. The error
 * says which of them it wants.
 */
export function bodyCode(object: Uint8Array, name: string): Result<readonly Insn[], string> {
  const opened = openObject(object);
  if (!opened.ok) return err(opened.error.message);
  const { internals } = opened.value as OpenedObject;
  const main = internals.funcs.find((func) => func.name === BODY_PREFIX + name) ?? internals.funcs.find((func) => func.name === name);
  if (!main) return err(`the object has no function "${name}"; there are: ${internals.funcs.map((f) => f.name).join(", ") || "none"}`);
  const insns: Insn[] = [];
  const places = new Map<Func, number>();
  const parts: Func[] = [];
  const append = (func: Func): number => {
    const known = places.get(func);
    if (known !== undefined) return known;
    const at = insns.length;
    places.set(func, at);
    parts.push(func);
    for (const insn of func.insns) insns.push({ ...insn });
    return at;
  };
  append(main);
  // `parts` grows while it is gone through.
  for (const func of parts) {
    if (insns.length > MAX_INSNS) return err(`the function and what it calls have more than ${MAX_INSNS} instructions`);
    const wrong = link(internals, func, places.get(func)!, insns, append);
    if (wrong !== null) return err(`function "${func.name}": ${wrong}`);
  }
  return ok(insns);
}

/** Points the calls of one function at where their targets stand; null, or why not. */
function link(internals: ObjectInternals, func: Func, at: number, insns: readonly Insn[], append: (func: Func) => number): string | null {
  const relocs = new Map(func.relocs.map((reloc) => [reloc.insn, reloc]));
  for (let i = 0; i < func.insns.length; i++) {
    const reloc = relocs.get(i);
    const insn = insns[at + i]!;
    if (reloc && reloc.kind !== "call" && reloc.kind !== "subprog_addr") return unreachable(internals, reloc);
    const isCall = isSubprogCall(insn);
    if (!reloc && !isCall) continue;
    const base = reloc ? reloc.symOff / 8 : func.secInsnOff + i;
    const slot = isCall ? base + insn.imm + 1 : (reloc!.symOff + insn.imm) / 8;
    const target = funcAt(internals.funcs, func.sectionIndex, slot);
    if (!target || target.secInsnOff !== slot) return `the call at instruction ${i} leads to no function of its section`;
    insn.src = isCall ? BPF_PSEUDO_CALL : BPF_PSEUDO_FUNC;
    insn.imm = append(target) - (at + i) - 1;
  }
  return null;
}

function unreachable(internals: ObjectInternals, reloc: Reloc): string {
  switch (reloc.kind) {
    case "map": return `uses the map ${internals.maps[reloc.map]?.spec.name ?? ""}; a function of a custom kernel has no maps`;
    case "data": return "uses global data or a text constant, which a function of a custom kernel cannot have";
    case "extern_call": case "extern_ld64": return `uses the kernel's ${internals.externs[reloc.ext]?.name ?? "symbols"}; a function of a custom kernel can call helpers only`;
    case "jump_table": return "uses a jump table";
    default: return "calls what cannot be called";
  }
}
