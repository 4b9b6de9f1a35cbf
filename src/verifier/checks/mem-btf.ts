/** Pointers to kernel and program types (kernel check_ptr_to_btf_access, btf_struct_access) and to maps' own structs. */
import { type Btf, BtfKind } from "../../btf/types.ts";
import { tnumStr } from "../report/print-state.ts";
import type { Env } from "../state/env.ts";
import { VerifierError } from "../state/errors.ts";
import { markRegKnownZero, type RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { structWalk } from "./btf-match.ts";
import { mayFault } from "./load-store.ts";
import { findStructRecord, fieldTypeName } from "./record.ts";
import { markUnknown } from "./reg-arg.ts";
import { conntrackWrite, structOpsWrite } from "./kernel-writes.ts";
import { isRcuReg, isTrustedReg } from "./trust.ts";

type Found = { type: "scalar" } | { type: "btf"; id: number; flags: number; field: string } | { type: "mem"; flags: number };

/** What [off, off+size) of an object of that type is (kernel btf_struct_access). */
function structAccess(env: Env, reg: RegState, off0: number, size: number): Found {
  const btf = reg.btf!;
  const alloc = T.typeIsAlloc(reg.type);
  if (alloc) {
    for (const f of findStructRecord(env, btf, reg.btfId)?.fields ?? [])
      if (off0 < f.offset + f.size && f.offset < off0 + size) env.fail("EACCES", `direct access to ${fieldTypeName(f.type)} is disallowed`);
  }
  let id = reg.btfId, off = off0, flags = 0;
  for (let depth = 0; depth < 64; depth++) {
    const w = structWalk(btf, id, off, size, flags, !alloc);
    if (w.kind === "error") return env.fail(w.errno, w.line);
    flags = w.flags;
    if (w.kind === "scalar") return { type: "scalar" };
    if (w.kind === "ptr") return alloc ? { type: "scalar" } : { type: "btf", id: w.id, flags: w.flags, field: w.field };
    if (w.kind === "ptr_untrusted") return env.f.untrusted_mem_fields ? { type: "mem", flags: T.MEM_RDONLY | T.PTR_UNTRUSTED } : { type: "scalar" };
    id = w.id;
    off = 0;
  }
  return env.failSilently("EINVAL");
}

/** Does the kernel list that field of the struct as one that shares its parent's trust? The lists are types named like the struct with a suffix. */
function fieldListed(reg: RegState, field: string, id: number, suffix: string): boolean {
  const btf = reg.btf!;
  const own = btf.type(reg.btfId);
  if (!own) return false;
  const safeId = btf.find(own.kind, own.name + suffix);
  const safe = safeId === undefined ? undefined : btf.type(safeId);
  if (!safe || (safe.kind !== BtfKind.STRUCT && safe.kind !== BtfKind.UNION)) return false;
  return safe.members.some((m) => {
    const t = btf.type(m.type);
    return t?.kind === BtfKind.PTR && m.name === field && btf.resolve(t.type)?.id === id;
  });
}

const NOT_PLAIN = T.PTR_TRUSTED | T.MEM_RCU;
/** Trust of a pointer read out of an object, by the trust of the pointer to it. */
function walkedFlags(env: Env, reg: RegState, found: Extract<Found, { type: "btf" }>): number {
  let { flags } = found;
  if (reg.type & T.PTR_UNTRUSTED) return T.PTR_UNTRUSTED;
  if (!isTrustedReg(env, reg) && !isRcuReg(reg)) return flags & ~NOT_PLAIN;
  const listed = (suffix: string): boolean => fieldListed(reg, found.field, found.id, suffix);
  if (listed("__safe_trusted")) return flags | T.PTR_TRUSTED;
  if (listed("__safe_trusted_or_null")) return flags | T.PTR_TRUSTED | T.PTR_MAYBE_NULL;
  if (!env.inRcuCs() || T.typeMayBeNull(reg.type)) return T.PTR_UNTRUSTED;
  if (listed("__safe_rcu")) return flags | T.MEM_RCU;
  const orNull = listed("__safe_rcu_or_null");
  if (flags & T.MEM_RCU || orNull) {
    flags |= T.MEM_RCU | T.PTR_MAYBE_NULL;
    return orNull ? flags & ~T.PTR_UNTRUSTED : flags;
  }
  if (flags & (T.MEM_PERCPU | T.MEM_USER)) return flags;
  return flags & ~NOT_PLAIN;
}

function markLoaded(env: Env, value: number, found: Found, btf: Btf, flags: number): void {
  const r = env.mut(value);
  if (found.type === "scalar") return markUnknown(env, r);
  markRegKnownZero(r);
  if (found.type === "mem") {
    r.type = T.PTR_TO_MEM | found.flags;
    r.memSize = 0;
    return;
  }
  r.type = T.PTR_TO_BTF_ID | flags;
  r.btf = btf;
  r.btfId = found.id;
  if (T.typeMayBeNull(flags)) r.id = env.newId();
}

/** `off` includes the pointer's own fixed offset where the release keeps one. */
export function checkPtrToBtfAccess(env: Env, reg: RegState, name: string, off0: number, size: number, t: "read" | "write", value: number): void {
  const btf = reg.btf!;
  const tname = btf.type(reg.btfId)?.name ?? "";
  const kernelType = btf !== env.btf;
  if (!env.allowPtrLeaks) env.fail("EPERM", `'struct ${tname}' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN`);
  if (!env.prog.gplCompatible && kernelType && env.f.btf_access_gpl) env.fail("EINVAL", `Cannot access kernel 'struct ${tname}' from non-GPL compatible program`);
  const variable = (): never => env.fail("EACCES", `${name} is ptr_${tname} invalid variable offset: off=${off0}, var_off=${tnumStr(env, reg.varOff)}`);
  if (!env.f.ptr_fixed_off && reg.varOff.mask !== 0n) variable();
  const off = env.f.ptr_fixed_off ? off0 : off0 + Number(BigInt.asIntN(32, reg.varOff.value));
  if (off < 0) env.fail("EACCES", `${name} is ptr_${tname} invalid negative access: off=${off}`);
  if (env.f.ptr_fixed_off && (reg.varOff.mask !== 0n || reg.varOff.value !== 0n)) variable();
  if (reg.type & T.MEM_USER) env.fail("EACCES", `${name} is ptr_${tname} access user memory: off=${off}`);
  if (reg.type & T.MEM_PERCPU) env.fail("EACCES", `${name} is ptr_${tname} access percpu memory: off=${off}`);
  if (t === "write" && (env.f.plain_btf_may_fault ? mayFault(reg.type) : reg.type & T.PTR_UNTRUSTED)) env.fail("EACCES", "only read is supported");
  if (t === "write" && !T.typeIsAlloc(reg.type) && (env.progType === "struct_ops" || writesConntrack(env))) {
    return named(env, `${name} cannot write into ptr_${tname} at off=${off} size=${size}`, () => {
      if (env.progType === "struct_ops") return structOpsWrite(env, reg, off, size);
      // the module nf_conntrack says what may be written; without it nothing may
      if (!env.kernel.modules.has("nf_conntrack")) env.failSilently("EACCES");
      return conntrackWrite(env, reg, off, size);
    });
  }
  if (t === "write" && !T.typeIsPtrAllocObj(reg.type)) env.fail("EACCES", "only read is supported");
  const found = structAccess(env, reg, off, size);
  const flags = found.type === "btf" ? walkedFlags(env, reg, found) : 0;
  if (t === "read" && value >= 0) markLoaded(env, value, found, btf, flags);
}

/** What a program type refuses to have written in its own words, or in none, is said once more (kernel 7.2 check_ptr_to_btf_access). */
function named(env: Env, line: string, write: () => void): void {
  if (!env.f.btf_write_refusal_named) return write();
  try {
    write();
  } catch (e) {
    if (!(e instanceof VerifierError)) throw e;
    env.fail(e.errno, line);
  }
}
const writesConntrack = (env: Env): boolean => env.f.nf_conn_writes && (env.progType === "xdp" || env.progType === "sched_cls" || env.progType === "sched_act");

/** Kernel struct behind each map type (the map_btf_id of its operations). */
function mapStruct(type: string): string {
  switch (type) {
    case "array": case "percpu_array": case "prog_array": case "perf_event_array": case "cgroup_array": case "array_of_maps":
      return "bpf_array";
    case "hash": case "percpu_hash": case "lru_hash": case "lru_percpu_hash": case "hash_of_maps":
      return "bpf_htab";
    case "lpm_trie": return "lpm_trie";
    case "stack_trace": return "bpf_stack_map";
    case "devmap": case "devmap_hash": return "bpf_dtab";
    case "cpumap": return "bpf_cpu_map";
    case "xskmap": return "xsk_map";
    case "sockmap": return "bpf_stab";
    case "sockhash": return "bpf_shtab";
    case "cgroup_storage": case "percpu_cgroup_storage": return "bpf_cgroup_storage_map";
    case "reuseport_sockarray": return "reuseport_array";
    case "queue": case "stack": return "bpf_queue_stack";
    case "ringbuf": case "user_ringbuf": return "bpf_ringbuf_map";
    case "bloom_filter": return "bpf_bloom_filter";
    case "arena": return "bpf_arena";
    case "insn_array": return "bpf_insn_array";
    default: return type.endsWith("_storage") ? "bpf_local_storage_map" : "bpf_map";
  }
}
export function checkPtrToMapAccess(env: Env, reg: RegState, name: string, off: number, size: number, t: "read" | "write", value: number): void {
  const { btf } = env.kernel;
  const { map } = reg;
  if (!btf || !map) return env.fail("ENOTSUPP", "map_ptr access not supported without CONFIG_DEBUG_INFO_BTF");
  const tname = mapStruct(map.type);
  const id = btf.find(BtfKind.STRUCT, tname);
  if (id === undefined) return env.fail("ENOTSUPP", `map_ptr access not supported for map type ${map.spec.typeId}`);
  if (!env.allowPtrLeaks) env.fail("EPERM", `${env.f.struct_access_message ? `'struct ${tname}'` : tname} access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN`);
  if (off < 0) env.fail("EACCES", `${name} is ${tname} invalid negative access: off=${off}`);
  if (t === "write") env.fail("EACCES", `only read from ${tname} is supported`);
  const as = reg.clone();
  as.type = T.PTR_TO_BTF_ID;
  as.btf = btf;
  as.btfId = id;
  const found = structAccess(env, as, off, size);
  if (value >= 0) markLoaded(env, value, found, btf, found.type === "btf" ? found.flags : 0);
}
