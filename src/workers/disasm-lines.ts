import type { InsnIdx } from "../base/brand.ts";
import { disasmInsn } from "../isa/disasm.ts";
import type { Insn } from "../isa/types.ts";
import type { Kernel } from "../kernel/types.ts";
import { Pseudo } from "../loader/types.ts";
import type { BoundProgram, ProgramSpec } from "../loader/types.ts";
import type { DisasmLine } from "./kernel-api.ts";

/** ld_imm64's first slot. */
const LD_IMM64 = 0x18;
const CALL = 0x85;

/** One instruction slot as it stands in memory, little-endian: "85 00 00 00 01 00 00 00". */
export function insnHex(insn: Insn): string {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  bytes[0] = insn.code;
  bytes[1] = (insn.dst & 15) | ((insn.src & 15) << 4);
  view.setInt16(2, insn.off, true);
  view.setInt32(4, insn.imm, true);
  return [...bytes].map((b) => b.toString(16).padStart(2, "0")).join(" ");
}

/**
 * Disassembly for reading, one line an instruction (ld_imm64's second slot has none of its own): names of helpers, kfuncs
 * and maps in place of numbers, and the C line where the line information has one. An unbound program has no names but helpers'; where the same program was
 * bound somewhere, its C lines are borrowed (a main program begins at 0 in both).
 */
export function disasmLines(program: BoundProgram | ProgramSpec, kernel: Kernel | null, linesOf: BoundProgram | null = null): DisasmLine[] {
  const bound = "lineInfo" in program ? program : null;
  const { insns } = program;
  const sources = new Map((bound ?? linesOf)?.lineInfo.map((line) => [line.insn as number, line]) ?? []);
  const kfuncName = (insn: Insn): string | undefined =>
    bound && kernel ? kernel.kfuncById(bound.kfuncModules[insn.off] ?? null, insn.imm)?.name : undefined;
  const options = {
    helperName: (id: number) => kernel?.helper(id)?.name,
    kfuncName,
    immName: (insn: Insn) => {
      const map = insn.src === Pseudo.MAP_FD || insn.src === Pseudo.MAP_VALUE ? bound?.maps[insn.imm]?.name : undefined;
      return map === undefined ? undefined : insn.src === Pseudo.MAP_FD ? `map[${map}]` : `map[${map}].value`;
    },
  };
  const lines: DisasmLine[] = [];
  for (let i = 0; i < insns.length; i++) {
    const insn = insns[i]!;
    const wide = insn.code === LD_IMM64 && i + 1 < insns.length;
    const source = sources.get(i);
    const call = insn.code === CALL ? callOf(insn, i, bound, kernel, kfuncName) : undefined;
    const subprog = bound?.subprogs.get(i as InsnIdx);
    lines.push({
      insn: i,
      text: disasmInsn(insns, i, options),
      hex: wide ? `${insnHex(insn)} ${insnHex(insns[i + 1]!)}` : insnHex(insn),
      ...(subprog === undefined ? {} : { subprog }),
      ...(source ? { source: { file: source.file, line: source.line, col: source.col, text: source.text } } : {}),
      ...(call ? { call } : {}),
    });
    if (wide) i++;
  }
  return lines;
}

function callOf(insn: Insn, at: number, bound: BoundProgram | null, kernel: Kernel | null, kfuncName: (insn: Insn) => string | undefined): DisasmLine["call"] {
  const known = bound?.calls.find((c) => c.insn === at);
  if (known) return { kind: known.kind, name: known.name };
  if (insn.src === 0) {
    const name = kernel?.helper(insn.imm)?.name;
    return name === undefined ? undefined : { kind: "helper", name };
  }
  if (insn.src === Pseudo.KFUNC_CALL) {
    const name = kfuncName(insn);
    return name === undefined ? undefined : { kind: "kfunc", name };
  }
  const name = bound?.subprogs.get((at + insn.imm + 1) as InsnIdx);
  return name === undefined ? undefined : { kind: "subprog", name };
}
