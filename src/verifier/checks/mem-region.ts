/** Accesses to a region of known size: memory, packets, buffers, flow keys (kernel check_mem_region_access, check_packet_access …). */
import { tnumIsConst } from "../domains/tnum.ts";
import { regTypeStr, tnumStr } from "../report/print-state.ts";
import { BPF_MAX_VAR_OFF, type Env } from "../state/env.ts";
import type { RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";

/** @returns the message of the refusal, or null */
function outside(env: Env, reg: RegState, name: string, off: bigint, size: number, memSize: number, zeroOk: boolean): string | null {
  const sizeOk = size > 0 || (size === 0 && zeroOk);
  if (off >= 0n && sizeOk && off + BigInt(size) <= BigInt(memSize)) return null;
  const o = Number(BigInt.asIntN(32, off));
  switch (reg.type) {
    case T.PTR_TO_MAP_KEY: return `invalid access to map key, key_size=${memSize} off=${o} size=${size}`;
    case T.PTR_TO_MAP_VALUE: return `invalid access to map value, value_size=${memSize} off=${o} size=${size}`;
    case T.PTR_TO_PACKET: case T.PTR_TO_PACKET_META: case T.PTR_TO_PACKET_END:
      return `invalid access to packet, off=${o} size=${size}, ${name}(id=${reg.id},off=${o},r=${memSize})`;
    case T.PTR_TO_CTX:
      if (env.f.ctx_region_message) return `invalid access to context, ctx_size=${memSize} off=${o} size=${size}`;
  }
  return `invalid access to memory, mem_size=${memSize >>> 0} off=${o} size=${size}`;
}

/** Both ends of the variable offset must keep the access inside. */
export function checkMemRegionAccess(env: Env, reg: RegState, name: string, off: number, size: number, memSize: number, zeroOk: boolean): void {
  const o = BigInt(off);
  const { smin, umax } = reg.r64;
  env.accessed = { insn: env.insnIdx, off, size, object: memSize };
  if (!env.f.log_changes_only && env.log.verbose) env.log.state(env.curState, env.curState.curframe, true);
  const lo = smin + o;
  if (smin < 0n && (smin === -0x8000_0000_0000_0000n || lo !== BigInt.asIntN(32, lo) || lo < 0n))
    env.fail("EACCES", `${name} min value is negative, either use unsigned index or do a if (index >=0) check.`);
  let bad = outside(env, reg, name, lo, size, memSize, zeroOk);
  if (bad) {
    env.verbose(`${bad}\n`);
    env.failReported("EACCES", `${name} min value is outside of the allowed memory range`);
  }
  if (umax >= BPF_MAX_VAR_OFF) env.fail("EACCES", `${name} unbounded memory access, make sure to bounds check any such access`);
  bad = outside(env, reg, name, umax + o, size, memSize, zeroOk);
  if (bad) {
    env.verbose(`${bad}\n`);
    env.fail("EACCES", `${name} max value is outside of the allowed memory range`);
  }
}

/** Kernel check_packet_access. Before 7.x the range is compared with fixed offset and size, and the variable part must be non-negative. */
export function checkPacketAccess(env: Env, reg: RegState, name: string, off: number, size: number, zeroOk: boolean): void {
  if (!env.f.ptr_fixed_off) {
    if (reg.range < 0) env.fail("EINVAL", `${name} offset is outside of the packet`);
    checkMemRegionAccess(env, reg, name, off, size, reg.range, zeroOk);
    return;
  }
  if (reg.r64.smin < 0n) env.fail("EACCES", `${name} min value is negative, either use unsigned index or do a if (index >=0) check.`);
  const bad = reg.range < 0 ? undefined : outside(env, reg, name, BigInt(off), size, reg.range, zeroOk);
  if (bad === null) return;
  if (bad) env.verbose(`${bad}\n`);
  env.fail("EINVAL", `${name} offset is outside of the packet`);
}

/** May packets be read or written directly in this program type? `pktAccess`: of the helper asked for, null for an instruction. */
export function mayAccessDirectPktData(env: Env, pktAccess: boolean | null, t: "read" | "write"): boolean {
  switch (env.progType) {
    case "lwt_in": case "lwt_out": case "lwt_seg6local": case "sk_reuseport": case "flow_dissector": case "cgroup_skb":
      if (t === "write") return false;
      break;
    case "sched_cls": case "sched_act": case "xdp": case "lwt_xmit": case "sk_skb": case "sk_msg":
      break;
    case "cgroup_sockopt":
      if (t === "write") env.seenDirectWrite = true;
      return true;
    default: {
      const packet = env.kernel.policy?.programTypes.get(env.progType)?.packet ?? null;
      if (packet === null || (t === "write" && packet === "read")) return false;
    }
  }
  if (pktAccess !== null) return pktAccess;
  env.seenDirectWrite = true;
  return true;
}

/** Tracepoint and iterator buffers: constant, non-negative offsets only. */
export function checkBufferAccess(env: Env, what: string, reg: RegState, name: string, off: number, size: number): void {
  if (!env.f.ptr_fixed_off) {
    if (!tnumIsConst(reg.varOff)) env.fail("EACCES", `${name} invalid variable buffer offset: off=${off}, var_off=${tnumStr(env, reg.varOff)}`);
    const start = BigInt.asIntN(64, reg.varOff.value);
    if (start + BigInt(off) < 0n) env.fail("EACCES", `${name} invalid negative ${what} buffer offset: off=${off}, var_off=${start}`);
    return;
  }
  if (off < 0) env.fail("EACCES", `${name} invalid ${what} buffer access: off=${off}, size=${size}`);
  if (!tnumIsConst(reg.varOff) || reg.varOff.value !== 0n) env.fail("EACCES", `${name} invalid variable buffer offset: off=${off}, var_off=${tnumStr(env, reg.varOff)}`);
}
export function checkFlowKeysAccess(env: Env, reg: RegState, name: string, off0: number, size: number): void {
  let off = off0;
  if (!env.f.ptr_fixed_off) {
    if (!tnumIsConst(reg.varOff)) env.fail("EACCES", `${name} invalid variable offset to flow keys: off=${off}, var_off=${tnumStr(env, reg.varOff)}`);
    if (!env.f.flow_keys_off_forgotten) off += Number(BigInt.asIntN(32, reg.varOff.value));
  }
  if (size < 0 || off < 0 || off + size > FLOW_KEYS_SIZE) env.fail("EACCES", `invalid access to flow keys off=${off} size=${size}`);
}
/** sizeof(struct bpf_flow_keys) */
const FLOW_KEYS_SIZE = 56;

/** The pointer as it was given, moved at most by a constant (kernel __check_ptr_off_reg). */
export function checkPtrOffReg(env: Env, reg: RegState, regno: number, fixedOffOk: boolean): void {
  const v = BigInt.asIntN(64, reg.varOff.value);
  if (!env.f.ptr_fixed_off) {
    if (!tnumIsConst(reg.varOff)) env.fail("EACCES", `variable ${regTypeStr(env, reg.type)} access var_off=${tnumStr(env, reg.varOff)} disallowed`);
    if (reg.r64.smin < 0n) env.fail("EACCES", `negative offset ${regTypeStr(env, reg.type)} ptr R${regno} off=${v} disallowed`);
    if (!fixedOffOk && v !== 0n) env.failReported("EACCES", `dereference of modified ${regTypeStr(env, reg.type)} ptr R${regno} off=${v} disallowed`);
    return;
  }
  if (reg.off < 0 && env.f.negative_offset_message) env.fail("EACCES", `negative offset ${regTypeStr(env, reg.type)} ptr R${regno} off=${reg.off} disallowed`);
  if (!fixedOffOk && reg.off) env.failReported("EACCES", `dereference of modified ${regTypeStr(env, reg.type)} ptr R${regno} off=${reg.off} disallowed`);
  if (!tnumIsConst(reg.varOff) || reg.varOff.value !== 0n) env.fail("EACCES", `variable ${regTypeStr(env, reg.type)} access var_off=${tnumStr(env, reg.varOff)} disallowed`);
}
