/** Contexts described by BTF: arguments of traced functions, LSM hooks and struct_ops members (kernel btf_ctx_access). */
import { type Btf, BtfKind, type BtfOf, type BtfParam, type BtfType } from "../../btf/types.ts";
import { isUntrustedLsmHook } from "../passes/lsm-hooks.ts";
import type { Env } from "../state/env.ts";
import { MEM_PERCPU, MEM_RDONLY, MEM_USER, PTR_MAYBE_NULL, PTR_TO_BTF_ID, PTR_TO_BUF, PTR_TRUSTED, SCALAR_VALUE } from "../state/reg-type.ts";
import { type AttachProto, attachProto } from "./attach-proto.ts";
import { walkTypeTags } from "./btf-match.ts";
import type { CtxInfo } from "./mem-ctx.ts";
import { rawTpNullArgs } from "./raw-tp-null-args.ts";
import { structOpsArg } from "./struct-ops-arg.ts";
import { structOpsPromoted } from "./kernel-writes.ts";

const MAX_ARGS = 5;
const TAGS: Readonly<Record<string, number>> = { user: MEM_USER, percpu: MEM_PERCPU };
const SCALAR: CtxInfo = { regType: SCALAR_VALUE, btf: null, btfId: 0, refId: 0, retval: false };

const isSmallInt = (t: BtfType | undefined): boolean => t?.kind === BtfKind.INT && t.size <= 8;
const isScalarArg = (t: BtfType | undefined): boolean =>
  isSmallInt(t) || t?.kind === BtfKind.ENUM || t?.kind === BtfKind.ENUM64 || t?.kind === BtfKind.STRUCT || t?.kind === BtfKind.UNION;
const isStructPtr = (btf: Btf, t: BtfType | undefined): boolean => {
  const to = t?.kind === BtfKind.PTR ? btf.resolve(t.type) : undefined;
  return to?.kind === BtfKind.STRUCT || to?.kind === BtfKind.UNION;
};

/** Index of the parameter an offset falls on; structs passed by value take as many 8-byte words as they are large. */
function argIndex(btf: Btf, params: readonly BtfParam[], off: number): number {
  let at = 0;
  for (let i = 0; i < params.length; i++) {
    const t = btf.resolve(params[i]!.type);
    const size = t?.kind === BtfKind.STRUCT || t?.kind === BtfKind.UNION ? t.size : 8;
    at += Math.ceil(size / 8) * 8;
    if (off < at) return i;
  }
  return params.length + Math.floor((off - at) / 8);
}

function argsTrusted(env: Env, target: AttachProto): boolean {
  const { progType, prog } = env;
  if (!env.f.trusted_args) return false;
  if (progType === "tracing") return prog.attachType === "trace_raw_tp" || prog.attachType === "trace_iter";
  if (progType === "lsm") return !isUntrustedLsmHook(env, target.name);
  return progType === "struct_ops";
}

export function btfCtxAccess(env: Env, off: number, size: number, t: "read" | "write"): CtxInfo | undefined {
  if (env.progType === "ext") return env.unsupported("contexts of freplace programs are not simulated");
  const target = attachProto(env);
  if (!target) return env.unsupported(`what ${env.prog.attachTo ?? "the program"} attaches to is not in this kernel's BTF`);
  if (off < 0 || off >= 96 || t !== "read" || off % size !== 0) return undefined;
  const { btf, proto, name } = target;
  const line = (text: string): undefined => {
    env.verbose(`${text}\n`);
    return undefined;
  };
  if (off % 8 !== 0) return line(`func '${name}' offset ${off} is not multiple of 8`);
  const params = proto ? proto.params.slice(target.skip) : [];
  const arg = proto ? argIndex(btf, params, off) : off / 8;
  const nr = proto ? params.length : MAX_ARGS;
  const missing = (): undefined => line(`func '${name}' doesn't have ${arg + 1}-th argument`);
  if (arg > nr) return missing();
  let type: BtfType | undefined;
  let retval = false;
  if (arg === nr) {
    const found = returnValue(env, target, line);
    if (found === "none") return missing();
    if (found === undefined) return undefined;
    if (found === "any") return SCALAR;
    type = found.type;
    retval = found.retval;
  } else {
    if (!proto) return SCALAR;
    type = btf.resolve(params[arg]!.type);
  }
  const scalar: CtxInfo = { ...SCALAR, retval };
  if (isScalarArg(type)) return scalar;
  if (type?.kind !== BtfKind.PTR) return line(`func '${name}' arg${arg} '${type?.name || "(anon)"}' has type ${kindName(type)}. Only pointer access is allowed`);
  if (env.f.ctx_pointer_size && size !== 8) return line(`func '${name}' size ${size} must be 8`);
  return pointerArg(env, target, params[arg], type as BtfOf<typeof BtfKind.PTR>, arg, off, line);
}

/** The kernel's word for a kind (btf_kind_str). */
const kindName = (t: BtfType | undefined): string => t?.kind === BtfKind.VOID ? "UNKNOWN" : Object.entries(BtfKind).find(([, v]) => v === t?.kind)?.[0] ?? "UNKNOWN";

function returnValue(env: Env, target: AttachProto, line: (text: string) => undefined): { type: BtfType | undefined; retval: boolean } | "any" | "none" | undefined {
  const { proto, btf } = target;
  switch (env.prog.attachType) {
    case "lsm_mac": case "lsm_cgroup": case "trace_fexit": case "trace_fsession":
      return proto ? { type: btf.resolve(proto.ret), retval: env.prog.attachType === "lsm_mac" } : "any";
    case "modify_return": {
      if (!proto) return undefined;
      const type = btf.resolve(proto.ret);
      return isSmallInt(type) ? { type, retval: false } : line(`ret type ${kindName(type)} not allowed for fmod_ret`);
    }
    default:
      return "none";
  }
}

function pointerArg(env: Env, target: AttachProto, param: BtfParam | undefined, ptr: BtfOf<typeof BtfKind.PTR>, arg: number, off: number, line: (text: string) => undefined): CtxInfo | undefined {
  const { btf, name } = target;
  const iter = env.prog.attachType === "trace_iter" ? iterArg(env, target, param, ptr) : undefined;
  if (iter && iter.regType !== SCALAR_VALUE && (iter.regType & 0xff) === PTR_TO_BUF) return iter;
  const special = env.progType === "struct_ops" ? structOpsArg(env, target, arg) : undefined;
  if (special) return special;
  if (!isStructPtr(btf, ptr)) {
    const to = btf.resolve(ptr.type);
    if (env.f.ctx_any_pointer || to?.kind === BtfKind.VOID || (to?.kind === BtfKind.INT && (env.f.ctx_int_pointer || to.size === 1))) return SCALAR;
    return line(`func '${name}' arg${arg} type ${kindName(to)} is not a struct`);
  }
  if (iter) return iter;
  let regType = PTR_TO_BTF_ID | (argsTrusted(env, target) ? PTR_TRUSTED : 0);
  if (param?.name.endsWith("__nullable")) regType |= PTR_MAYBE_NULL;
  let mayBeError = false;
  if (env.prog.attachType === "trace_raw_tp" && env.f.raw_tp_null_args) {
    const facts = rawTpNullArgs(name);
    if (facts.maybeNull.includes(arg) || (!facts.known && btf.base !== null)) regType |= PTR_MAYBE_NULL;
    mayBeError = facts.maybeError.includes(arg);
  }
  const to = walkTypeTags(btf, ptr, TAGS);
  if (!to) return line(`func '${name}' arg${arg} type PTR has multiple type tags`);
  line(`func '${name}' arg${arg} has btf_id ${to.id} type ${kindName(to.type)} '${to.type.name}'`);
  if (mayBeError) {
    env.verbose(`marking pointer arg${arg} as scalar as it may encode error`);
    return SCALAR;
  }
  return { regType: regType | to.flags, btf, btfId: env.progType === "struct_ops" && !to.flags ? structOpsPromoted(env, btf, to.id) : to.id, refId: 0, retval: false };
}

/** Iterator targets declare what their arguments are; those not listed are like any other (the ctx_arg_info of each bpf_iter_reg, kernel 7.2). */
const ITER_ARGS: Readonly<Record<string, Readonly<Record<string, "buf" | "rdonly_buf" | "plain" | "trusted">>>> = {
  bpf_iter_bpf_link: { link: "plain" }, bpf_iter_bpf_map: { map: "trusted" }, bpf_iter_bpf_map_elem: { key: "rdonly_buf", value: "buf" }, bpf_iter_bpf_prog: { prog: "plain" },
  bpf_iter_bpf_sk_storage_map: { sk: "plain", value: "buf" }, bpf_iter_cgroup: { cgroup: "trusted" }, bpf_iter_dmabuf: { dmabuf: "plain" }, bpf_iter_ipv6_route: { rt: "plain" },
  bpf_iter_kmem_cache: { s: "trusted" }, bpf_iter_ksym: { ksym: "plain" }, bpf_iter_netlink: { sk: "plain" }, bpf_iter_sockmap: { key: "rdonly_buf", sk: "plain" },
  bpf_iter_task: { task: "trusted" }, bpf_iter_task_file: { task: "plain", file: "plain" }, bpf_iter_task_vma: { task: "plain", vma: "plain" }, bpf_iter_tcp: { sk_common: "trusted" },
  bpf_iter_udp: { udp_sk: "trusted" }, bpf_iter_unix: { unix_sk: "plain" },
};
function iterArg(env: Env, target: AttachProto, param: BtfParam | undefined, ptr: BtfOf<typeof BtfKind.PTR>): CtxInfo | undefined {
  const kind = ITER_ARGS[target.name]?.[param?.name ?? ""];
  if (!kind) return undefined;
  if (kind === "buf" || kind === "rdonly_buf") return { ...SCALAR, regType: PTR_TO_BUF | PTR_MAYBE_NULL | (kind === "buf" ? 0 : MEM_RDONLY) };
  const trusted = env.f.trusted_args && kind === "trusted" ? PTR_TRUSTED : 0;
  return { ...SCALAR, regType: PTR_TO_BTF_ID | PTR_MAYBE_NULL | trusted, btf: target.btf, btfId: target.btf.resolve(ptr.type)?.id ?? 0 };
}
