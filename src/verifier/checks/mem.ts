/** An access of known size through any pointer (kernel check_mem_access): dispatches by the pointer's type. */
import { scalarAdd } from "../domains/alu.ts";
import { coerceToSize, coerceToSizeSx } from "../domains/coerce.ts";
import { tnumIsConst } from "../domains/tnum.ts";
import { regTypeStr } from "../report/print-state.ts";
import type { Env } from "../state/env.ts";
import { recordFind } from "../state/maps.ts";
import { clearScalarId, constReg, markRegKnown, type RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { checkPtrAlignment } from "./mem-align.ts";
import { checkPtrToBtfAccess, checkPtrToMapAccess } from "./mem-btf.ts";
import { checkCtxAccess } from "./mem-ctx.ts";
import { checkMapAccess, checkMapAccessType, mapDirectRead, mapIsRdonly } from "./mem-map.ts";
import { checkBufferAccess, checkFlowKeysAccess, checkMemRegionAccess, checkPacketAccess, mayAccessDirectPktData } from "./mem-region.ts";
import { checkSockAccess } from "./mem-sock.ts";
import { checkStackAccessWithinBounds, checkStackRead, checkStackWrite } from "./mem-stack.ts";
import { isPointerValue, markUnknown } from "./reg-arg.ts";
import { checkMapKptrAccess } from "./kptr.ts";

export type AccessType = "read" | "write";
/** `R1`; arguments on the stack print differently (7.x reg_arg_name) */
export const regName = (regno: number): string => (regno >= 0 ? `R${regno}` : `*(R11-${-regno * 8})`);

/**
 * @param reg pointer; @param regno its number, for messages
 * @param value register read into or stored from; -1 for none
 * @param strict alignment demanded for this access
 */
export function checkMemAccess(
  env: Env, insnIdx: number, reg: RegState, regno: number, off0: number, size: number, t: AccessType, value: number, strict: boolean, isLdsx: boolean,
): void {
  checkPtrAlignment(env, reg, off0, size, strict);
  const fixed = env.f.ptr_fixed_off;
  // before 7.x the pointer's fixed offset is part of what the messages call off
  const off = fixed ? off0 + reg.off : off0;
  const name = regName(regno);
  const base = T.baseType(reg.type);
  if (reg.type === T.PTR_TO_MAP_KEY) {
    if (t === "write") env.fail("EACCES", `write to change key ${name} not allowed`);
    checkMemRegionAccess(env, reg, name, off, size, reg.map!.keySize, false);
    unknownValue(env, value);
  } else if (reg.type === T.PTR_TO_MAP_VALUE) {
    noLeak(env, t, value, "map");
    checkMapAccessType(env, reg, off, size, t);
    checkMapAccess(env, reg, name, off, size, false, "direct");
    accessMapValue(env, insnIdx, reg, off, size, t, value, isLdsx);
  } else if (base === T.PTR_TO_MEM) {
    const rdonly = T.typeIsRdonlyMem(reg.type);
    const untrusted = rdonly && (reg.type & T.PTR_UNTRUSTED) !== 0;
    if (T.typeMayBeNull(reg.type)) env.fail("EACCES", `${name} invalid mem access '${regTypeStr(env, reg.type)}'`);
    if (t === "write" && rdonly) env.fail("EACCES", `${name} cannot write into ${regTypeStr(env, reg.type)}`);
    noLeak(env, t, value, "mem");
    if (!untrusted) checkMemRegionAccess(env, reg, name, off, size, reg.memSize, false);
    if (t === "read" || rdonly) unknownValue(env, value);
  } else if (reg.type === T.PTR_TO_CTX) {
    noLeak(env, t, value, "ctx");
    checkCtxAccess(env, insnIdx, reg, regno, off, size, t, value, isLdsx);
  } else if (reg.type === T.PTR_TO_STACK) {
    checkStackAccessWithinBounds(env, reg, regno, off, size, "direct", t);
    if (t === "read") checkStackRead(env, reg, regno, off, size, value);
    else checkStackWrite(env, reg, off, size, value, insnIdx);
  } else if (T.typeIsPktPointer(reg.type)) {
    if (t === "write" && !mayAccessDirectPktData(env, null, t)) env.fail("EACCES", "cannot write into packet");
    noLeak(env, t, value, "packet");
    checkPacketAccess(env, reg, name, off, size, false);
    if (t === "read") unknownValue(env, value);
  } else if (reg.type === T.PTR_TO_FLOW_KEYS) {
    noLeak(env, t, value, "flow keys");
    checkFlowKeysAccess(env, reg, name, off, size);
    if (t === "read") unknownValue(env, value);
  } else if (T.typeIsSkPointer(reg.type)) {
    if (t === "write") env.fail("EACCES", `${name} cannot write into ${regTypeStr(env, reg.type)}`);
    checkSockAccess(env, insnIdx, reg, name, off, size, t);
    unknownValue(env, value);
  } else if (reg.type === T.PTR_TO_TP_BUFFER) {
    checkBufferAccess(env, "tracepoint", reg, name, off, size);
    if (t === "read") unknownValue(env, value);
  } else if (base === T.PTR_TO_BTF_ID && !T.typeMayBeNull(reg.type)) {
    checkPtrToBtfAccess(env, reg, name, off, size, t, value);
  } else if (reg.type === T.CONST_PTR_TO_MAP) {
    checkPtrToMapAccess(env, reg, name, off, size, t, value);
  } else if (base === T.PTR_TO_BUF && !(env.f.buf_null_checked && T.typeMayBeNull(reg.type))) {
    const rdonly = T.typeIsRdonlyMem(reg.type);
    if (rdonly && t === "write") env.fail("EACCES", `${name} cannot write into ${regTypeStr(env, reg.type)}`);
    checkBufferAccess(env, rdonly ? "rdonly" : "rdwr", reg, name, off, size);
    if (rdonly || t === "read") unknownValue(env, value);
  } else if (reg.type === T.PTR_TO_ARENA) {
    if (t === "read") unknownValue(env, value);
  } else {
    env.fail("EACCES", `${name} invalid mem access '${regTypeStr(env, reg.type)}'`);
  }
  if (size < 8 && value >= 0 && t === "read" && env.reg(value).type === T.SCALAR_VALUE) {
    const r = env.mut(value);
    if (!isLdsx) coerceToSize(env.dom, r, size);
    else {
      const noSext = r.r64.umax < 1n << BigInt(size * 8 - 1);
      coerceToSizeSx(env.dom, r, size);
      if (!noSext && env.f.linked_add_const_wide) clearScalarId(r);
    }
  }
}

function noLeak(env: Env, t: AccessType, value: number, what: string): void {
  if (t === "write" && value >= 0 && isPointerValue(env, env.reg(value))) env.fail("EACCES", `R${value} leaks addr into ${what}`);
}
function unknownValue(env: Env, value: number): void {
  if (value >= 0) markUnknown(env, env.mut(value));
}
function accessMapValue(env: Env, insnIdx: number, reg: RegState, off: number, size: number, t: AccessType, value: number, isLdsx: boolean): void {
  const map = reg.map!;
  const isConst = tnumIsConst(reg.varOff);
  const at = off + Number(BigInt.asIntN(32, reg.varOff.value));
  const kptr = isConst ? recordFind(map.record, at, "kptr_unref", "kptr_ref", "kptr_percpu", "uptr") : undefined;
  if (kptr) {
    checkMapKptrAccess(env, value, insnIdx, kptr);
    return;
  }
  if (t !== "read" || value < 0) return;
  const r = env.mut(value);
  if (isConst && mapIsRdonly(map) && map.type !== "insn_array") {
    const v = mapDirectRead(map, at, size, isLdsx);
    if (v === undefined) env.failSilently("EINVAL");
    r.type = T.SCALAR_VALUE;
    markRegKnown(r, v);
  } else if (map.type === "insn_array") {
    if (size !== 8) env.fail("EACCES", `Invalid read of ${size} bytes from insn_array`);
    const dst = env.cur.set(value, reg);
    dst.subregDef = 0;
    if (env.f.ptr_fixed_off) dst.off = off;
    else if (off !== 0) {
      scalarAdd(env.dom, dst, constReg(BigInt(off)));
      env.dom.sync(dst);
    }
    dst.type = T.PTR_TO_INSN;
  } else markUnknown(env, r);
}
