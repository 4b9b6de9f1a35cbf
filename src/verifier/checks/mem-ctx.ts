/** Accesses to the program's context (kernel check_ctx_access): table-driven from what the booted kernel allowed. */
import { privilegedCtxAccess } from "./privileges.ts";
import { BtfKind } from "../../btf/types.ts";
import { setUnknown } from "../domains/bounds.ts";
import { lsmRetvalRange } from "../passes/attach.ts";
import type { RetvalRange } from "../state/frame.ts";
import type { Env } from "../state/env.ts";
import { markRegKnownZero, type RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { noteCtxLoad } from "./ctx-unrewritten.ts";
import { btfCtxAccess } from "./btf-ctx.ts";
import { checkMemRegionAccess, checkPtrOffReg } from "./mem-region.ts";
import { markUnknown } from "./reg-arg.ts";
import { findReference } from "./refs.ts";

/** What a context access yields. */
export interface CtxInfo { regType: number; btf: RegState["btf"]; btfId: number; refId: number; retval: boolean }

const BY_NAME: Readonly<Record<string, number>> = {
  scalar: T.SCALAR_VALUE, inv: T.SCALAR_VALUE, ctx: T.PTR_TO_CTX, pkt: T.PTR_TO_PACKET, pkt_meta: T.PTR_TO_PACKET_META, pkt_end: T.PTR_TO_PACKET_END,
  flow_keys: T.PTR_TO_FLOW_KEYS, sock: T.PTR_TO_SOCKET, sock_common: T.PTR_TO_SOCK_COMMON, tcp_sock: T.PTR_TO_TCP_SOCK, xdp_sock: T.PTR_TO_XDP_SOCK,
  tp_buffer: T.PTR_TO_TP_BUFFER, buf: T.PTR_TO_BUF, mem: T.PTR_TO_MEM,
};
/** "sock_common_or_null" → type; undefined for a name that is not known here. */
export function regTypeByName(name0: string): number | undefined {
  let name = name0, flags = 0;
  if (name.endsWith("_or_null")) {
    name = name.slice(0, -8);
    flags |= T.PTR_MAYBE_NULL;
  }
  if (name.startsWith("rdonly_")) {
    name = name.slice(7);
    flags |= T.MEM_RDONLY;
  }
  const base = BY_NAME[name];
  return base === undefined ? undefined : base | flags;
}

const KERNEL_PTR = /^(trusted|rcu|untrusted)_ptr_(\w+?)(_or_null)?$/;
/** "trusted_ptr_sk_buff": a pointer to that struct of the kernel (kernel nf_is_valid_access), or to one that a custom kernel brought. */
function kernelObject(env: Env, name: string): Pick<CtxInfo, "regType" | "btf" | "btfId"> | undefined {
  const [, trust, struct, orNull] = KERNEL_PTR.exec(name) ?? [];
  if (struct === undefined) return undefined;
  for (const btf of [env.kernel.btf, ...env.kernel.modules.values()]) {
    const btfId = btf?.find(BtfKind.STRUCT, struct);
    if (!btf || btfId === undefined) continue;
    // Releases that knew no such marks gave plain pointers.
    const flags = trust === "untrusted" ? (env.f.kptrs ? T.PTR_UNTRUSTED : 0) : !env.f.trusted_args ? 0 : trust === "rcu" ? T.MEM_RCU : T.PTR_TRUSTED;
    return { regType: T.PTR_TO_BTF_ID | flags | (orNull === undefined ? 0 : T.PTR_MAYBE_NULL), btf, btfId };
  }
  return undefined;
}

/** Program types whose context accesses are not rewritten (no convert_ctx_access): constant offsets may be folded into the pointer (7.1+). */
export const NO_CONVERT: ReadonlySet<string> = new Set(["raw_tracepoint", "raw_tracepoint_writable", "tracing", "lsm", "struct_ops", "kprobe", "tracepoint", "syscall", "netfilter", "cgroup_device", "ext"]);

export function checkCtxAccess(
  env: Env, _insnIdx: number, reg: RegState, regno: number, off0: number, size: number, t: "read" | "write", value: number, isLdsx: boolean,
): void {
  let off = off0;
  const { progType } = env;
  if (progType === "syscall" && env.f.syscall_ctx_var_off) {
    checkMemRegionAccess(env, reg, `R${regno}`, off, size, 0xffff, false);
  } else checkPtrOffReg(env, reg, regno, env.f.ctx_fixed_off_ok && NO_CONVERT.has(progType));
  off += Number(reg.r64.umax);
  const info = ctxInfo(env, off, size, t, isLdsx);
  if (!info) {
    if (env.f.ctx_access_linfo) env.log.linfo(env.insnIdx, "; ");
    env.fail("EACCES", `invalid bpf_context access off=${off} size=${size}`);
  }
  if (info.refId && !findReference(env.curState, info.refId)) env.fail("EACCES", `invalid bpf_context access off=${off}. Reference may already be released`);
  if (t !== "read" || value < 0) return;
  const r = env.mut(value);
  if (info.regType === T.SCALAR_VALUE) {
    if (!NO_CONVERT.has(progType)) noteCtxLoad(env, off);
    const range = info.retval && env.f.lsm_retval_range ? lsmRetvalRange(env) : null;
    if (range) retvalLoad(env, r, range);
    else markUnknown(env, r);
    return;
  }
  markRegKnownZero(r);
  r.subregDef = 0;
  r.precise = false;
  r.refObjId = 0;
  if (T.baseType(info.regType) === T.PTR_TO_BTF_ID) {
    r.btf = info.btf;
    r.btfId = info.btfId;
    if (env.f.ref_obj_ids) r.refObjId = info.refId;
    else r.id = info.refId;
  }
  if (T.typeMayBeNull(info.regType) && !r.id) r.id = env.newId();
  r.type = info.regType;
  void setUnknown;
}

/** What an LSM hook gave so far is within what it may give. Before the register was cleared first, its old bounds stayed in force. */
function retvalLoad(env: Env, r: RegState, range: RetvalRange): void {
  if (env.f.retval_load_clears) markUnknown(env, r);
  const { r64, r32 } = r;
  const lo = BigInt(range.min), hi = BigInt(range.max);
  r.type = T.SCALAR_VALUE;
  if (env.dom.circular) {
    r.r64 = env.dom.fromS64(lo, hi);
    r.r32 = env.dom.fromS32(range.min, range.max);
  } else {
    r.r64 = env.dom.both64(r64.umin, r64.umax, r64.smin > lo ? r64.smin : lo, r64.smax < hi ? r64.smax : hi);
    r.r32 = env.dom.both32(r32.umin, r32.umax, Math.max(r32.smin, range.min), Math.min(r32.smax, range.max));
  }
  env.dom.sync(r);
}

/** BTF-typed contexts are read from the attach target's type; all others come from the kernel's table. */
function ctxInfo(env: Env, off: number, size: number, t: "read" | "write", isLdsx: boolean): CtxInfo | undefined {
  const scalar: CtxInfo = { regType: T.SCALAR_VALUE, btf: null, btfId: 0, refId: 0, retval: false };
  const { prog, kernel } = env;
  switch (prog.type) {
    case "tracing":
    case "lsm":
    case "struct_ops":
    case "ext":
      return btfCtxAccess(env, off, size, t);
    case "syscall":
      return off >= 0 && off + size <= 0xffff ? scalar : undefined;
    case "raw_tracepoint":
    case "raw_tracepoint_writable":
      if (prog.type === "raw_tracepoint" || off !== 0) return off >= 0 && off < 96 && t === "read" && off % size === 0 ? scalar : undefined;
      return t === "read" && size === 8 ? { ...scalar, regType: T.PTR_TO_TP_BUFFER } : undefined;
  }
  if (!env.bpfCapable && privilegedCtxAccess(prog.type, off, t === "write")) return undefined;
  const table = kernel.ctxAccess(prog.type, prog.attachType);
  if (!table) return env.unsupported(`context accesses of program type ${prog.type} are not known for this kernel`);
  for (const f of table.fields) {
    if (f.off !== off || f.size !== size) continue;
    if (t === "write") {
      if (f.write) return scalar;
      continue;
    }
    if (f.read === null) continue;
    const object = kernelObject(env, f.read);
    if (object) return { ...scalar, ...object };
    const type = regTypeByName(f.read);
    if (type === undefined) return env.unsupported(`a context field that reads as ${f.read} is not simulated`);
    if (isLdsx && type !== T.SCALAR_VALUE) continue;
    return { ...scalar, regType: type };
  }
  const { rest } = table;
  if (rest && off >= rest.from && off + size <= rest.to && off % size === 0 && rest.sizes.includes(size) && (t === "write" ? rest.write : rest.read === "scalar")) return scalar;
  return undefined;
}
