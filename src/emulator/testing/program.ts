import type { Btf } from "../../btf/types.ts";
import type { Insn } from "../../isa/types.ts";
import type { BoundMap, BoundProgram } from "../../loader/types.ts";

/** A bound program made by hand. */
export function handMade(insns: readonly Insn[], options: { type?: string; name?: string; maps?: readonly BoundMap[]; btf?: Btf | null; attachTo?: string; attachType?: string } = {}): BoundProgram {
  return {
    name: options.name ?? "test", type: options.type ?? "xdp", attachType: options.attachType ?? null, attachTo: options.attachTo ?? null, attachBtfId: 0, attachBtf: null,
    sleepable: false, flags: 0, license: "GPL", gplCompatible: true, insns, maps: options.maps ?? [], kfuncModules: [null], kfuncs: [], calls: [], funcInfo: [], lineInfo: [],
    subprogs: new Map(), btf: options.btf ?? null, poisoned: new Map(), warnings: [],
  };
}

/** A map made by hand; sizes default to those its type demands. */
export function handMadeMap(index: number, type: string, options: Partial<BoundMap> = {}): BoundMap {
  return {
    index, name: options.name ?? `m${index}`, section: ".maps", type, typeId: 0, keySize: 4, valueSize: 8, maxEntries: 4, flags: 0, mapExtra: 0n, keyTypeId: 0, valueTypeId: 0, readonly: false,
    ...options,
  };
}

/** Shorthand: one instruction. */
export function I(code: number, dst = 0, src = 0, off = 0, imm = 0): Insn {
  return { code, dst, src, off, imm };
}
