/** Registers that hold one constant on every path, and branches that this decides (kernel 7.1+ const_fold.c). */
import {
  BPF_ABS, BPF_ADD, BPF_ALU, BPF_ALU64, BPF_AND, BPF_CALL, BPF_DW, BPF_EXIT, BPF_IMM, BPF_IND, BPF_JA, BPF_JMP, BPF_JMP32, BPF_K, BPF_LD,
  BPF_LDX, BPF_MEMSX, BPF_MOV, BPF_STX, BPF_SUB, BPF_X, bpfClass, bpfMode, bpfOp, bpfSize, bpfSrc,
} from "../../isa/table.ts";
import type { Insn } from "../../isa/types.ts";
import * as B from "../domains/branch.ts";
import { atomicLoadReg } from "../checks/atomic.ts";
import { mapDirectRead, mapIsRdonly } from "../checks/mem-map.ts";
import type { Env } from "../state/env.ts";
import { computePostorder } from "./cfg.ts";
import { isMayGoto, successors } from "./insn-info.ts";
import { sizeBytes } from "../checks/size.ts";

type Kind = "unvisited" | "unknown" | "const" | "map" | "map_value" | "subprog";
interface Info { kind: Kind; val: bigint; map: number }
const UNKNOWN: Info = { kind: "unknown", val: 0n, map: 0 };
const UNVISITED: Info = { kind: "unvisited", val: 0n, map: 0 };
const con = (val: bigint): Info => ({ kind: "const", val: BigInt.asUintN(64, val), map: 0 });

function transferAlu(regs: Info[], insn: Insn, cls: number): void {
  const dst = regs[insn.dst]!, src = regs[insn.src]!;
  const imm = BigInt(insn.imm);
  let out: Info = UNKNOWN;
  switch (bpfOp(insn.code) | bpfSrc(insn.code)) {
    case BPF_MOV | BPF_K: out = con(imm); break;
    case BPF_MOV | BPF_X:
      if (!insn.off) out = src;
      else if (src.kind === "const" && (insn.off === 8 || insn.off === 16 || insn.off === 32)) out = con(BigInt.asIntN(insn.off, src.val));
      break;
    case BPF_ADD | BPF_K:
    case BPF_SUB | BPF_K:
      if (dst.kind === "const" || dst.kind === "map_value")
        out = { ...dst, val: BigInt.asUintN(64, (bpfOp(insn.code) === BPF_ADD ? dst.val + imm : dst.val - imm)) };
      break;
    case BPF_AND | BPF_K:
      if (dst.kind === "const") out = con(dst.val & BigInt.asUintN(64, imm));
      else if (insn.imm === 0) out = con(0n);
      break;
    case BPF_AND | BPF_X:
      if (dst.kind === "const" && dst.val === 0n) out = dst;
      else if (src.kind === "const" && src.val === 0n) out = con(0n);
      else if (dst.kind === "const" && src.kind === "const") out = con(dst.val & src.val);
      break;
  }
  if (cls === BPF_ALU) out = out.kind === "const" ? con(out.val & 0xffff_ffffn) : UNKNOWN;
  regs[insn.dst] = out;
}
function transferLd(env: Env, regs: Info[], insn: Insn, idx: number): void {
  const aux = env.aux[idx]!;
  let out: Info = UNKNOWN;
  if (insn.src === 4) {
    const s = env.findSubprog(idx + insn.imm + 1);
    if (s >= 0) out = { kind: "subprog", val: BigInt(s), map: 0 };
  } else if (insn.src === 2 || insn.src === 6) out = { kind: "map_value", map: aux.map?.index ?? 0, val: BigInt(aux.mapOff) };
  else if (insn.src === 1 || insn.src === 5) out = { kind: "map", map: aux.map?.index ?? 0, val: 0n };
  else if (insn.src === 0) out = con((BigInt(env.insns[idx + 1]!.imm >>> 0) << 32n) | BigInt(insn.imm >>> 0));
  regs[insn.dst] = out;
}
function transfer(env: Env, regs: Info[], idx: number): void {
  const insn = env.insns[idx]!;
  const cls = bpfClass(insn.code), mode = bpfMode(insn.code);
  const clobber = (): void => {
    for (let r = 0; r <= 5; r++) regs[r] = UNKNOWN;
  };
  switch (cls) {
    case BPF_ALU:
    case BPF_ALU64:
      transferAlu(regs, insn, cls);
      return;
    case BPF_LD:
      if (mode === BPF_ABS || mode === BPF_IND) clobber();
      else if (mode === BPF_IMM && bpfSize(insn.code) === BPF_DW) transferLd(env, regs, insn, idx);
      return;
    case BPF_LDX: {
      const src = regs[insn.src] ?? UNKNOWN;
      let out: Info = UNKNOWN;
      if (src.kind === "map_value" && insn.src <= 10) {
        const map = env.maps[src.map];
        const size = sizeBytes(insn.code);
        const off = Number(BigInt.asIntN(32, src.val + BigInt(insn.off)));
        if (map && mapIsRdonly(map) && off >= 0 && off + size <= map.valueSize) {
          const v = mapDirectRead(map, off, size, mode === BPF_MEMSX);
          if (v !== undefined) out = con(v);
        }
      }
      regs[insn.dst] = out;
      return;
    }
    case BPF_JMP:
      if ((bpfOp(insn.code) | bpfSrc(insn.code)) === BPF_CALL) clobber();
      return;
    case BPF_STX: {
      const r = atomicLoadReg(insn);
      if (r >= 0) regs[r] = UNKNOWN;
      return;
    }
  }
}
function join(target: Info[], out: readonly Info[]): boolean {
  let changed = false;
  for (let r = 0; r < 11; r++) {
    const a = target[r]!, b = out[r]!;
    if (a.kind === "unvisited" && b.kind !== "unvisited") {
      target[r] = b;
      changed = true;
    } else if (a.kind !== "unknown" && a.kind !== "unvisited" && (a.kind !== b.kind || a.val !== b.val || a.map !== b.map)) {
      target[r] = UNKNOWN;
      changed = true;
    }
  }
  return changed;
}

export function computeConstRegs(env: Env): void {
  const input: Info[][] = env.insns.map(() => new Array<Info>(11).fill(UNVISITED));
  for (let i = 0; i < env.subprogCnt; i++) input[env.subprogs[i]!.start] = new Array<Info>(11).fill(UNKNOWN);
  let changed = true;
  while (changed) {
    changed = false;
    for (let i = env.insnPostorder.length - 1; i >= 0; i--) {
      const idx = env.insnPostorder[i]!;
      const out = input[idx]!.slice();
      transfer(env, out, idx);
      for (const s of successors(env, idx)) if (join(input[s]!, out)) changed = true;
    }
  }
  for (let i = 0; i < env.insns.length; i++) {
    const aux = env.aux[i]!;
    const vals = new Array<number>(10).fill(0);
    for (let r = 0; r < 10; r++) {
      const c = input[i]![r]!;
      if (c.kind === "const") {
        if (c.val > 0xffff_ffffn) continue;
        aux.constRegMask |= 1 << r;
        vals[r] = Number(c.val);
      } else if (c.kind === "map") {
        aux.constMapMask |= 1 << r;
        vals[r] = c.map;
      } else if (c.kind === "subprog") {
        aux.constSubprogMask |= 1 << r;
        vals[r] = Number(c.val);
      }
    }
    if (aux.constRegMask | aux.constMapMask | aux.constSubprogMask) aux.constRegVals = vals;
  }
}

function evalBranch(op: number, a: bigint, b: bigint): boolean | undefined {
  const u = (v: bigint): bigint => BigInt.asUintN(64, v), s = (v: bigint): bigint => BigInt.asIntN(64, v);
  switch (op) {
    case B.BPF_JEQ: return u(a) === u(b);
    case B.BPF_JNE: return u(a) !== u(b);
    case B.BPF_JGT: return u(a) > u(b);
    case B.BPF_JGE: return u(a) >= u(b);
    case B.BPF_JLT: return u(a) < u(b);
    case B.BPF_JLE: return u(a) <= u(b);
    case B.BPF_JSGT: return s(a) > s(b);
    case B.BPF_JSGE: return s(a) >= s(b);
    case B.BPF_JSLT: return s(a) < s(b);
    case B.BPF_JSLE: return s(a) <= s(b);
    case B.BPF_JSET: return (u(a) & u(b)) !== 0n;
    default: return undefined;
  }
}
/** Replaces conditional jumps over constants by plain ones. */
export function pruneDeadBranches(env: Env): void {
  let changed = false;
  for (let i = 0; i < env.insns.length; i++) {
    const insn = env.insns[i]!;
    const aux = env.aux[i]!;
    const cls = bpfClass(insn.code), op = bpfOp(insn.code);
    if ((cls !== BPF_JMP && cls !== BPF_JMP32) || op === BPF_JA || op === BPF_CALL || op === BPF_EXIT || isMayGoto(insn)) continue;
    if (!aux.constRegVals || !(aux.constRegMask & (1 << insn.dst))) continue;
    let a = BigInt(aux.constRegVals[insn.dst]!), b: bigint;
    if (bpfSrc(insn.code) === BPF_K) b = BigInt(insn.imm);
    else if (aux.constRegMask & (1 << insn.src)) b = BigInt(aux.constRegVals[insn.src]!);
    else continue;
    if (cls === BPF_JMP32) {
      a = BigInt.asIntN(32, a);
      b = BigInt.asIntN(32, b);
    }
    const taken = evalBranch(op, a, b);
    if (taken === undefined) continue;
    env.insns[i] = { code: BPF_JMP | BPF_JA, dst: 0, src: 0, off: taken ? insn.off : 0, imm: 0 };
    changed = true;
  }
  if (changed) computePostorder(env);
}
