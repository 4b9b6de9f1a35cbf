/** Fields of every instruction, and maps and BTF objects that ld_imm64 names (kernel check_and_resolve_insns, resolve_pseudo_ldimm64). */
import {
  BPF_ABS, BPF_ADDR_SPACE_CAST, BPF_ALU, BPF_ALU64, BPF_ATOMIC, BPF_CALL, BPF_DIV, BPF_DW, BPF_END, BPF_EXIT, BPF_IMM, BPF_IND, BPF_JA, BPF_JCOND,
  BPF_JMP, BPF_JMP32, BPF_K, BPF_LD, BPF_LDX, BPF_MEM, BPF_MEMSX, BPF_MOD, BPF_MOV, BPF_NEG, BPF_PSEUDO_BTF_ID, BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC,
  BPF_PSEUDO_KFUNC_CALL, BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE, BPF_PSEUDO_MAP_VALUE, BPF_ST, BPF_STX, BPF_TO_LE, BPF_X,
  bpfClass, bpfMode, bpfOp, bpfSize, bpfSrc, OP_LD_IMM64, OPCODES,
} from "../../isa/table.ts";
import type { Insn } from "../../isa/types.ts";
import { checkPseudoBtfId } from "../checks/pseudo-btf.ts";
import { UNOPENED_FD_BASE } from "../../loader/uapi.ts";
import type { Env } from "../state/env.ts";
import { VerifierError } from "../state/errors.ts";
import { initInsnArray } from "./jump-table.ts";
import { PTR_TO_FUNC } from "../state/reg-type.ts";
import { checkMapProgCompatibility } from "../checks/map-prog.ts";

function aluFields(env: Env, i: Insn): void {
  const cls = bpfClass(i.code), op = bpfOp(i.code);
  const byReg = bpfSrc(i.code) === BPF_X;
  const v4 = env.f.disasm_cpu_v4;
  switch (op) {
    case BPF_NEG:
      if (byReg || i.src || i.off || i.imm) env.fail("EINVAL", "BPF_NEG uses reserved fields");
      return;
    case BPF_END:
      if (i.src || i.off || (i.imm !== 16 && i.imm !== 32 && i.imm !== 64) || (cls === BPF_ALU64 && (bpfSrc(i.code) !== BPF_TO_LE || !v4))) env.fail("EINVAL", "BPF_END uses reserved fields");
      return;
    case BPF_MOV:
      if (!byReg) {
        if (i.src || i.off) env.fail("EINVAL", "BPF_MOV uses reserved fields");
        return;
      }
      if (cls === BPF_ALU) {
        if ((i.off && !(v4 && (i.off === 8 || i.off === 16))) || i.imm) env.fail("EINVAL", "BPF_MOV uses reserved fields");
      } else if (i.off === BPF_ADDR_SPACE_CAST && env.f.arena) {
        if (i.imm !== 1 && i.imm !== 1 << 16) env.fail("EINVAL", "addr_space_cast insn can only convert between address space 1 and 0");
      } else if ((i.off && !(v4 && (i.off === 8 || i.off === 16 || i.off === 32))) || i.imm) env.fail("EINVAL", "BPF_MOV uses reserved fields");
      return;
  }
  if (op > 0xd0) env.fail("EINVAL", `invalid BPF_ALU opcode ${op.toString(16)}`);
  const offOk = i.off === 0 || (v4 && ((i.off === 1 && (op === BPF_MOD || op === BPF_DIV)) || (i.off < 0 && !env.f.alu_negative_off_refused)));
  if ((byReg ? i.imm !== 0 : i.src !== 0) || !offOk) env.fail("EINVAL", "BPF_ALU uses reserved fields");
}
function jmpFields(env: Env, i: Insn): void {
  const cls = bpfClass(i.code), op = bpfOp(i.code);
  const byReg = bpfSrc(i.code) === BPF_X;
  switch (op) {
    case BPF_CALL:
      if (byReg || (i.src === BPF_PSEUDO_KFUNC_CALL && !env.f.kfuncs) || (i.src !== BPF_PSEUDO_KFUNC_CALL && i.off) || (i.src && i.src !== BPF_PSEUDO_CALL && i.src !== BPF_PSEUDO_KFUNC_CALL) || i.dst || cls === BPF_JMP32)
        env.fail("EINVAL", "BPF_CALL uses reserved fields");
      return;
    case BPF_JA:
      if (byReg && env.f.disasm_gotox) {
        if (i.src || i.imm || i.off) env.fail("EINVAL", "BPF_JA|BPF_X uses reserved fields");
      } else if (byReg || i.src || i.dst || (cls === BPF_JMP && i.imm) || (cls === BPF_JMP32 && (i.off || !env.f.gotol))) env.fail("EINVAL", "BPF_JA uses reserved fields");
      return;
    case BPF_EXIT:
      if (byReg || i.imm || i.src || i.dst || cls === BPF_JMP32) env.fail("EINVAL", "BPF_EXIT uses reserved fields");
      return;
    case BPF_JCOND: {
      const zeroOk = env.f.may_goto_zero;
      if (i.code !== (BPF_JMP | BPF_JCOND) || i.src || i.dst || i.imm || (!zeroOk && i.off === 0)) env.fail("EINVAL", zeroOk ? `invalid may_goto imm ${i.imm}` : `invalid may_goto off ${i.off} imm ${i.imm}`);
      return;
    }
  }
  if (byReg ? i.imm !== 0 : i.src !== 0) env.fail("EINVAL", "BPF_JMP/JMP32 uses reserved fields");
}
function fields(env: Env, i: Insn): void {
  const mode = bpfMode(i.code);
  switch (bpfClass(i.code)) {
    case BPF_ALU: case BPF_ALU64: return aluFields(env, i);
    case BPF_JMP: case BPF_JMP32: return jmpFields(env, i);
    case BPF_LDX:
      if ((mode !== BPF_MEM && !(mode === BPF_MEMSX && env.f.disasm_cpu_v4)) || i.imm) env.fail("EINVAL", "BPF_LDX uses reserved fields");
      return;
    case BPF_STX:
      if (mode === BPF_ATOMIC) return;
      if (mode !== BPF_MEM || i.imm) env.fail("EINVAL", "BPF_STX uses reserved fields");
      return;
    case BPF_ST:
      if (mode !== BPF_MEM || i.src) env.fail("EINVAL", "BPF_ST uses reserved fields");
      return;
    case BPF_LD:
      if (mode === BPF_ABS || mode === BPF_IND) {
        if (i.dst || i.off || bpfSize(i.code) === BPF_DW || (mode === BPF_ABS && i.src)) env.fail("EINVAL", "BPF_LD_[ABS|IND] uses reserved fields");
      } else if (mode !== BPF_IMM) env.fail("EINVAL", "invalid BPF_LD mode");
  }
  void BPF_K;
}

function ldImm64(env: Env, idx: number): void {
  const a = env.insns[idx]!, b = env.insns[idx + 1];
  if (!b || b.code || b.dst || b.src || b.off) env.fail("EINVAL", "invalid bpf_ld_imm64 insn");
  if (a.off !== 0 && env.f.insn_fields_first) env.fail("EINVAL", "BPF_LD_IMM64 uses reserved fields");
  const aux = env.aux[idx]!;
  switch (a.src) {
    case 0: return;
    case BPF_PSEUDO_BTF_ID: return checkPseudoBtfId(env, idx);
    case BPF_PSEUDO_FUNC:
      if (!env.f.pseudo_func) env.fail("EINVAL", "unrecognized bpf_ld_imm64 insn");
      aux.ptrType = PTR_TO_FUNC;
      return;
    case BPF_PSEUDO_MAP_FD: case BPF_PSEUDO_MAP_IDX:
      if (b.imm !== 0) env.fail("EINVAL", "unrecognized bpf_ld_imm64 insn");
      break;
    case BPF_PSEUDO_MAP_VALUE: case BPF_PSEUDO_MAP_IDX_VALUE: break;
    default: env.fail("EINVAL", "unrecognized bpf_ld_imm64 insn");
  }
  const map = env.maps[a.imm];
  // nothing is open in a simulated process, whatever number the program brings
  if (!map) return env.fail("EBADF", `fd ${a.imm < UNOPENED_FD_BASE / 2 ? a.imm - UNOPENED_FD_BASE : a.imm} is not pointing to valid bpf_map`);
  checkMapProgCompatibility(env, map);
  if (map.type === "insn_array") initInsnArray(env, map);
  aux.map = map;
  env.usedMaps.add(map);
  if (map.type === "arena") env.usesArena = true;
  if (a.src === BPF_PSEUDO_MAP_VALUE || a.src === BPF_PSEUDO_MAP_IDX_VALUE) {
    const off = b.imm >>> 0;
    const perCpu = map.type === "percpu_array" && env.f.percpu_data;
    const direct = map.type === "array" || map.type === "arena" || map.type === "insn_array" || perCpu;
    if (!direct) env.fail("EINVAL", "no direct value access support for this map type");
    const size = map.type === "insn_array" ? map.maxEntries * 8 : map.type === "arena" ? Infinity : map.valueSize;
    if (perCpu && map.maxEntries !== 1) env.fail("EOPNOTSUPP", `invalid access to map value pointer, value_size=${map.valueSize} off=${off}`);
    if ((map.type === "array" && map.maxEntries !== 1) || off >= size) env.fail("EINVAL", `invalid access to map value pointer, value_size=${map.valueSize} off=${off}`);
    aux.mapOff = off;
  }
}

function opcodeInRelease(env: Env, code: number): boolean {
  switch (code) {
    case 0xd7: return env.f.disasm_cpu_v4;
    case 0x06: return env.f.gotol;
    case 0xe5: return env.f.may_goto;
    case 0x0d: return env.f.disasm_gotox;
    case 0xcb: case 0xd3: return env.f.load_acquire; // atomic operations on one or two bytes
    default: return true;
  }
}
/** Before 7.1 fields are looked at when the walk comes to the instruction: dead code may be odd. Unknown opcodes are refused at once. */
function laterFields(env: Env, i: number): void {
  const insn = env.insns[i]!;
  const cls = bpfClass(insn.code);
  if (cls === BPF_LDX) fields(env, insn);
  if (OPCODES[insn.code] === undefined || !opcodeInRelease(env, insn.code)) env.fail("EINVAL", `unknown opcode ${insn.code.toString(16).padStart(2, "0")}`);
  if (cls === BPF_STX && !env.f.disasm_atomics && insn.imm !== 0) env.fail("EINVAL", "BPF_STX uses reserved fields");
  if (cls === BPF_LDX) return;
  const pos = env.log.endPos;
  try {
    fields(env, insn);
    const reads = cls === BPF_LDX || cls === BPF_STX || (cls !== BPF_ST && bpfSrc(insn.code) === BPF_X);
    if (reads && insn.src >= 11) env.fail("EINVAL", `R${insn.src} is invalid`);
    if (insn.dst >= 11) env.fail("EINVAL", `R${insn.dst} is invalid`);
  } catch (e) {
    if (!(e instanceof VerifierError)) throw e;
    env.log.reset(pos);
    env.aux[i]!.lateError = e.message;
  }
}
export function checkAndResolveInsns(env: Env): void {
  for (let i = 0; i < env.insns.length; i++) {
    env.lookingAt = i;
    const insn = env.insns[i]!;
    const st = bpfClass(insn.code);
    if (env.f.insn_fields_first) {
      const argReg = env.f.stack_args;
      if (insn.dst >= 11 && !(argReg && insn.dst === 11 && (st === BPF_ST || st === BPF_STX))) env.fail("EINVAL", `R${insn.dst} is invalid`);
      if (insn.src >= 11 && !(argReg && insn.src === 11 && st === BPF_LDX)) env.fail("EINVAL", `R${insn.src} is invalid`);
    }
    if (insn.code === OP_LD_IMM64) {
      ldImm64(env, i);
      i++;
      continue;
    }
    if (!env.f.insn_fields_first) {
      laterFields(env, i);
      continue;
    }
    if (OPCODES[insn.code] === undefined) env.fail("EINVAL", `unknown opcode ${insn.code.toString(16).padStart(2, "0")}`);
    fields(env, insn);
  }
  env.lookingAt = null;
}
