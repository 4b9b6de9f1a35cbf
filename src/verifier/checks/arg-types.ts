/** Argument types of helper prototypes and the register types each takes (kernel compatible_reg_types, check_reg_type). */
import type { ProtoType } from "../../kernel/types.ts";
import { regTypeStr } from "../report/print-state.ts";
import type { Env } from "../state/env.ts";
import type { RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { checkBtfArgType } from "./btf-arg.ts";
import type { CallMeta } from "./helper-args.ts";
import { regName } from "./mem.ts";
import { checkPtrOffReg } from "./mem-region.ts";

/** An argument type: the kernel's base name and flags as bits of reg-type.ts. */
export interface ArgType { base: string; flags: number }
/** Names of 7.3 for what earlier releases call otherwise. */
const RENAMED: Readonly<Record<string, string>> = { ARG_MEM_SIZE: "ARG_CONST_SIZE", ARG_MEM_SIZE_OR_ZERO: "ARG_CONST_SIZE_OR_ZERO" };
export function argType(p: ProtoType | undefined): ArgType | null {
  if (!p || p.base === "ARG_DONTCARE") return null;
  let flags = 0;
  for (const f of p.flags) flags |= T.TYPE_FLAG_BY_NAME[f] ?? 0;
  if (p.base.startsWith("ARG_PTR") && p.base.endsWith("_OR_NULL")) return { base: p.base.slice(0, -8), flags: flags | T.PTR_MAYBE_NULL };
  return { base: RENAMED[p.base] ?? p.base, flags };
}

const B = T.PTR_TO_BTF_ID;
const SOCK = [T.PTR_TO_SOCK_COMMON, T.PTR_TO_SOCKET, T.PTR_TO_TCP_SOCK, T.PTR_TO_XDP_SOCK];
export const MEM_TYPES = [
  T.PTR_TO_STACK, T.PTR_TO_PACKET, T.PTR_TO_PACKET_META, T.PTR_TO_MAP_KEY, T.PTR_TO_MAP_VALUE, T.PTR_TO_MEM, T.PTR_TO_MEM | T.MEM_RINGBUF, T.PTR_TO_BUF,
  B | T.PTR_TRUSTED, T.PTR_TO_CTX,
];
const MEM_TYPES_NO_CTX = MEM_TYPES.slice(0, -1);
const KEY_TYPES = MEM_TYPES.slice(0, 5);
/** What the release accepts of that list. */
function typesOf(env: Env, base: string, all: readonly number[]): readonly number[] {
  const { f } = env;
  if (all === MEM_TYPES) {
    if (base.includes("_MAP_") && !f.map_arg_any_memory) return f.map_keys_as_args ? KEY_TYPES : KEY_TYPES.filter((t) => t !== T.PTR_TO_MAP_KEY);
    if (f.mem_arg_ctx) return all;
    if (!f.map_keys_as_args) return [...KEY_TYPES.filter((t) => t !== T.PTR_TO_MAP_KEY), T.PTR_TO_MEM, T.PTR_TO_BUF | T.MEM_RDONLY, T.PTR_TO_BUF];
    return f.trusted_args ? MEM_TYPES_NO_CTX : MEM_TYPES_NO_CTX.slice(0, -1);
  }
  if (base === "ARG_KPTR_XCHG_DEST" && !f.kptr_xchg_non_owning) return all.slice(0, 2);
  if (base === "ARG_PTR_TO_SPIN_LOCK" && !f.spin_lock_in_objects) return all.slice(0, 1);
  if (base === "ARG_PTR_TO_ALLOC_MEM" && !f.map_keys_as_args) return [T.PTR_TO_MEM];
  return f.trusted_args ? all : all.filter((t) => !(t & (T.PTR_TRUSTED | T.MEM_RCU)));
}
const COMPATIBLE: Readonly<Record<string, readonly number[]>> = {
  ARG_PTR_TO_MAP_KEY: MEM_TYPES,
  ARG_PTR_TO_MAP_VALUE: MEM_TYPES,
  ARG_PTR_TO_UNINIT_MAP_VALUE: MEM_TYPES,
  ARG_CONST_SIZE: [T.SCALAR_VALUE],
  ARG_CONST_SIZE_OR_ZERO: [T.SCALAR_VALUE],
  ARG_CONST_ALLOC_SIZE_OR_ZERO: [T.SCALAR_VALUE],
  ARG_SCALAR: [T.SCALAR_VALUE],
  ARG_CONST_MAP_PTR: [T.CONST_PTR_TO_MAP],
  ARG_PTR_TO_CTX: [T.PTR_TO_CTX],
  ARG_PTR_TO_SOCK_COMMON: SOCK,
  ARG_PTR_TO_BTF_ID_SOCK_COMMON: [...SOCK, B, B | T.PTR_TRUSTED],
  ARG_PTR_TO_SOCKET: [T.PTR_TO_SOCKET],
  ARG_PTR_TO_BTF_ID: [B, B | T.PTR_TRUSTED, B | T.MEM_RCU],
  ARG_PTR_TO_SPIN_LOCK: [T.PTR_TO_MAP_VALUE, B | T.MEM_ALLOC],
  ARG_PTR_TO_MEM: MEM_TYPES,
  ARG_PTR_TO_UNINIT_MEM: MEM_TYPES,
  ARG_PTR_TO_RINGBUF_MEM: [T.PTR_TO_MEM | T.MEM_RINGBUF],
  ARG_PTR_TO_ALLOC_MEM: [T.PTR_TO_MEM | T.MEM_RINGBUF],
  ARG_PTR_TO_PERCPU_BTF_ID: [B | T.MEM_PERCPU, B | T.MEM_PERCPU | T.MEM_RCU, B | T.MEM_PERCPU | T.PTR_TRUSTED],
  ARG_PTR_TO_FUNC: [T.PTR_TO_FUNC],
  ARG_PTR_TO_INT: MEM_TYPES,
  ARG_PTR_TO_LONG: MEM_TYPES,
  ARG_PTR_TO_STACK: [T.PTR_TO_STACK],
  ARG_PTR_TO_CONST_STR: [T.PTR_TO_MAP_VALUE],
  ARG_PTR_TO_TIMER: [T.PTR_TO_MAP_VALUE],
  ARG_KPTR_XCHG_DEST: [T.PTR_TO_MAP_VALUE, B | T.MEM_ALLOC, B | T.MEM_ALLOC | T.NON_OWN_REF, B | T.MEM_ALLOC | T.NON_OWN_REF | T.MEM_RCU],
  ARG_PTR_TO_KPTR: [T.PTR_TO_MAP_VALUE],
  ARG_PTR_TO_DYNPTR: [T.PTR_TO_STACK, T.CONST_PTR_TO_DYNPTR],
};

export function checkRegType(env: Env, reg: RegState, regno: number, arg: ArgType, argBtf: string | null, funcName: string, meta?: CallMeta): void {
  const compatible = COMPATIBLE[arg.base];
  if (!compatible) env.unsupported(`helper arguments of type ${arg.base} are not simulated`);
  let { type } = reg;
  if (arg.flags & T.MEM_RDONLY) type &= ~T.MEM_RDONLY;
  if (arg.flags & T.PTR_MAYBE_NULL) type &= ~T.PTR_MAYBE_NULL;
  if (arg.base === "ARG_PTR_TO_MEM") type &= ~T.DYNPTR_TYPE_FLAG_MASK;
  if (funcName === "bpf_kptr_xchg" && T.typeIsAlloc(type) && regno === 2) type &= ~(T.MEM_ALLOC | T.MEM_PERCPU);
  const types = typesOf(env, arg.base, compatible);
  if (!types.includes(type)) {
    env.failReported("EACCES", `${regName(regno)} type=${regTypeStr(env, reg.type)} expected=${types.map((t) => regTypeStr(env, t)).join(", ")}`);
  }
  if (T.baseType(reg.type) !== T.PTR_TO_BTF_ID) return;
  if (compatible === MEM_TYPES) {
    if (!(arg.flags & T.MEM_RDONLY)) env.fail("EACCES", `${funcName}() may write into memory pointed by ${regName(regno)} type=${regTypeStr(env, reg.type)}`);
    return;
  }
  checkBtfArgType(env, reg, regno, arg, argBtf, funcName, meta);
}

const ANY_OFF = new Set([
  T.PTR_TO_STACK, T.PTR_TO_PACKET, T.PTR_TO_PACKET_META, T.PTR_TO_MAP_KEY, T.PTR_TO_MAP_VALUE, T.PTR_TO_MEM, T.PTR_TO_MEM | T.MEM_RDONLY,
  T.PTR_TO_MEM | T.MEM_RINGBUF, T.PTR_TO_BUF, T.PTR_TO_BUF | T.MEM_RDONLY, T.PTR_TO_ARENA, T.SCALAR_VALUE,
]);
const BTF_OFF = new Set([B, B | T.MEM_ALLOC, B | T.PTR_TRUSTED, B | T.MEM_RCU, B | T.MEM_ALLOC | T.NON_OWN_REF, B | T.MEM_ALLOC | T.NON_OWN_REF | T.MEM_RCU]);

/** May this pointer come with an offset? (kernel check_func_arg_reg_off) */
export function checkFuncArgRegOff(env: Env, reg: RegState, regno: number, arg: ArgType | null, btfFixedOffOk = true): void {
  const { type } = reg;
  if (!env.f.btf_records) return oldArgRegOff(env, reg, regno, arg);
  if (arg && arg.flags & T.OBJ_RELEASE) {
    if (arg.base === "ARG_PTR_TO_DYNPTR" && type === T.PTR_TO_STACK) return;
    if (reg.varOff.mask !== 0n || reg.varOff.value !== 0n || reg.off !== 0)
      env.fail("EINVAL", `${regName(regno)} must have zero offset when passed to release func or trusted arg to kfunc`);
  }
  if (ANY_OFF.has(type)) return;
  if (BTF_OFF.has(type)) return checkPtrOffReg(env, reg, regno, btfFixedOffOk);
  if (type === T.PTR_TO_CTX && arg?.base !== "ARG_PTR_TO_CTX" && env.progType === "syscall") return;
  checkPtrOffReg(env, reg, regno, false);
}

const OLD_ANY_OFF = new Set([
  T.PTR_TO_STACK, T.PTR_TO_PACKET, T.PTR_TO_PACKET_META, T.PTR_TO_MAP_KEY, T.PTR_TO_MAP_VALUE, T.PTR_TO_MEM, T.PTR_TO_MEM | T.MEM_RDONLY,
  T.PTR_TO_MEM | T.MEM_RINGBUF, T.PTR_TO_BUF, T.PTR_TO_BUF | T.MEM_RDONLY, T.SCALAR_VALUE,
]);
/** The same before 6.2: ring buffer memory is given back only as it was reserved. Before 5.18 only contexts were looked at. */
function oldArgRegOff(env: Env, reg: RegState, regno: number, arg: ArgType | null): void {
  const { type } = reg;
  if (!env.f.release_arg_flag) {
    if (type === T.PTR_TO_CTX) checkPtrOffReg(env, reg, regno, false);
    return;
  }
  if (arg?.base === "ARG_PTR_TO_DYNPTR" && type === T.PTR_TO_STACK && reg.off % 8 !== 0) env.fail("EINVAL", "cannot pass in dynptr at an offset");
  if (OLD_ANY_OFF.has(type) && arg?.base !== "ARG_PTR_TO_ALLOC_MEM" && arg?.base !== "ARG_PTR_TO_RINGBUF_MEM") return;
  if (type === T.PTR_TO_BTF_ID && arg && arg.flags & T.OBJ_RELEASE && reg.off) env.fail("EINVAL", `R${regno} must have zero offset when passed to release func`);
  checkPtrOffReg(env, reg, regno, type === T.PTR_TO_BTF_ID);
}
