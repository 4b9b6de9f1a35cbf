/** Stack accesses: spills, fills, partial and variable ones (kernel check_stack_read*, check_stack_write*). */
import { BPF_MEM, BPF_ST, bpfClass, bpfMode } from "../../isa/table.ts";
import { R32_UNBOUNDED, r32Equal, R64_UNBOUNDED, r64Equal } from "../domains/range.ts";
import { fls64, tnumIsConst, tnumIsUnknown } from "../domains/tnum.ts";
import { markChainPrecision, markPrecision } from "../passes/backtrack.ts";
import { pushJmpHistory } from "../passes/jmp-history.ts";
import { tnumStr } from "../report/print-state.ts";
import { BPF_MAX_VAR_OFF, type Env } from "../state/env.ts";
import {
  BPF_REG_FP, type FuncState, getSpi, isSpilledReg, isSpilledScalarReg, MAX_BPF_STACK, slotType, STACK_DYNPTR, STACK_INVALID, STACK_IRQ_FLAG, STACK_ITER, STACK_MISC,
  STACK_POISON, STACK_SPILL, STACK_ZERO, withSlotType,
} from "../state/frame.ts";
import { constReg, registerIsNull, type RegState } from "../state/reg-state.ts";
import { INSN_F_STACK_ACCESS } from "../state/state.ts";
import * as T from "../state/reg-type.ts";
import { markSlotRead, markSlotWritten } from "../passes/stack-live-marks.ts";
import { checkFastcallStackContract } from "../passes/fastcall.ts";
import { destroyIfDynptrSlot } from "./dynptr-slots.ts";
import { regName } from "./mem.ts";
import { markUnknown } from "./reg-arg.ts";
import { assignScalarIdBeforeMov } from "./scalar-ids.ts";
import { checkStackRangeInitialized } from "./stack-range.ts";

const SPILLABLE = new Set([
  T.PTR_TO_MAP_VALUE, T.PTR_TO_STACK, T.PTR_TO_CTX, T.PTR_TO_PACKET, T.PTR_TO_PACKET_META, T.PTR_TO_PACKET_END, T.PTR_TO_FLOW_KEYS, T.CONST_PTR_TO_MAP,
  T.PTR_TO_SOCKET, T.PTR_TO_SOCK_COMMON, T.PTR_TO_TCP_SOCK, T.PTR_TO_XDP_SOCK, T.PTR_TO_BTF_ID, T.PTR_TO_BUF, T.PTR_TO_MEM, T.PTR_TO_FUNC,
  T.PTR_TO_MAP_KEY, T.PTR_TO_ARENA, T.PTR_TO_PERCPU_BTF_ID,
]);
const spillable = (env: Env, type: number): boolean =>
  env.f.spill_any_pointer ? type !== T.SCALAR_VALUE && type !== T.NOT_INIT : SPILLABLE.has(T.baseType(type));
const varOffNum = (r: RegState): number => Number(BigInt.asIntN(32, r.varOff.value));

/** Within the 512 bytes, and grows the frame to what is touched. `src` only matters before 6.x. */
export function checkStackAccessWithinBounds(env: Env, reg: RegState, regno: number, off: number, size: number, src: "direct" | "helper", t: "read" | "write"): void {
  const frame = env.frameOf(reg);
  const extra = !env.f.stack_helper_access_typed && src === "helper" ? " indirect access to" : t === "read" ? " read from" : " write to";
  const name = regName(regno);
  const isConst = tnumIsConst(reg.varOff);
  let min: bigint, max: bigint;
  if (isConst) {
    min = BigInt.asIntN(64, reg.varOff.value) + BigInt(off);
    max = min + BigInt(size);
  } else {
    if (reg.r64.smax >= BPF_MAX_VAR_OFF || reg.r64.smin <= -BPF_MAX_VAR_OFF) env.fail("EACCES", `invalid unbounded variable-offset${extra} stack ${name}`);
    min = reg.r64.smin + BigInt(off);
    max = reg.r64.smax + BigInt(off + size);
  }
  const minValid = t === "write" || (env.allowUninitStack && env.f.stack_grows_on_read) ? -MAX_BPF_STACK : -frame.allocatedStack;
  let errno = "";
  if (min < BigInt(minValid) || min > -1n) errno = "EACCES";
  else if (max > 0n) errno = "EINVAL";
  else if (size < 0) errno = "EFAULT";
  if (errno) {
    if (isConst) env.fail(errno, `invalid${extra} stack ${name} off=${env.f.ptr_fixed_off ? off : min} size=${size}`);
    env.fail(errno, `invalid variable-offset${extra} stack ${name} var_off=${tnumStr(env, reg.varOff)}${env.f.stack_var_message_off ? ` off=${off}` : ""} size=${size}`);
  }
  if (env.f.stack_grows_on_read) return growStack(env, frame, Number(-min));
  // before 6.1 helpers do so once all is found in order, and the program's depth leaves the variable part out
  if (src === "helper") return;
  if (t === "write") frame.growStack(Number(-min));
  growStack(env, frame, isConst ? Number(-min) : -off, false);
}
export function growStack(env: Env, frame: FuncState, bytes: number, slots = true): void {
  if (slots) frame.growStack(bytes);
  const info = env.subprogs[frame.subprogno]!;
  info.stackDepth = Math.max(info.stackDepth, env.f.stack_grows_on_read ? Math.ceil(bytes / 8) * 8 : bytes);
}

const scrub = (types: number, j: number): number => {
  const t = slotType(types, j);
  return t === STACK_INVALID || t === STACK_POISON ? types : withSlotType(types, j, STACK_MISC);
};
/** A write of plain data destroys what the slot held. */
function scrubSpecialSlot(frame: FuncState, spi: number): void {
  const slot = frame.mutSlot(spi);
  if (slot.spilled.type !== T.NOT_INIT) frame.mutSpilled(spi).type = T.NOT_INIT;
  const last = slotType(slot.types, 7);
  if (last === STACK_SPILL || last === STACK_DYNPTR || last === STACK_ITER || last === STACK_IRQ_FLAG)
    for (let j = 0; j < 8; j++) slot.types = scrub(slot.types, j);
}
/** Kernel save_register_state. */
function saveRegister(env: Env, frame: FuncState, spi: number, reg: RegState, size: number): RegState {
  const saved = frame.setSpilled(spi, reg);
  if (size === 8) markSlotWritten(env, frame, spi);
  const slot = frame.mutSlot(spi);
  let i = 8;
  for (; i > 8 - size; i--) slot.types = withSlotType(slot.types, i - 1, STACK_SPILL);
  for (; i; i--) {
    const t = slotType(slot.types, i - 1);
    if (!env.f.spill_keeps_zero) {
      slot.types = scrub(slot.types, i - 1);
      continue;
    }
    if (t === STACK_ZERO || t === STACK_POISON || (t === STACK_INVALID && (env.f.misc_keeps_invalid || !env.allowPtrLeaks))) continue;
    slot.types = withSlotType(slot.types, i - 1, STACK_MISC);
  }
  return saved;
}

export function checkStackWrite(env: Env, reg: RegState, off: number, size: number, value: number, insnIdx: number): void {
  const frame = env.frameOf(reg);
  if (tnumIsConst(reg.varOff)) writeFixed(env, frame, off + varOffNum(reg), size, value, insnIdx);
  else writeVar(env, frame, reg, off, size, value, insnIdx);
}

/** Nothing is known: such a scalar is not worth a spill before 6.8 (kernel register_is_bounded). */
const unbounded = (r: RegState): boolean => tnumIsUnknown(r.varOff) && r64Equal(r.r64, R64_UNBOUNDED) && r32Equal(r.r32, R32_UNBOUNDED);

function writeFixed(env: Env, frame: FuncState, off: number, size: number, value: number, insnIdx: number): void {
  const insn = env.insns[insnIdx]!;
  const slotNo = -off - 1;
  const spi = slotNo >> 3;
  const slot0 = frame.stack[spi]!;
  if (!env.allowPtrLeaks && isSpilledReg(slot0) && !isSpilledScalarReg(slot0) && size !== 8) env.fail("EACCES", "attempt to corrupt spilled pointer on stack");
  const cur = env.cur;
  let reg = value >= 0 ? cur.regs[value]! : null;
  if (!env.bypassSpecV4) {
    let sanitize = reg !== null && spillable(env, reg.type);
    for (let i = 0; i < size; i++) {
      const t = slotType(slot0.types, (slotNo - i) & 7);
      if (t !== STACK_MISC && t !== STACK_ZERO) sanitize = true;
    }
    if (sanitize) env.aux[insnIdx]!.nospecResult = true;
  }
  destroyIfDynptrSlot(env, frame, spi);
  checkFastcallStackContract(env, frame, insnIdx, off);
  env.markSlotScratched(spi);
  const isSt = bpfClass(insn.code) === BPF_ST && bpfMode(insn.code) === BPF_MEM;
  let flags = INSN_F_STACK_ACCESS;
  if (reg && off % 8 === 0 && reg.type === T.SCALAR_VALUE && env.bpfCapable && (env.f.spill_keeps_zero || (!unbounded(reg) && !registerIsNull(reg)))) {
    if (!env.f.precision_all_frames && insn.dst !== BPF_REG_FP) markChainPrecision(env, value);
    const fits = fls64(reg.r64.umax) <= 8 * size;
    if (fits && env.f.spill_links_id) {
      assignScalarIdBeforeMov(env, () => cur.mut(value), reg);
      reg = cur.regs[value]!;
    }
    const saved = saveRegister(env, frame, spi, reg, size);
    if (!fits) saved.id = 0;
  } else if (!reg && off % 8 === 0 && isSt && env.bpfCapable && (env.f.spill_keeps_zero || insn.imm !== 0)) {
    const r = constReg(BigInt(insn.imm));
    saveRegister(env, frame, spi, r, size);
  } else if (reg && spillable(env, reg.type)) {
    if (size !== 8) {
      env.log.linfo(insnIdx, "; ");
      env.fail("EACCES", "invalid size of register spill");
    }
    if (frame !== cur && reg.type === T.PTR_TO_STACK) env.fail("EINVAL", "cannot spill pointers to stack into stack frame of the caller");
    saveRegister(env, frame, spi, reg, size);
  } else {
    scrubSpecialSlot(frame, spi);
    if (size === 8) markSlotWritten(env, frame, spi);
    let type = STACK_MISC;
    if ((reg && registerIsNull(reg)) || (!reg && isSt && insn.imm === 0)) {
      if (value >= 0) markChainPrecision(env, value);
      type = STACK_ZERO;
    }
    const slot = frame.mutSlot(spi);
    for (let i = 0; i < size; i++) slot.types = withSlotType(slot.types, (slotNo - i) & 7, type);
    flags = 0;
  }
  if (flags && env.f.stack_access_history) pushJmpHistory(env, env.curState, flags, spi, frame.frameno);
}

function writeVar(env: Env, frame: FuncState, ptr: RegState, off: number, size: number, value: number, insnIdx: number): void {
  const insn = env.insns[insnIdx]!;
  const min = Number(ptr.r64.smin) + off;
  const max = Number(ptr.r64.smax) + off + size;
  const reg = value >= 0 ? env.cur.regs[value]! : null;
  const isSt = bpfClass(insn.code) === BPF_ST && bpfMode(insn.code) === BPF_MEM;
  const zero = (reg && registerIsNull(reg)) || (!reg && isSt && insn.imm === 0 && env.f.spill_keeps_zero);
  let zeroUsed = false;
  for (let i = min; i < max; i++) destroyIfDynptrSlot(env, frame, getSpi(i));
  checkFastcallStackContract(env, frame, insnIdx, min);
  for (let i = min; i < max; i++) {
    const slotNo = -i - 1;
    const spi = slotNo >> 3;
    const at = slotNo & 7;
    const t = slotType(frame.stack[spi]!.types, at);
    env.markSlotScratched(spi);
    if (!env.allowPtrLeaks && t !== STACK_MISC && t !== STACK_ZERO) {
      env.verbose(`spilled ptr in range of var-offset stack write; insn ${insnIdx}, ptr off: ${i}`);
      env.failSilently("EINVAL");
    }
    const slot0 = frame.stack[spi]!;
    if (zero && env.f.var_write_keeps_zero_spill && t === STACK_SPILL && isSpilledScalarReg(slot0) && tnumIsConst(slot0.spilled.varOff) && slot0.spilled.varOff.value === 0n) {
      zeroUsed = true;
      continue;
    }
    if (env.f.var_write_scrubs) scrubSpecialSlot(frame, spi);
    else if (slot0.spilled.type !== T.NOT_INIT) frame.mutSpilled(spi).type = T.NOT_INIT;
    const slot = frame.mutSlot(spi);
    const now = slotType(slot.types, at);
    let next = STACK_MISC;
    if (zero && now === STACK_ZERO) {
      next = STACK_ZERO;
      zeroUsed = true;
    }
    if ((now === STACK_INVALID || now === STACK_POISON) && !env.allowUninitStack) {
      env.verbose(`uninit stack in range of var-offset write prohibited for !root; insn ${insnIdx}, off: ${i}`);
      env.failSilently("EINVAL");
    }
    slot.types = withSlotType(slot.types, at, next);
  }
  if (zeroUsed && value >= 0) markChainPrecision(env, value);
}

export function checkStackRead(env: Env, reg: RegState, regno: number, off: number, size: number, dst: number): void {
  const frame = env.frameOf(reg);
  const variable = !tnumIsConst(reg.varOff);
  if (dst < 0 && variable)
    env.fail("EACCES", `variable offset stack pointer cannot be passed into helper function; var_off=${tnumStr(env, reg.varOff)} off=${off} size=${size}`);
  if (!variable) {
    readFixed(env, frame, off + varOffNum(reg), size, dst);
    return;
  }
  const min = Number(reg.r64.smin) + off, max = Number(reg.r64.smax) + off;
  checkStackRangeInitialized(env, reg, regno, off, size, false, "read", null, "direct");
  markRegStackRead(env, frame, min, max + size, dst);
  checkFastcallStackContract(env, frame, env.insnIdx, min);
}
/** A load of plain bytes: zero where all are, else unknown. */
function markRegStackRead(env: Env, frame: FuncState, min: number, max: number, dst: number): void {
  let zeros = 0;
  const spilled: number[] = [];
  for (let i = min; i < max; i++) {
    const slotNo = -i - 1;
    const spi = slotNo >> 3;
    if (env.f.log_stack_reads) env.markSlotScratched(spi);
    const slot = frame.stack[spi]!;
    const t = slotType(slot.types, slotNo & 7);
    if (t === STACK_SPILL && env.f.read_zero_spills && registerIsNull(slot.spilled)) {
      if (!spilled.includes(spi)) spilled.push(spi);
    } else if (t !== STACK_ZERO) break;
    zeros++;
  }
  if (zeros !== max - min) return markUnknown(env, env.mut(dst));
  constZero(env, dst);
  if (spilled.length === 0) return;
  for (const spi of spilled) env.bt.setFrameSlot(frame.frameno, spi);
  markPrecision(env, env.curState, -1);
}
function constZero(env: Env, dst: number): void {
  const keep = env.reg(dst);
  const r = env.cur.set(dst, constReg(0n));
  r.subregDef = keep.subregDef;
  r.precise = env.f.stack_zero_imprecise ? !env.bpfCapable : true;
}

function badRead(env: Env, type: number, off: number, i: number, size: number): never {
  if (type === STACK_POISON) env.fail("EACCES", `reading from stack off ${off}+${i} size ${size}, slot poisoned by dead code elimination`);
  return env.fail("EACCES", `invalid read from stack off ${off}+${i} size ${size}`);
}
function readFixed(env: Env, frame: FuncState, off: number, size: number, dst: number): void {
  const slotNo = -off - 1;
  const spi = slotNo >> 3;
  const slot = frame.stack[spi]!;
  if (env.f.log_stack_reads) env.markSlotScratched(spi);
  checkFastcallStackContract(env, env.cur, env.insnIdx, off);
  markSlotRead(env, frame, spi);
  let history = env.f.stack_access_history;
  if (isSpilledReg(slot)) {
    let spillSize = 1;
    for (let i = 7; i > 0 && slotType(slot.types, i - 1) === STACK_SPILL; i--) spillSize++;
    if (size !== 8 || spillSize !== 8) {
      if (slot.spilled.type !== T.SCALAR_VALUE) {
        env.log.linfo(env.insnIdx, "; ");
        env.fail("EACCES", "invalid size of register fill");
      }
      if (dst < 0) return;
      history = fillNarrow(env, frame, spi, off, size, spillSize, dst) && history;
    } else if (dst >= 0) {
      if (env.bpfCapable && env.f.fill_links_id) assignScalarIdBeforeMov(env, () => frame.mutSpilled(spi), slot.spilled);
      const keep = env.reg(dst);
      const r = env.cur.set(dst, frame.stack[spi]!.spilled);
      if (!env.f.fill_restores_subreg_def) r.subregDef = keep.subregDef;
    } else if (!env.allowPtrLeaks && slot.spilled.type !== T.SCALAR_VALUE) env.fail("EACCES", `leaking pointer from stack off ${off}`);
  } else {
    for (let i = 0; i < size; i++) {
      const t = slotType(slot.types, (slotNo - i) & 7);
      if (t === STACK_MISC || t === STACK_ZERO || (t === STACK_INVALID && env.allowUninitStack)) continue;
      badRead(env, t, off, i, size);
    }
    if (dst >= 0) markRegStackRead(env, frame, off, off + size, dst);
    history = false;
  }
  if (history) pushJmpHistory(env, env.curState, INSN_F_STACK_ACCESS, spi, frame.frameno);
}
/** A load narrower than the spilled scalar. True: it fills a register from the spill. */
function fillNarrow(env: Env, frame: FuncState, spi: number, off: number, size: number, spillSize: number, dst: number): boolean {
  const slotNo = -off - 1;
  const narrowOk = env.f.fill_narrow ? off % 8 === 0 : off % 8 === 0 && size === spillSize;
  if (size <= spillSize && narrowOk) {
    const keep = env.reg(dst).subregDef;
    if (env.bpfCapable && env.f.fill_links_id && size === 4 && spillSize === 4 && fls64(frame.stack[spi]!.spilled.r64.umax) <= 32)
      assignScalarIdBeforeMov(env, () => frame.mutSpilled(spi), frame.stack[spi]!.spilled);
    const r = env.cur.set(dst, frame.stack[spi]!.spilled);
    r.subregDef = keep;
    if (fls64(frame.stack[spi]!.spilled.r64.umax) > size * 8) {
      r.id = 0;
      r.off = 0;
    }
    return true;
  }
  const { types, spilled } = frame.stack[spi]!;
  let spills = 0, zeros = 0;
  for (let i = 0; i < size; i++) {
    const t = slotType(types, (slotNo - i) & 7);
    if (t === STACK_SPILL) spills++;
    else if (t === STACK_ZERO) zeros++;
    else if (t !== STACK_MISC && !(t === STACK_INVALID && env.allowUninitStack)) badRead(env, t, off, i, size);
  }
  if (env.f.fill_zero_bytes && spills === size && tnumIsConst(spilled.varOff) && spilled.varOff.value === 0n) {
    constZero(env, dst);
    return true;
  }
  if (env.f.fill_zero_bytes && zeros === size) constZero(env, dst);
  else if (env.f.read_zero_spills) markRegStackRead(env, frame, off, off + size, dst);
  else markUnknown(env, env.mut(dst));
  return false;
}
