/** Arithmetic instructions (kernel check_alu_op, adjust_reg_min_max_vals, adjust_scalar_min_max_vals). */
import {
  BPF_ADD, BPF_ADDR_SPACE_CAST, BPF_ALU64, BPF_AND, BPF_ARSH, BPF_DIV, BPF_END, BPF_K, BPF_LSH, BPF_MOD, BPF_MOV, BPF_MUL, BPF_NEG, BPF_OR, BPF_RSH,
  BPF_SUB, BPF_TO_LE, BPF_X, BPF_XOR, bpfClass, bpfOp, bpfSrc,
} from "../../isa/table.ts";
import type { Insn } from "../../isa/types.ts";
import * as A from "../domains/alu.ts";
import { type ScalarState, setKnown, setKnown32, zext32to64 } from "../domains/bounds.ts";
import { coerceSubregToSizeSx, coerceToSizeSx } from "../domains/coerce.ts";
import { r32Equal, r64Equal } from "../domains/range.ts";
import { fls64, tnumEqual, tnumIsConst, tnumSubregIsConst } from "../domains/tnum.ts";
import { markChainPrecision } from "../passes/backtrack.ts";
import type { Env } from "../state/env.ts";
import {
  addConstBits, BPF_ADD_CONST32, BPF_ADD_CONST64, clearScalarId, markRegKnown, type RegState, regConstValue, regIsConst,
} from "../state/reg-state.ts";
import { PTR_TO_ARENA, SCALAR_VALUE } from "../state/reg-type.ts";
import { adjustPtrMinMaxVals } from "./ptr-alu.ts";
import { checkRegRead, checkRegWrite, isPointerValue, markUnknown } from "./reg-arg.ts";
import { assignScalarIdBeforeMov, regBoundsSanityCheck } from "./scalar-ids.ts";
import { sanitizeValAlu } from "./speculation.ts";

export const ALU_SYMBOL: Readonly<Record<number, string>> = {
  [BPF_ADD]: "+=", [BPF_SUB]: "-=", [BPF_MUL]: "*=", [BPF_DIV]: "/=", [BPF_OR]: "|=", [BPF_AND]: "&=", [BPF_LSH]: "<<=", [BPF_RSH]: ">>=",
  [BPF_NEG]: "neg", [BPF_MOD]: "%=", [BPF_XOR]: "^=", [BPF_MOV]: "=", [BPF_ARSH]: "s>>=", [BPF_END]: "endian",
};

export function checkAluOp(env: Env, insn: Insn): void {
  const op = bpfOp(insn.code);
  if (op === BPF_END || op === BPF_NEG) {
    const src = checkRegRead(env, insn.dst);
    if (isPointerValue(env, src)) env.fail("EACCES", `R${insn.dst} pointer arithmetic prohibited`);
    const tracked = op === BPF_NEG ? env.f.neg_tracked : env.f.bswap_tracked;
    if (tracked && src.type === SCALAR_VALUE) {
      const dst = checkRegWrite(env, insn.dst, false);
      adjustScalarMinMaxVals(env, insn, dst, dst);
    } else checkRegWrite(env, insn.dst, true);
  } else if (op === BPF_MOV) checkMov(env, insn);
  else checkBinary(env, insn, op);
  if (env.f.reg_invariants) regBoundsSanityCheck(env, env.cur.regs[insn.dst]!, () => env.mut(insn.dst), "alu");
}

function checkBinary(env: Env, insn: Insn, op: number): void {
  if (bpfSrc(insn.code) === BPF_X) checkRegRead(env, insn.src);
  checkRegRead(env, insn.dst);
  if ((op === BPF_MOD || op === BPF_DIV) && bpfSrc(insn.code) === BPF_K && insn.imm === 0) env.fail("EINVAL", "div by zero");
  if ((op === BPF_LSH || op === BPF_RSH || op === BPF_ARSH) && bpfSrc(insn.code) === BPF_K) {
    const size = bpfClass(insn.code) === BPF_ALU64 ? 64 : 32;
    if (insn.imm < 0 || insn.imm >= size) env.fail("EINVAL", `invalid shift ${insn.imm}`);
  }
  checkRegWrite(env, insn.dst, false);
  adjustRegMinMaxVals(env, insn);
}

/** Bits up to the highest that may be set. */
export const regWidth = (r: RegState): number => fls64(r.r64.umax);

function checkMov(env: Env, insn: Insn): void {
  const { dom } = env;
  const alu64 = bpfClass(insn.code) === BPF_ALU64;
  const byReg = bpfSrc(insn.code) === BPF_X;
  if (byReg && alu64 && insn.off === BPF_ADDR_SPACE_CAST && env.f.arena) {
    if (!env.usesArena) env.fail("EINVAL", "addr_space_cast insn can only be used in a program that has an associated arena");
  }
  if (byReg) checkRegRead(env, insn.src);
  checkRegWrite(env, insn.dst, false);
  const frame = env.cur;
  if (!byReg) {
    const dst = frame.mut(insn.dst);
    markUnknown(env, dst);
    dst.type = SCALAR_VALUE;
    markRegKnown(dst, alu64 ? BigInt(insn.imm) : BigInt(insn.imm >>> 0));
    return;
  }
  const srcType = frame.regs[insn.src]!.type;
  if (alu64) {
    if (insn.imm) {
      const dst = frame.mut(insn.dst);
      markUnknown(env, dst);
      if (insn.imm === 1) {
        dst.type = PTR_TO_ARENA;
        dst.subregDef = env.insnIdx + 1;
      }
    } else if (insn.off === 0) {
      assignScalarIdBeforeMov(env, () => frame.mut(insn.src), frame.regs[insn.src]!);
      frame.set(insn.dst, frame.regs[insn.src]!).subregDef = 0;
    } else {
      if (isPointerValue(env, frame.regs[insn.src]!)) env.fail("EACCES", `R${insn.src} sign-extension part of pointer`);
      if (srcType === SCALAR_VALUE) {
        const noSext = frame.regs[insn.src]!.r64.umax < 1n << BigInt(insn.off - 1);
        if (noSext) assignScalarIdBeforeMov(env, () => frame.mut(insn.src), frame.regs[insn.src]!);
        const dst = frame.set(insn.dst, frame.regs[insn.src]!);
        if (!noSext) clearScalarId(dst);
        coerceToSizeSx(dom, dst, insn.off >> 3);
        dst.subregDef = 0;
      } else markUnknown(env, frame.mut(insn.dst));
    }
    return;
  }
  if (isPointerValue(env, frame.regs[insn.src]!)) env.fail("EACCES", `R${insn.src} partial copy of pointer`);
  let dst: RegState;
  if (srcType === SCALAR_VALUE) {
    if (insn.off === 0) {
      const isU32 = env.f.mov32_links && regWidth(frame.regs[insn.src]!) <= 32;
      if (isU32) assignScalarIdBeforeMov(env, () => frame.mut(insn.src), frame.regs[insn.src]!);
      dst = frame.set(insn.dst, frame.regs[insn.src]!);
      if (!isU32) clearScalarId(dst);
      dst.subregDef = env.insnIdx + 1;
    } else {
      const noSext = frame.regs[insn.src]!.r64.umax < 1n << BigInt(insn.off - 1);
      if (noSext) assignScalarIdBeforeMov(env, () => frame.mut(insn.src), frame.regs[insn.src]!);
      dst = frame.set(insn.dst, frame.regs[insn.src]!);
      if (!noSext) clearScalarId(dst);
      dst.subregDef = env.insnIdx + 1;
      coerceSubregToSizeSx(dom, dst, insn.off >> 3);
    }
  } else {
    dst = frame.mut(insn.dst);
    markUnknown(env, dst);
  }
  zext32to64(dom, dst);
  dom.sync(dst);
}

/** A 64-bit operation on arena pointers is done in 32 bits, so it may not see anything else (7.3). */
function arenaAlu(env: Env, alu32: boolean, isArena: boolean): void {
  if (alu32 || !env.f.arena_alu_exclusive) return;
  const aux = env.curAux;
  if (isArena ? aux.arenaAlu === "never" : aux.arenaAlu === "always") env.fail("EINVAL", "same insn cannot be used with and without arena pointer");
  aux.arenaAlu = isArena ? "always" : "never";
}
function adjustRegMinMaxVals(env: Env, insn: Insn): void {
  const frame = env.cur;
  const alu32 = bpfClass(insn.code) !== BPF_ALU64;
  const op = bpfOp(insn.code);
  const byReg = bpfSrc(insn.code) === BPF_X;
  const dst0 = frame.regs[insn.dst]!;
  const srcReg = byReg ? frame.regs[insn.src]! : null;

  if (dst0.type === PTR_TO_ARENA || (srcReg?.type === PTR_TO_ARENA && env.f.arena_alu_either)) {
    const dst = dst0.type !== PTR_TO_ARENA ? frame.set(insn.dst, srcReg!) : frame.mut(insn.dst);
    dst.subregDef = env.insnIdx + 1;
    arenaAlu(env, alu32, true);
    return;
  }
  if (env.f.arena_alu_exclusive && env.usesArena) arenaAlu(env, alu32, false);
  const dstIsPtr = dst0.type !== SCALAR_VALUE;
  let src: RegState;
  if (srcReg) {
    if (srcReg.type !== SCALAR_VALUE) {
      if (dstIsPtr) {
        if (op === BPF_SUB && env.allowPtrLeaks) {
          markUnknown(env, frame.mut(insn.dst));
          return;
        }
        env.fail("EACCES", `R${insn.dst} pointer ${ALU_SYMBOL[op]} pointer prohibited`);
      }
      markChainPrecision(env, insn.dst);
      adjustPtrMinMaxVals(env, insn, insn.src, frame.regs[insn.dst]!.clone());
      return;
    }
    if (dstIsPtr) {
      markChainPrecision(env, insn.src);
      adjustPtrMinMaxVals(env, insn, insn.dst, frame.regs[insn.src]!);
      return;
    }
    if (dst0.precise) markChainPrecision(env, insn.src);
    src = frame.regs[insn.src]!;
  } else {
    src = env.immReg();
    if (dstIsPtr) {
      adjustPtrMinMaxVals(env, insn, insn.dst, src);
      return;
    }
  }
  const dstUmax = dst0.r64.umax;
  const srcCopy = src === frame.regs[insn.dst] ? src.clone() : src;
  const dst = frame.mut(insn.dst);
  adjustScalarMinMaxVals(env, insn, dst, srcCopy);
  // the kernel looks at the operand after the operation: added to itself, a register is its own sum
  linkAddConst(env, insn, dst, srcCopy === src ? src : dst, alu32, dstUmax);
}

/** rX += const keeps the link to what rX was copied from, with the distance remembered (6.10+; 32-bit and subtraction 7.x). */
function linkAddConst(env: Env, insn: Insn, dst: RegState, src: RegState, alu32: boolean, dstUmax: bigint): void {
  const op = bpfOp(insn.code);
  const { f } = env;
  if (!f.linked_add_const) {
    if (f.scalar_ids) dst.id = 0;
    return;
  }
  const wide = f.linked_add_const_wide;
  const clean = f.linked_id_goes_with_delta;
  const canLink = env.bpfCapable && (op === BPF_ADD || (wide && op === BPF_SUB)) && (wide || !alu32) && dst.id !== 0 && regIsConst(src, alu32) &&
    !(clean && bpfSrc(insn.code) === BPF_X && insn.src === insn.dst);
  if (!canLink) {
    if (clean) clearScalarId(dst);
    else dst.id = 0;
    return;
  }
  const val = BigInt.asIntN(64, regConstValue(src, alu32));
  if (!wide) {
    if (addConstBits(dst.id) || BigInt.asUintN(64, val) > 0x7fff_ffffn && !(BigInt.asUintN(64, val) <= 0x7fff_ffffn)) {
      dst.id = 0;
      dst.off = 0;
    } else {
      dst.id = dst.id + BPF_ADD_CONST64;
      dst.off = Number(val);
    }
    return;
  }
  let off = Number(BigInt.asIntN(32, val));
  if ((!alu32 && (val < -0x8000_0000n || val > 0x7fff_ffffn)) || (alu32 && dstUmax > 0xffff_ffffn)) return clearScalarId(dst);
  if (op === BPF_SUB) {
    if (off === -0x8000_0000) return clearScalarId(dst);
    off = -off;
  }
  if (addConstBits(dst.id)) return clearScalarId(dst);
  dst.id += alu32 ? BPF_ADD_CONST32 : BPF_ADD_CONST64;
  dst.off = off;
}

function srcIsConst(src: RegState, bits: 32 | 64): boolean {
  const r = bits === 32 ? src.r32 : src.r64;
  return (bits === 32 ? tnumSubregIsConst(src.varOff) : tnumIsConst(src.varOff)) && r.smin === r.smax && r.umin === r.umax;
}
function computable(env: Env, op: number, src: RegState, bits: 32 | 64): boolean {
  if (!env.f.alu_unknown_src) return computableOld(op, src, bits);
  switch (op) {
    case BPF_ADD: case BPF_SUB: case BPF_NEG: case BPF_AND: case BPF_XOR: case BPF_OR: case BPF_MUL: case BPF_END:
      return true;
    case BPF_DIV: case BPF_MOD:
      return env.f.div_tracked && srcIsConst(src, bits);
    case BPF_LSH: case BPF_RSH: case BPF_ARSH:
      return srcIsConst(src, bits) && src.r64.umax < BigInt(bits);
    default:
      return false;
  }
}

/** Bounds that do not contradict each other. */
function sane(src: RegState, bits: 32 | 64): boolean {
  const r = bits === 32 ? src.r32 : src.r64;
  const known = bits === 32 ? tnumSubregIsConst(src.varOff) : tnumIsConst(src.varOff);
  return r.smin <= r.smax && r.umin <= r.umax && !(known && (r.smin !== r.smax || r.umin !== r.umax));
}
/** Before 6.10: an operand with contradicting bounds gives nothing, an unknown one only sums and masks. */
function computableOld(op: number, src: RegState, bits: 32 | 64): boolean {
  const known = bits === 32 ? tnumSubregIsConst(src.varOff) : tnumIsConst(src.varOff);
  if (!sane(src, bits)) return false;
  switch (op) {
    case BPF_ADD: case BPF_SUB: case BPF_AND: return true;
    case BPF_MUL: case BPF_OR: case BPF_XOR: return known;
    case BPF_LSH: case BPF_RSH: case BPF_ARSH: return known && src.r64.umax < BigInt(bits);
    default: return false;
  }
}

/** Is the value known in every respect? */
function settled(r: RegState): boolean {
  const { varOff: t, r64: a, r32: b } = r;
  return t.mask === 0n && a.umin === t.value && a.umax === t.value && a.smin === a.smax && b.umin === b.umax && b.smin === b.smax && BigInt(b.umin) === (t.value & 0xffff_ffffn);
}
/** Two known numbers give a known number, whatever the domain; true when the operation is one of those where that is so in all releases. */
function foldConst(dst: RegState, src: RegState, op: number, alu32: boolean): boolean {
  if (!settled(dst) || !settled(src)) return false;
  const a = alu32 ? dst.varOff.value & 0xffff_ffffn : dst.varOff.value;
  const b = alu32 ? src.varOff.value & 0xffff_ffffn : src.varOff.value;
  let v: bigint;
  switch (op) {
    case BPF_ADD: v = a + b; break;
    case BPF_SUB: v = a - b; break;
    case BPF_MUL: v = a * b; break;
    case BPF_AND: v = a & b; break;
    case BPF_OR: v = a | b; break;
    case BPF_XOR: v = a ^ b; break;
    case BPF_LSH: v = a << b; break;
    case BPF_RSH: v = a >> b; break;
    case BPF_ARSH: v = BigInt.asIntN(alu32 ? 32 : 64, a) >> b; break;
    default: return false;
  }
  setKnown(dst, BigInt.asUintN(alu32 ? 32 : 64, v));
  return true;
}

/** `dst OP= src` over two scalars. `src` may be `dst` itself for unary operations. */
export function adjustScalarMinMaxVals(env: Env, insn: Insn, dst: RegState, src: RegState): void {
  const { dom, f } = env;
  const op = bpfOp(insn.code);
  const alu32 = bpfClass(insn.code) !== BPF_ALU64;
  const bits = alu32 ? 32 : 64;
  if (!computable(env, op, src, bits)) {
    markUnknown(env, dst);
    // before 6.10 what is not tracked still ends in the low half, where the operand is a constant
    if (alu32 && !f.alu_unknown_src && sane(src, bits) && tnumSubregIsConst(src.varOff)) {
      zext32to64(dom, dst);
      dom.sync(dst);
    }
    return;
  }
  if (op === BPF_ADD || op === BPF_SUB) sanitizeValAlu(env, insn);
  if (foldConst(dst, src, op, alu32)) return;
  const remembers = env.bypassSpecV1 && op !== BPF_NEG && op !== BPF_END;
  const last = remembers ? env.curAux.lastAlu : null;
  if (last !== null && sameScalar(last.dst, dst) && sameScalar(last.src, src)) {
    dst.varOff = last.out.varOff;
    dst.r64 = last.out.r64;
    dst.r32 = last.out.r32;
    return;
  }
  const before = scalarOf(dst), paths = env.pathGen;
  const signed = insn.off === 1;
  switch (op) {
    case BPF_ADD: A.scalarAdd(dom, dst, src); break;
    case BPF_SUB: A.scalarSub(dom, dst, src); break;
    case BPF_NEG: {
      A.scalarNeg(dom, dst);
      clearTypeLinks(dst);
      break;
    }
    case BPF_MUL: A.scalarMul(dom, dst, src, f.mul_signed); break;
    case BPF_DIV: A.scalarDiv(dom, dst, src, alu32, signed); break;
    case BPF_MOD: A.scalarMod(dom, dst, src, alu32, signed); break;
    case BPF_AND:
      if (f.fork_on_and && tnumIsConst(src.varOff)) maybeForkScalars(env, insn, dst);
      A.scalarBitwise(dom, dst, src, "and", !f.bitwise_from_unsigned);
      break;
    case BPF_OR:
      if (f.fork_on_or && tnumIsConst(src.varOff)) maybeForkScalars(env, insn, dst);
      A.scalarBitwise(dom, dst, src, "or", !f.bitwise_from_unsigned);
      break;
    case BPF_XOR: A.scalarBitwise(dom, dst, src, "xor", !f.bitwise_from_unsigned); break;
    case BPF_LSH: A.scalarLsh(dom, dst, src, alu32); break;
    case BPF_RSH: A.scalarRsh(dom, dst, src, alu32); break;
    case BPF_ARSH: A.scalarArsh(dom, dst, src, alu32); break;
    case BPF_END: {
      const swap = !alu32 || bpfSrc(insn.code) !== BPF_TO_LE;
      if (swap || insn.imm !== 64) clearScalarId(dst);
      A.scalarByteSwap(dom, dst, swap, insn.imm);
      break;
    }
  }
  if (alu32 && op !== BPF_END) zext32to64(dom, dst);
  dom.sync(dst);
  // Loops ask an instruction the same again and again. A value that forked into two paths is no function of its operands.
  if (remembers && paths === env.pathGen) env.curAux.lastAlu = { dst: before, src: scalarOf(src), out: scalarOf(dst) };
}
const scalarOf = (r: ScalarState): ScalarState => ({ varOff: r.varOff, r64: r.r64, r32: r.r32 });
const sameScalar = (a: ScalarState, b: ScalarState): boolean => r32Equal(a.r32, b.r32) && tnumEqual(a.varOff, b.varOff) && r64Equal(a.r64, b.r64);
function clearTypeLinks(r: RegState): void {
  r.id = 0;
  r.off = 0;
}

/** A value that is 0 or -1 is explored as either: what compilers make of a comparison (6.19+). */
function maybeForkScalars(env: Env, insn: Insn, dst: RegState): void {
  let alu32: boolean;
  if (dst.r64.smin === -1n && dst.r64.smax === 0n) alu32 = false;
  else if (env.f.fork_on_and32 && dst.r32.smin === -1 && dst.r32.smax === 0) alu32 = true;
  else return;
  const again = env.f.fork_repeats_insn;
  const branch = env.pushStack(again ? env.insnIdx : env.insnIdx + 1, env.insnIdx);
  const other = branch.cur.mut(insn.dst);
  const here = env.mut(insn.dst);
  if (alu32) {
    setKnown32(other, 0n);
    setKnown32(here, 0xffff_ffffn);
  } else {
    markRegKnown(other, 0n);
    markRegKnown(here, -1n);
  }
  if (here !== dst) {
    dst.varOff = here.varOff;
    dst.r64 = here.r64;
    dst.r32 = here.r32;
    dst.id = here.id;
    dst.off = here.off;
    env.cur.regs[insn.dst] = dst;
    dst.epoch = here.epoch;
  }
}
