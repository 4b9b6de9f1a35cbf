/** Atomic operations (kernel check_atomic). */
import { BPF_ADD, BPF_AND, BPF_ATOMIC, BPF_CMPXCHG, BPF_DW, BPF_FETCH, BPF_LOAD_ACQ, BPF_OR, BPF_STORE_REL, BPF_STX, BPF_W, BPF_XCHG, BPF_XOR, bpfClass, bpfMode, bpfSize } from "../../isa/table.ts";
import type { Insn } from "../../isa/types.ts";
import { regTypeStr } from "../report/print-state.ts";
import type { Env } from "../state/env.ts";
import * as T from "../state/reg-type.ts";
import { checkLoadMem, checkStoreReg, saveAuxPtrType } from "./load-store.ts";
import { checkMemAccess } from "./mem.ts";
import { checkRegRead, checkRegWrite, isPointerValue } from "./reg-arg.ts";
import { sizeBytes } from "./size.ts";

/** Register that an atomic operation writes, -1 for none (kernel bpf_atomic_load_reg). */
export function atomicLoadReg(insn: Insn): number {
  if (bpfClass(insn.code) !== BPF_STX || bpfMode(insn.code) !== BPF_ATOMIC) return -1;
  if (insn.imm === BPF_LOAD_ACQ) return insn.dst;
  if (!(insn.imm & BPF_FETCH)) return -1;
  return insn.imm === BPF_CMPXCHG ? 0 : insn.src;
}
function ptrTypeOk(env: Env, regno: number, insn: Insn): boolean {
  const { type } = env.reg(regno);
  if (type === T.PTR_TO_CTX || T.typeIsPktPointer(type) || type === T.PTR_TO_FLOW_KEYS || T.typeIsSkPointer(type)) return false;
  if (type === T.PTR_TO_ARENA) return true;
  if (env.f.load_acq_unsafe_check && insn.imm === BPF_LOAD_ACQ && (type === T.PTR_TO_BTF_ID || (type & T.PTR_UNTRUSTED) !== 0)) return false;
  return true;
}
function checkRmw(env: Env, insn: Insn): void {
  if (bpfSize(insn.code) !== BPF_W && bpfSize(insn.code) !== BPF_DW) env.fail("EINVAL", "invalid atomic operand size");
  checkRegRead(env, insn.src);
  checkRegRead(env, insn.dst);
  if (insn.imm === BPF_CMPXCHG) {
    checkRegRead(env, 0);
    if (isPointerValue(env, env.reg(0))) env.fail("EACCES", "R0 leaks addr into mem");
  }
  if (isPointerValue(env, env.reg(insn.src))) env.fail("EACCES", `R${insn.src} leaks addr into mem`);
  if (!ptrTypeOk(env, insn.dst, insn)) env.fail("EACCES", `${env.f.disasm_atomics ? "BPF_ATOMIC" : "BPF_XADD"} stores into R${insn.dst} ${regTypeStr(env, env.reg(insn.dst).type)} is not allowed`);
  const load = atomicLoadReg(insn);
  if (load >= 0) checkRegWrite(env, load, true);
  const size = sizeBytes(insn.code);
  const dst = env.reg(insn.dst);
  const { type } = dst;
  checkMemAccess(env, env.insnIdx, dst, insn.dst, insn.off, size, "read", -1, true, false);
  if (load >= 0) checkMemAccess(env, env.insnIdx, env.reg(insn.dst), insn.dst, insn.off, size, "read", load, true, false);
  if (env.f.atomic_ptr_type_saved) saveAuxPtrType(env, env.reg(insn.dst).type, false);
  void type;
  checkMemAccess(env, env.insnIdx, env.reg(insn.dst), insn.dst, insn.off, size, "write", -1, true, false);
}
function checkLoadedFrom(env: Env, insn: Insn): void {
  if (!ptrTypeOk(env, insn.src, insn)) env.fail("EACCES", `BPF_ATOMIC loads from R${insn.src} ${regTypeStr(env, env.reg(insn.src).type)} is not allowed`);
}

export function checkAtomic(env: Env, insn: Insn): void {
  switch (insn.imm) {
    case BPF_ADD: case BPF_ADD | BPF_FETCH: case BPF_AND: case BPF_AND | BPF_FETCH: case BPF_OR: case BPF_OR | BPF_FETCH:
    case BPF_XOR: case BPF_XOR | BPF_FETCH: case BPF_XCHG: case BPF_CMPXCHG:
      checkRmw(env, insn);
      return;
    case BPF_LOAD_ACQ:
      if (!env.f.load_acquire) break;
      if (env.f.load_acq_type_first) {
        checkRegRead(env, insn.src);
        checkLoadedFrom(env, insn);
      }
      checkLoadMem(env, insn, true, false, false, "atomic_load");
      // Afterwards it is the destination that is looked at, where both are one register.
      if (!env.f.load_acq_type_first) checkLoadedFrom(env, insn);
      return;
    case BPF_STORE_REL: {
      if (!env.f.load_acquire) break;
      checkStoreReg(env, insn, true);
      if (!ptrTypeOk(env, insn.dst, insn)) env.fail("EACCES", `BPF_ATOMIC stores into R${insn.dst} ${regTypeStr(env, env.reg(insn.dst).type)} is not allowed`);
      return;
    }
  }
  env.fail("EINVAL", `BPF_ATOMIC uses invalid atomic opcode ${(insn.imm >>> 0).toString(16).padStart(2, "0")}`);
}
