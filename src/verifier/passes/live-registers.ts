/** Registers alive before each instruction, by data flow over the graph (kernel compute_live_registers, 6.15+). */
import {
  BPF_ADDR_SPACE_CAST, BPF_ALU, BPF_ALU64, BPF_ATOMIC, BPF_CALL, BPF_CMPXCHG, BPF_DW, BPF_END, BPF_EXIT, BPF_FETCH, BPF_IMM, BPF_JA, BPF_JCOND, BPF_JMP,
  BPF_JMP32, BPF_LD, BPF_LDX, BPF_LOAD_ACQ, BPF_MEM, BPF_MEMSX, BPF_MOV, BPF_ST, BPF_STORE_REL, BPF_STX, BPF_X, bpfClass, bpfMode, bpfOp,
  bpfSize, bpfSrc,
} from "../../isa/table.ts";
import { atomicLoadReg } from "../checks/atomic.ts";
import { callSummary } from "../checks/call-summary.ts";
import { alignment } from "../report/log.ts";
import type { Env } from "../state/env.ts";
import { isLdImm64, successors } from "./insn-info.ts";

/** of an arena map: user space addresses stay as they are */
const BPF_F_NO_USER_CONV = 1 << 18;
const ALL_CALLER_SAVED = 0x3f;
const ALL = -1;
/** Bit r stands for the lower half of a register, bit 16 + r for the upper one. */
const whole = (mask: number): number => mask | (mask << 16);

/** [defined, used] as bit sets. Before 7.3 a register was alive as a whole (`halves` false). */
function defUse(env: Env, idx: number, halves: boolean): [number, number] {
  const insn = env.insns[idx]!;
  const src = whole(1 << insn.src), dst = whole(1 << insn.dst);
  const mode = bpfMode(insn.code), op = bpfOp(insn.code), cls = bpfClass(insn.code);
  const byReg = bpfSrc(insn.code) === BPF_X;
  /** what a 32-bit operation reads of a register */
  const narrow = (mask: number): number => (halves ? mask & 0xffff : mask);
  const sized = (mask: number, is64: boolean): number => (is64 ? mask : narrow(mask));
  switch (cls) {
    case BPF_LD:
      return mode === BPF_IMM && bpfSize(insn.code) === BPF_DW ? [dst, 0] : [0, ALL];
    case BPF_LDX:
      return mode === BPF_MEM || mode === BPF_MEMSX ? [dst, src] : [0, ALL];
    case BPF_ST:
      return mode === BPF_MEM ? [0, dst] : [0, ALL];
    case BPF_STX: {
      const value = sized(src, bpfSize(insn.code) === BPF_DW);
      if (mode === BPF_MEM) return [0, dst | value];
      if (mode !== BPF_ATOMIC) return [0, ALL];
      if (insn.imm === BPF_CMPXCHG) return [whole(1), sized(whole(1), bpfSize(insn.code) === BPF_DW) | dst | value];
      if (insn.imm === BPF_LOAD_ACQ) return [dst, src];
      if (insn.imm === BPF_STORE_REL) return [0, dst | value];
      return [insn.imm & BPF_FETCH ? src : 0, dst | value];
    }
    case BPF_ALU:
    case BPF_ALU64: {
      const is64 = cls === BPF_ALU64;
      if (op === BPF_END) return [dst, dst];
      if (op === BPF_MOV) return [dst, byReg ? sized(src, is64) : 0];
      return [dst, sized(byReg ? dst | src : dst, is64)];
    }
    case BPF_JMP:
    case BPF_JMP32:
      switch (op) {
        case BPF_JA: return [0, byReg ? dst : 0];
        case BPF_JCOND: return [0, 0];
        case BPF_EXIT: return [0, whole(1)];
        case BPF_CALL: {
          const cs = callSummary(env, insn);
          return [whole(ALL_CALLER_SAVED), whole(cs ? ((1 << (Math.min(cs.numParams, 5) + 1)) - 1) & ~1 : ALL_CALLER_SAVED & ~1)];
        }
        default: return [0, sized(byReg ? dst | src : dst, cls === BPF_JMP)];
      }
  }
  return [0, ALL];
}
/** The register of which an instruction writes the lower half and clears the upper one, -1 for none (kernel bpf_insn_def32). */
function definesHalf(env: Env, idx: number): number {
  const { code, dst, imm, off } = env.insns[idx]!;
  const mode = bpfMode(code), op = bpfOp(code);
  switch (bpfClass(code)) {
    case BPF_LDX: return mode === BPF_MEM && bpfSize(code) !== BPF_DW ? dst : -1;
    case BPF_STX: return bpfSize(code) !== BPF_DW ? atomicLoadReg(env.insns[idx]!) : -1;
    case BPF_LD: return mode === BPF_IMM ? -1 : dst;
    case BPF_ALU: return op !== BPF_END || imm !== 64 ? dst : -1;
    case BPF_ALU64:
      if (op === BPF_END) return imm !== 64 ? dst : -1;
      // casts between address spaces become moves of 32 bits
      if (code !== (BPF_ALU64 | BPF_MOV | BPF_X) || off !== BPF_ADDR_SPACE_CAST) return -1;
      return imm === 1 || (imm === 1 << 16 && [...env.usedMaps].some((m) => m.type === "arena" && (m.flags & BPF_F_NO_USER_CONV) !== 0)) ? dst : -1;
    default: return -1;
  }
}

export function computeLiveRegisters(env: Env): void {
  const n = env.insns.length;
  const halves = env.f.live_register_halves;
  const def = new Int32Array(n), use = new Int32Array(n), inn = new Int32Array(n), out = new Int32Array(n);
  for (let i = 0; i < n; i++) [def[i], use[i]] = defUse(env, i, halves);
  let changed = true;
  while (changed) {
    changed = false;
    for (const idx of env.insnPostorder) {
      let o = 0;
      for (const s of successors(env, idx)) o |= inn[s]!;
      const v = (o & ~def[idx]!) | use[idx]!;
      if (o !== out[idx] || v !== inn[idx]) {
        out[idx] = o;
        inn[idx] = v;
        changed = true;
      }
    }
  }
  for (let i = 0; i < n; i++) env.aux[i]!.liveRegsBefore = (inn[i]! | (inn[i]! >>> 16)) & 0xffff;
  if (env.log.level2) printLiveRegs(env, halves ? out : null);
}
/** @param out registers alive after each instruction, where the log says which results need their upper half cleared */
function printLiveRegs(env: Env, out: Int32Array | null): void {
  env.verbose("Live regs before insn:\n");
  for (let i = 0; i < env.insns.length; i++) {
    const aux = env.aux[i]!;
    let line = aux.scc ? `${String(aux.scc).padStart(3)} ` : "    ";
    line += `${String(i).padStart(3)}: `;
    for (let r = 0; r < 10; r++) line += aux.liveRegsBefore & (1 << r) ? r : ".";
    const text = env.log.insnText(i), half = out ? definesHalf(env, i) : -1;
    const extended = half >= 0 && (out![i]! & (1 << (16 + half))) !== 0;
    env.verbose(`${line} ${text}${extended ? `${" ".repeat(alignment(text.length))}; zext` : ""}\n`);
    if (isLdImm64(env.insns[i]!)) i++;
  }
}
