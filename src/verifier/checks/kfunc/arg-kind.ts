/** What an argument of a kfunc is, from its BTF type and name (kernel get_kfunc_ptr_arg_type). */
import { type BtfParam, BtfKind, type BtfType } from "../../../btf/types.ts";
import type { Env } from "../../state/env.ts";
import { registerIsNull, type RegState } from "../../state/reg-state.ts";
import * as T from "../../state/reg-type.ts";
import { isProgCtxType } from "../ctx-type.ts";
import { argName, btfKindStr, hasSuffix, isScalarStruct, isScalarType, isStructType, type KfuncMeta, pointsToFunc, pointsToStruct } from "./meta.ts";
import { is, isIterKfunc } from "./special.ts";

export type ArgKind =
  | "ctx" | "alloc_btf_id" | "refcounted_kptr" | "dynptr" | "iter" | "list_head" | "list_node" | "btf_id" | "mem" | "mem_size" | "callback" | "rb_root"
  | "rb_node" | "null" | "const_str" | "map" | "timer" | "wq" | "irq_flag" | "res_spin_lock" | "task_work";

/** Structs of the kernel behind register types that are not BTF pointers themselves (kernel reg2btf_ids). */
export const REG_STRUCT: ReadonlyMap<number, string> = new Map([
  [T.PTR_TO_SOCKET, "sock"], [T.PTR_TO_SOCK_COMMON, "sock_common"], [T.PTR_TO_TCP_SOCK, "tcp_sock"], [T.CONST_PTR_TO_MAP, "bpf_map"],
]);

/** The argument is a scalar that tells the size of the memory before it. */
export function isMemSize(meta: KfuncMeta, p: BtfParam, reg: RegState | undefined): boolean {
  return reg?.type === T.SCALAR_VALUE && isScalarType(meta.btf.resolve(p.type)) && (hasSuffix(p, "__sz") || hasSuffix(p, "__szk"));
}
export const isConstMemSize = (meta: KfuncMeta, p: BtfParam, reg: RegState): boolean =>
  reg.type === T.SCALAR_VALUE && isScalarType(meta.btf.resolve(p.type)) && hasSuffix(p, "__szk");

export function argKind(env: Env, meta: KfuncMeta, i: number, reg: RegState, ref: BtfType): ArgKind {
  const { params } = meta.proto;
  const p = params[i]!;
  if (is(meta, "bpf_cast_to_kern_ctx") || is(meta, "bpf_session_is_return") || is(meta, "bpf_session_cookie")) return "ctx";
  const next = params[i + 1];
  const sized = next !== undefined && i + 1 < 5 && isMemSize(meta, next, env.reg(i + 2));
  if (isProgCtxType(env, meta.btf, p.type, i)) return "ctx";
  if (hasSuffix(p, "__nullable") && registerIsNull(reg) && !sized) return "null";
  const suffixes: readonly [string, ArgKind][] = [["__alloc", "alloc_btf_id"], ["__refcounted_kptr", "refcounted_kptr"]];
  for (const [suffix, kind] of suffixes) if (hasSuffix(p, suffix)) return kind;
  if (pointsToStruct(meta.btf, p, "bpf_dynptr") || pointsToStruct(meta.btf, p, "bpf_dynptr_kern")) return "dynptr";
  if (isIterKfunc(meta) ? i === 0 : hasSuffix(p, "__iter")) return "iter";
  const structs: readonly [string, ArgKind][] = [["bpf_list_head", "list_head"], ["bpf_list_node", "list_node"], ["bpf_rb_root", "rb_root"], ["bpf_rb_node", "rb_node"]];
  for (const [name, kind] of structs) if (pointsToStruct(meta.btf, p, name)) return kind;
  if (hasSuffix(p, "__str")) return "const_str";
  if (hasSuffix(p, "__map") || hasSuffix(p, "__const_map")) return "map";
  if (pointsToStruct(meta.btf, p, "bpf_wq")) return "wq";
  if (env.f.timer_kfuncs && pointsToStruct(meta.btf, p, "bpf_timer")) return "timer";
  if (pointsToStruct(meta.btf, p, "bpf_task_work")) return "task_work";
  if (hasSuffix(p, "__irq_flag")) return "irq_flag";
  if (pointsToStruct(meta.btf, p, "bpf_res_spin_lock")) return "res_spin_lock";
  const base = T.baseType(reg.type);
  if (base === T.PTR_TO_BTF_ID || REG_STRUCT.has(base)) {
    if (!isStructType(ref))
      env.fail("EINVAL", `kernel function ${meta.name} ${env.f.kfunc_args_named_by_register ? argName(env, i) : `args#${i}`} pointer type ${btfKindStr(ref)} ${ref.name} is not supported`);
    return "btf_id";
  }
  if (pointsToFunc(meta.btf, p)) return "callback";
  if (!isScalarType(ref) && !isScalarStruct(env, meta.btf, ref) && !(sized && ref.kind === BtfKind.VOID))
    env.fail("EINVAL", `${argName(env, i)} pointer type ${btfKindStr(ref)} ${ref.name} must point to ${sized ? "void, " : ""}scalar, or struct with scalar`);
  return sized ? "mem_size" : "mem";
}
