/** Memory that a helper or kfunc reads or writes (kernel check_helper_mem_access, check_mem_size_reg, check_mem_reg). */
import { tnumIsConst } from "../domains/tnum.ts";
import { markChainPrecision } from "../passes/backtrack.ts";
import { regTypeStr } from "../report/print-state.ts";
import { BPF_MAX_VAR_SIZ, type Env } from "../state/env.ts";
import { registerIsNull, type RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { checkCtxAccess, NO_CONVERT } from "./mem-ctx.ts";
import { regName } from "./mem.ts";
import { checkPtrToBtfAccess } from "./mem-btf.ts";
import { checkMapAccess, checkMapAccessType } from "./mem-map.ts";
import { checkBufferAccess, checkMemRegionAccess, checkPacketAccess } from "./mem-region.ts";
import { markPtrNotNull } from "./null-check.ts";
import { checkStackRangeInitialized, type RawMem } from "./stack-range.ts";

/** @param raw of an uninitialised argument: filled with what to mark as written */
export function checkHelperMemAccess(env: Env, reg: RegState, regno: number, size: number, t: "read" | "write", zeroOk: boolean, raw: RawMem | null): void {
  const name = regName(regno);
  const off = env.f.ptr_fixed_off ? reg.off : 0;
  const noWrite = (): void => {
    if (t === "write") env.fail("EACCES", `${name} cannot write into ${regTypeStr(env, reg.type)}`);
  };
  switch (T.baseType(reg.type)) {
    case T.PTR_TO_PACKET:
    case T.PTR_TO_PACKET_META:
      checkPacketAccess(env, reg, name, off, size, zeroOk);
      return;
    case T.PTR_TO_MAP_KEY:
      noWrite();
      checkMemRegionAccess(env, reg, name, off, size, reg.map!.keySize, false);
      return;
    case T.PTR_TO_MAP_VALUE:
      checkMapAccessType(env, reg, off, size, t);
      checkMapAccess(env, reg, name, off, size, zeroOk, "helper");
      return;
    case T.PTR_TO_MEM:
      if (T.typeIsRdonlyMem(reg.type)) noWrite();
      checkMemRegionAccess(env, reg, name, off, size, reg.memSize, zeroOk);
      return;
    case T.PTR_TO_BUF:
      if (T.typeIsRdonlyMem(reg.type)) noWrite();
      checkBufferAccess(env, T.typeIsRdonlyMem(reg.type) ? "rdonly" : "rdwr", reg, name, off, size);
      return;
    case T.PTR_TO_STACK:
      checkStackRangeInitialized(env, reg, regno, off, size, zeroOk, t, raw);
      return;
    case T.PTR_TO_BTF_ID:
      checkPtrToBtfAccess(env, reg, name, off, size, env.f.btf_mem_writes_checked ? t : "read", -1);
      return;
    case T.PTR_TO_CTX:
      if (env.f.ctx_last_byte && NO_CONVERT.has(env.progType)) {
        if (size === 0 && !zeroOk) env.failSilently("EACCES");
        if (size > 0) checkCtxAccess(env, env.insnIdx, reg, regno, off + size - 1, 1, t, -1, false);
        return;
      }
      if (env.f.syscall_ctx_var_off && env.progType === "syscall") {
        checkMemRegionAccess(env, reg, name, off, size, 0xffff, zeroOk);
        return;
      }
      break;
  }
  if (zeroOk && size === 0 && registerIsNull(reg)) return;
  env.fail("EACCES", `${name} type=${regTypeStr(env, reg.type)} expected=${regTypeStr(env, T.PTR_TO_STACK)}`);
}

/** A pointer with its size in the next register. Gives the largest size. */
export function checkMemSizeReg(env: Env, memRegno: number, sizeRegno: number, t: "read" | "write", zeroOk: boolean, raw: RawMem | null, precise = true): bigint {
  const size = env.reg(sizeRegno);
  const { umin, umax, smin } = size.r64;
  const name = regName(sizeRegno);
  if (smin < 0n) env.fail("EACCES", `${name} min value is negative, either use unsigned or 'var &= const'`);
  if (umin === 0n && !zeroOk && env.f.zero_size_message) env.fail("EACCES", `${name} invalid zero-sized read: u64=[${umin},${BigInt.asIntN(64, umax)}]`);
  if (umin === 0n && !env.f.zero_size_message) checkHelperMemAccess(env, env.reg(memRegno), memRegno, 0, t, zeroOk, tnumIsConst(size.varOff) ? raw : null);
  if (umax >= BPF_MAX_VAR_SIZ) env.fail("EACCES", `${name} unbounded memory access, use 'var &= const' or 'if (var < const)'`);
  checkHelperMemAccess(env, env.reg(memRegno), memRegno, Number(umax), t, zeroOk, tnumIsConst(size.varOff) ? raw : null);
  if (precise) markChainPrecision(env, sizeRegno);
  return umax;
}

/** A pointer to memory of fixed size that may be read and written (arguments of global functions and kfuncs). */
export function checkMemReg(env: Env, regno: number, reg: RegState, mut: () => RegState, memSize: number): void {
  if (registerIsNull(reg)) {
    if (env.f.null_mem_arg_precise && regno > 0) markChainPrecision(env, regno);
    return;
  }
  if (memSize > 0x7fff_ffff) env.fail("EACCES", `${regName(regno)} memory size ${memSize} is too large`);
  let r = reg;
  let saved: RegState | null = null;
  if (T.typeMayBeNull(reg.type)) {
    saved = reg.clone();
    r = mut();
    markPtrNotNull(r);
  }
  const size = env.f.stack_poison && T.baseType(r.type) === T.PTR_TO_STACK ? -memSize : memSize;
  try {
    checkHelperMemAccess(env, r, regno, size, "read", true, null);
    checkHelperMemAccess(env, r, regno, size, "write", true, null);
  } finally {
    if (saved) {
      const m = mut();
      m.type = saved.type;
      m.map = saved.map;
      m.mapUid = saved.mapUid;
    }
  }
}

/** Memory and size of a kfunc, in registers memRegno and the next: readable and writable. */
export function checkKfuncMemSize(env: Env, memRegno: number): void {
  const saved = T.typeMayBeNull(env.reg(memRegno).type) && !env.f.mem_size_precise_once ? env.reg(memRegno).clone() : null;
  if (saved) markPtrNotNull(env.mut(memRegno));
  try {
    checkMemSizeReg(env, memRegno, memRegno + 1, "read", true, null, !env.f.mem_size_precise_once);
    checkMemSizeReg(env, memRegno, memRegno + 1, "write", true, null);
  } finally {
    if (saved) {
      const m = env.mut(memRegno);
      m.type = saved.type;
      m.map = saved.map;
      m.mapUid = saved.mapUid;
    }
  }
}
