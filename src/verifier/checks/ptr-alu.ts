/** Arithmetic on a pointer and a scalar (kernel adjust_ptr_min_max_vals). */
import { BPF_ADD, BPF_ALU64, BPF_AND, BPF_OR, BPF_SUB, BPF_XOR, bpfClass, bpfOp } from "../../isa/table.ts";
import type { Insn } from "../../isa/types.ts";
import { R32_UNBOUNDED } from "../domains/range.ts";
import { tnumAdd, tnumIsConst, tnumSub } from "../domains/tnum.ts";
import { regTypeStr } from "../report/print-state.ts";
import { BPF_MAX_VAR_OFF, type Env } from "../state/env.ts";
import { MAX_BPF_STACK } from "../state/frame.ts";
import type { RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { ALU_SYMBOL } from "./alu-op.ts";
import { checkMapAccess } from "./mem-map.ts";
import { tnumStr } from "../report/print-state.ts";
import { markUnknown } from "./reg-arg.ts";
import { type SanitizeInfo, sanitizePtrAlu } from "./speculation.ts";

const S64_MIN = -0x8000_0000_0000_0000n;

/** False when refused; the message stands in the log. */
function checkSaneScalar(env: Env, reg: RegState, type: number): void {
  const val = BigInt.asIntN(64, reg.varOff.value);
  const { smin } = reg.r64;
  if (tnumIsConst(reg.varOff) && (val >= BPF_MAX_VAR_OFF || val <= -BPF_MAX_VAR_OFF))
    env.fail("EINVAL", `math between ${regTypeStr(env, type)} pointer and ${val} is not allowed`);
  if (smin === S64_MIN) env.fail("EINVAL", `math between ${regTypeStr(env, type)} pointer and register with unbounded min value is not allowed`);
  if (smin >= BPF_MAX_VAR_OFF || smin <= -BPF_MAX_VAR_OFF) env.fail("EINVAL", `value ${smin} makes ${regTypeStr(env, type)} pointer be out of bounds`);
}
function checkSanePtr(env: Env, reg: RegState, type: number): void {
  const val = BigInt.asIntN(64, reg.varOff.value);
  const { smin } = reg.r64;
  if (tnumIsConst(reg.varOff) && (val >= BPF_MAX_VAR_OFF || val <= -BPF_MAX_VAR_OFF)) env.fail("EINVAL", `${regTypeStr(env, type)} pointer offset ${val} is not allowed`);
  if (smin >= BPF_MAX_VAR_OFF || smin <= -BPF_MAX_VAR_OFF) env.fail("EINVAL", `${regTypeStr(env, type)} pointer offset ${smin} is not allowed`);
}
/** Releases with a fixed offset apart from the variable one (kernel check_reg_sane_offset). */
function checkSaneOld(env: Env, reg: RegState, type: number): void {
  const val = BigInt.asIntN(64, reg.varOff.value);
  if (tnumIsConst(reg.varOff) && (val >= BPF_MAX_VAR_OFF || val <= -BPF_MAX_VAR_OFF))
    env.fail("EINVAL", `math between ${regTypeStr(env, type)} pointer and ${val} is not allowed`);
  if (BigInt(reg.off) >= BPF_MAX_VAR_OFF || BigInt(reg.off) <= -BPF_MAX_VAR_OFF) env.fail("EINVAL", `${regTypeStr(env, type)} pointer offset ${reg.off} is not allowed`);
  if (reg.r64.smin === S64_MIN) env.fail("EINVAL", `math between ${regTypeStr(env, type)} pointer and register with unbounded min value is not allowed`);
  if (reg.r64.smin >= BPF_MAX_VAR_OFF || reg.r64.smin <= -BPF_MAX_VAR_OFF)
    env.fail("EINVAL", `value ${reg.r64.smin} makes ${regTypeStr(env, type)} pointer be out of bounds`);
}

/** @param ptrRegno register that holds the pointer: insn.dst, or insn.src for scalar += pointer (then `off` is a copy of the scalar) */
export function adjustPtrMinMaxVals(env: Env, insn: Insn, ptrRegno: number, off: RegState): void {
  const frame = env.cur;
  const op = bpfOp(insn.code);
  const known = tnumIsConst(off.varOff);
  const o = off.r64;
  if ((known && (o.smin !== o.smax || o.umin !== o.umax)) || o.smin > o.smax || o.umin > o.umax) {
    markUnknown(env, frame.mut(insn.dst));
    return;
  }
  const dst = insn.dst;
  if (bpfClass(insn.code) !== BPF_ALU64) {
    if (op === BPF_SUB && env.allowPtrLeaks) {
      markUnknown(env, frame.mut(dst));
      return;
    }
    env.fail("EACCES", `R${dst} 32-bit pointer arithmetic prohibited`);
  }
  const ptr = frame.regs[ptrRegno]!.clone();
  if (ptr.type & T.PTR_MAYBE_NULL)
    env.fail("EACCES", `R${dst} pointer arithmetic on ${regTypeStr(env, ptr.type)} prohibited${env.f.null_check_first_message || T.baseType(ptr.type) === T.PTR_TO_MAP_VALUE ? ", null-check it first" : ""}`);
  checkPtrKind(env, dst, ptr, known, o.smin, op);

  const ptrIsDst = ptrRegno === dst;
  const info: SanitizeInfo = { aluState: 0, aluLimit: 0, left: false };
  if (!env.f.ptr_fixed_off) {
    if (!ptrIsDst) frame.set(dst, ptr);
    if (T.baseType(ptr.type) === T.PTR_TO_MEM && ptr.type & T.PTR_UNTRUSTED) return;
    checkSaneScalar(env, off, ptr.type);
    checkSanePtr(env, ptr, ptr.type);
  } else {
    const d = !ptrIsDst && env.f.scalar_plus_ptr_whole ? frame.setWhole(dst, ptr) : frame.mut(dst);
    d.type = ptr.type;
    d.id = ptr.id;
    if (env.f.untrusted_mem_arith && T.baseType(ptr.type) === T.PTR_TO_MEM && ptr.type & T.PTR_UNTRUSTED) return;
    checkSaneOld(env, off, ptr.type);
    checkSaneOld(env, ptr, ptr.type);
  }
  if (op === BPF_ADD || op === BPF_SUB) sanitizePtrAlu(env, insn, ptr, off, ptrIsDst, info, false);
  if (env.f.ptr_fixed_off) {
    combineFixedOff(env, insn, ptr, off, ptrIsDst);
    checkSaneOld(env, frame.regs[dst]!, ptr.type);
  } else {
    combine(env, insn, ptr, off, ptrIsDst);
    checkSanePtr(env, frame.regs[dst]!, ptr.type);
  }
  const d = frame.mut(dst);
  // a packet pointer with a range keeps its bounds, which comparisons with the packet's end go by
  if (env.f.pkt_bounds_kept && T.typeIsPktPointer(d.type) && (known || d.range > 0)) env.dom.updateBounds32(d);
  else env.dom.sync(d);
  sanitizeCheckBounds(env, insn, d);
  if (op === BPF_ADD || op === BPF_SUB) sanitizePtrAlu(env, insn, d, off, true, info, true);
}

function checkPtrKind(env: Env, dst: number, ptr: RegState, known: boolean, smin: bigint, op: number): void {
  switch (T.baseType(ptr.type)) {
    case T.PTR_TO_CTX: case T.PTR_TO_MAP_VALUE: case T.PTR_TO_MAP_KEY: case T.PTR_TO_STACK: case T.PTR_TO_PACKET_META: case T.PTR_TO_PACKET:
    case T.PTR_TO_TP_BUFFER: case T.PTR_TO_BTF_ID: case T.PTR_TO_MEM: case T.PTR_TO_BUF: case T.PTR_TO_FUNC: case T.CONST_PTR_TO_DYNPTR:
      return;
    case T.PTR_TO_FLOW_KEYS:
      if (known || !env.f.flow_keys_const_off) return;
      break;
  }
  const base = T.baseType(ptr.type);
  if ((base === T.PTR_TO_FLOW_KEYS || base === T.CONST_PTR_TO_MAP) && known && smin === 0n && op === BPF_ADD) return;
  env.fail("EACCES", `R${dst} pointer arithmetic on ${regTypeStr(env, ptr.type)} prohibited`);
}
function refuseOp(env: Env, dst: number, op: number): never {
  if (op === BPF_AND || op === BPF_OR || op === BPF_XOR) env.fail("EACCES", `R${dst} bitwise operator ${ALU_SYMBOL[op]} on pointer prohibited`);
  return env.fail("EACCES", `R${dst} pointer arithmetic with ${ALU_SYMBOL[op]} operator prohibited`);
}

/** Releases where the whole offset is one variable (7.x). */
function combine(env: Env, insn: Insn, ptr: RegState, off: RegState, ptrIsDst: boolean): void {
  const { dom } = env;
  const op = bpfOp(insn.code);
  const known = tnumIsConst(off.varOff);
  if (op !== BPF_ADD && op !== BPF_SUB) refuseOp(env, insn.dst, op);
  const d = env.mut(insn.dst);
  d.r32 = R32_UNBOUNDED;
  if (op === BPF_ADD) {
    d.r64 = dom.add64(ptr.r64, off.r64);
    d.varOff = tnumAdd(ptr.varOff, off.varOff);
    if (T.typeIsPktPointer(ptr.type)) {
      if (!known) d.id = env.newId();
      if (!known || d.range < 0) d.range = 0;
    }
    return;
  }
  if (!ptrIsDst) env.fail("EACCES", `R${insn.dst} tried to subtract pointer from scalar`);
  if (ptr.type === T.PTR_TO_STACK) env.fail("EACCES", `R${insn.dst} subtraction from stack pointer prohibited`);
  d.r64 = dom.sub64(ptr.r64, off.r64);
  d.varOff = tnumSub(ptr.varOff, off.varOff);
  if (T.typeIsPktPointer(ptr.type)) {
    if (!known) d.id = env.newId();
    if ((!known && off.r64.smin < 0n) || d.range < 0) d.range = 0;
  }
}

/** Releases that keep constants in `off` and the rest in the variable part. */
function combineFixedOff(env: Env, insn: Insn, ptr: RegState, off: RegState, ptrIsDst: boolean): void {
  const { dom } = env;
  const op = bpfOp(insn.code);
  const known = tnumIsConst(off.varOff);
  if (op !== BPF_ADD && op !== BPF_SUB) refuseOp(env, insn.dst, op);
  const d = env.mut(insn.dst);
  d.r32 = R32_UNBOUNDED;
  if (op === BPF_SUB) {
    if (!ptrIsDst) env.fail("EACCES", `R${insn.dst} tried to subtract pointer from scalar`);
    if (ptr.type === T.PTR_TO_STACK) env.fail("EACCES", `R${insn.dst} subtraction from stack pointer prohibited`);
  }
  const sval = off.r64.smin;
  const next = BigInt(ptr.off) + (op === BPF_ADD ? sval : -sval);
  const copyData = (): void => {
    d.range = ptr.range;
    d.map = ptr.map;
    d.mapUid = ptr.mapUid;
    d.btf = ptr.btf;
    d.btfId = ptr.btfId;
    d.memSize = ptr.memSize;
    if (ptrIsDst || env.f.scalar_plus_ptr_whole) d.frameno = ptr.frameno;
    d.dynptrType = ptr.dynptrType;
    d.dynptrFirst = ptr.dynptrFirst;
    d.subprogno = ptr.subprogno;
  };
  copyData();
  if (known && next === BigInt.asIntN(32, next)) {
    d.r64 = ptr.r64;
    d.varOff = ptr.varOff;
    d.id = ptr.id;
    d.off = Number(next);
    if (!ptrIsDst && !env.f.scalar_plus_ptr_whole) d.refObjId = 0;
    return;
  }
  if (op === BPF_ADD) {
    d.r64 = dom.add64(ptr.r64, off.r64);
    d.varOff = tnumAdd(ptr.varOff, off.varOff);
  } else {
    d.r64 = dom.sub64(ptr.r64, off.r64);
    d.varOff = tnumSub(ptr.varOff, off.varOff);
  }
  d.off = ptr.off;
  if (T.typeIsPktPointer(ptr.type)) {
    d.id = env.newId();
    if (op === BPF_ADD || off.r64.smin < 0n) d.range = 0;
  }
}

/** Without privilege the result must lie in bounds, so that masking can hold it there. */
function sanitizeCheckBounds(env: Env, insn: Insn, d: RegState): void {
  if (env.bypassSpecV1) return;
  if (d.type === T.PTR_TO_STACK) {
    const off = Number(BigInt.asIntN(64, d.varOff.value)) + d.off;
    if (!tnumIsConst(d.varOff)) env.fail("EACCES", `R${insn.dst} variable stack access prohibited for !root, var_off=${tnumStr(env, d.varOff)} off=${off}`);
    if (off >= 0 || off < -MAX_BPF_STACK) env.fail("EACCES", `R${insn.dst} stack pointer arithmetic goes out of range, prohibited for !root; off=${off}`);
  } else if (d.type === T.PTR_TO_MAP_VALUE) {
    try {
      checkMapAccess(env, d, `R${insn.dst}`, env.f.ptr_fixed_off ? d.off : 0, 1, false, "helper");
    } catch (e) {
      env.verbose(`R${insn.dst} pointer arithmetic of map value goes out of range, prohibited for !root\n`);
      throw e;
    }
  }
}
