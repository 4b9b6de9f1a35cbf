/** Registers alive before each instruction, by data flow over the graph (kernel compute_live_registers, 6.15+). */
import {
  BPF_ABS, BPF_ALU, BPF_ALU64, BPF_ATOMIC, BPF_CALL, BPF_CMPXCHG, BPF_DW, BPF_END, BPF_EXIT, BPF_FETCH, BPF_IMM, BPF_JA, BPF_JCOND, BPF_JMP,
  BPF_JMP32, BPF_K, BPF_LD, BPF_LDX, BPF_LOAD_ACQ, BPF_MEM, BPF_MEMSX, BPF_MOV, BPF_ST, BPF_STORE_REL, BPF_STX, BPF_X, bpfClass, bpfMode, bpfOp,
  bpfSize, bpfSrc,
} from "../../isa/table.ts";
import { callSummary } from "../checks/call-summary.ts";
import type { Env } from "../state/env.ts";
import { isLdImm64, successors } from "./insn-info.ts";

const ALL_CALLER_SAVED = 0x3f;

/** [defined, used] as bit sets. */
function defUse(env: Env, idx: number): [number, number] {
  const insn = env.insns[idx]!;
  const src = 1 << insn.src, dst = 1 << insn.dst;
  const mode = bpfMode(insn.code), op = bpfOp(insn.code);
  const byReg = bpfSrc(insn.code) === BPF_X;
  void BPF_ABS;
  switch (bpfClass(insn.code)) {
    case BPF_LD:
      return mode === BPF_IMM && bpfSize(insn.code) === BPF_DW ? [dst, 0] : [0, 0xffff];
    case BPF_LDX:
      return mode === BPF_MEM || mode === BPF_MEMSX ? [dst, src] : [0, 0xffff];
    case BPF_ST:
      return mode === BPF_MEM ? [0, dst] : [0, 0xffff];
    case BPF_STX:
      if (mode === BPF_MEM) return [0, dst | src];
      if (mode !== BPF_ATOMIC) return [0, 0xffff];
      if (insn.imm === BPF_CMPXCHG) return [1, 1 | dst | src];
      if (insn.imm === BPF_LOAD_ACQ) return [dst, src];
      if (insn.imm === BPF_STORE_REL) return [0, dst | src];
      return [insn.imm & BPF_FETCH ? src : 0, dst | src];
    case BPF_ALU:
    case BPF_ALU64:
      if (op === BPF_END) return [dst, dst];
      if (op === BPF_MOV) return [dst, byReg ? src : 0];
      return [dst, byReg ? dst | src : dst];
    case BPF_JMP:
    case BPF_JMP32:
      switch (op) {
        case BPF_JA: return [0, byReg ? dst : 0];
        case BPF_JCOND: return [0, 0];
        case BPF_EXIT: return [0, 1];
        case BPF_CALL: {
          const cs = callSummary(env, insn);
          return [ALL_CALLER_SAVED, cs ? ((1 << (Math.min(cs.numParams, 5) + 1)) - 1) & ~1 : ALL_CALLER_SAVED & ~1];
        }
        default: return [0, byReg ? dst | src : dst];
      }
  }
  void BPF_K;
  return [0, 0xffff];
}

export function computeLiveRegisters(env: Env): void {
  const n = env.insns.length;
  const def = new Uint16Array(n), use = new Uint16Array(n), inn = new Uint16Array(n), out = new Uint16Array(n);
  for (let i = 0; i < n; i++) [def[i], use[i]] = defUse(env, i);
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
  for (let i = 0; i < n; i++) env.aux[i]!.liveRegsBefore = inn[i]!;
  if (env.log.level2) printLiveRegs(env);
}
function printLiveRegs(env: Env): void {
  env.verbose("Live regs before insn:\n");
  for (let i = 0; i < env.insns.length; i++) {
    const aux = env.aux[i]!;
    let line = aux.scc ? `${String(aux.scc).padStart(3)} ` : "    ";
    line += `${String(i).padStart(3)}: `;
    for (let r = 0; r < 10; r++) line += aux.liveRegsBefore & (1 << r) ? r : ".";
    env.verbose(`${line} ${env.log.insnText(i)}\n`);
    if (isLdImm64(env.insns[i]!)) i++;
  }
}
