/** How many bytes a call reads or writes behind a stack address passed to it (kernel 7.1+ bpf_helper_stack_access_bytes, bpf_kfunc_stack_access_bytes). */
import { BtfKind } from "../../btf/types.ts";
import type { Insn } from "../../isa/types.ts";
import type { ProtoType } from "../../kernel/types.ts";
import { argType } from "../checks/arg-types.ts";
import { helperProto } from "../checks/helper-proto.ts";
import { fetchKfuncMeta, hasSuffix, pointsToStruct } from "../checks/kfunc/meta.ts";
import type { Env } from "../state/env.ts";

const DYNPTR_SIZE = 16;
const MAX_BPF_STACK = 512;
function isMemSize(t: ProtoType | undefined): boolean {
  const base = argType(t)?.base;
  return base === "ARG_CONST_SIZE" || base === "ARG_CONST_SIZE_OR_ZERO";
}

/** Constant in a register before the instruction. */
function constReg(env: Env, insnIdx: number, reg: number): number | undefined {
  const aux = env.aux[insnIdx]!;
  return aux.constRegMask & (1 << reg) ? aux.constRegVals![reg] : undefined;
}
/** Key or value size of the map among the earlier arguments, or the largest of the program's maps where it is not known. */
function mapSize(env: Env, args: readonly ProtoType[], arg: number, insnIdx: number, key: boolean): number | null {
  const aux = env.aux[insnIdx]!;
  const at = args.findIndex((a) => a.base === "ARG_CONST_MAP_PTR");
  if (at >= 0 && at < arg && aux.constMapMask & (1 << (at + 1))) {
    const map = env.maps[aux.constRegVals![at + 1]!];
    if (map) return key ? map.keySize : map.valueSize;
  }
  let most = 0;
  for (const map of env.usedMaps) for (const m of map.inner ? [map, map.inner] : [map]) most = Math.max(most, key ? m.keySize : m.valueSize);
  return most || null;
}

/** @returns bytes from the address on: read when positive, written when negative; null where that is not known (read up to the frame pointer) */
export function helperStackBytes(env: Env, insn: Insn, arg: number, insnIdx: number): number | null {
  const fn = helperProto(env, insn.imm);
  if (typeof fn !== "object") return null;
  const type = fn.args[arg];
  if (!type) return null;
  const sign = type.flags.includes("MEM_UNINIT") ? -1 : 1;
  switch (type.base) {
    case "ARG_PTR_TO_MAP_KEY":
    case "ARG_PTR_TO_MAP_VALUE": {
      const size = mapSize(env, fn.args, arg, insnIdx, type.base === "ARG_PTR_TO_MAP_KEY");
      return size === null ? null : sign * size;
    }
    case "ARG_PTR_TO_MEM": {
      if (type.flags.includes("MEM_FIXED_SIZE")) return sign * (fn.argSize?.[arg] ?? 0);
      if (!isMemSize(fn.args[arg + 1])) return null;
      const size = constReg(env, insnIdx, arg + 2);
      if (size !== undefined) return sign * size;
      return sign < 0 ? 0 : MAX_BPF_STACK;
    }
    case "ARG_PTR_TO_DYNPTR":
      return sign * DYNPTR_SIZE;
    case "ARG_PTR_TO_STACK":
      return 0;
    default:
      return null;
  }
}

export function kfuncStackBytes(env: Env, insn: Insn, arg: number, insnIdx: number): number | null {
  const fetched = fetchKfuncMeta(env, insn);
  if (!fetched.ok) return null;
  const { btf, proto, flags } = fetched.meta;
  const p = proto.params[arg];
  if (!p) return 0;
  const t = btf.resolve(p.type);
  if (t?.kind !== BtfKind.PTR) return 0;
  const sign = (arg === 0 && flags.has("KF_ITER_NEW")) || hasSuffix(p, "__uninit") ? -1 : 1;
  if (pointsToStruct(btf, p, "bpf_dynptr") || pointsToStruct(btf, p, "bpf_dynptr_kern")) return sign * DYNPTR_SIZE;
  const next = proto.params[arg + 1];
  if (next && (hasSuffix(next, "__sz") || hasSuffix(next, "__szk"))) {
    const size = constReg(env, insnIdx, arg + 2);
    return size === undefined ? MAX_BPF_STACK : sign * size;
  }
  const size = btf.sizeOf(t.type);
  return size === undefined ? null : sign * size;
}
