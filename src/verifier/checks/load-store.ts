/** Loads and stores as instructions (kernel check_load_mem, check_store_reg and the BPF_ST case of do_check). */
import type { Insn } from "../../isa/types.ts";
import type { Env } from "../state/env.ts";
import * as T from "../state/reg-type.ts";
import { regTypeStr } from "../report/print-state.ts";
import { checkMemAccess } from "./mem.ts";
import { checkRegRead, checkRegWrite } from "./reg-arg.ts";
import { regBoundsSanityCheck } from "./scalar-ids.ts";
import { sizeBytes } from "./size.ts";
import { checkStackArgRead, checkStackArgWrite } from "./stack-args.ts";

const REG_PARAMS = 11;

export function checkLoadMem(env: Env, insn: Insn, strict: boolean, isLdsx: boolean, trustMismatchOk: boolean, ctx: string): void {
  if (env.f.stack_args && insn.src === REG_PARAMS) {
    checkRegWrite(env, insn.dst, false);
    checkStackArgRead(env, insn.off, insn.dst);
    return;
  }
  checkRegRead(env, insn.src);
  checkRegWrite(env, insn.dst, false);
  const { type } = env.reg(insn.src);
  checkMemAccess(env, env.insnIdx, env.reg(insn.src), insn.src, insn.off, sizeBytes(insn.code), "read", insn.dst, strict, isLdsx);
  saveAuxPtrType(env, type, trustMismatchOk);
  if (env.f.reg_invariants) regBoundsSanityCheck(env, env.reg(insn.dst), () => env.mut(insn.dst), ctx);
}
export function checkStoreReg(env: Env, insn: Insn, strict: boolean): void {
  if (env.f.stack_args && insn.dst === REG_PARAMS) {
    checkRegRead(env, insn.src);
    checkStackArgWrite(env, insn.off, env.reg(insn.src));
    return;
  }
  checkRegRead(env, insn.src);
  checkRegRead(env, insn.dst);
  const { type } = env.reg(insn.dst);
  checkMemAccess(env, env.insnIdx, env.reg(insn.dst), insn.dst, insn.off, sizeBytes(insn.code), "write", insn.src, strict, false);
  saveAuxPtrType(env, type, false);
}
export function checkStoreImm(env: Env, insn: Insn): void {
  if (env.f.stack_args && insn.dst === REG_PARAMS) {
    checkStackArgWrite(env, insn.off, null);
    return;
  }
  checkRegRead(env, insn.dst);
  const { type } = env.reg(insn.dst);
  if (type === T.PTR_TO_CTX && !env.f.st_to_ctx) env.fail("EACCES", `BPF_ST stores into R${insn.dst} ${regTypeStr(env, type)} is not allowed`);
  checkMemAccess(env, env.insnIdx, env.reg(insn.dst), insn.dst, insn.off, sizeBytes(insn.code), "write", -1, false, false);
  saveAuxPtrType(env, type, false);
}

/** A load through such a pointer must survive a fault (kernel 7.3 bpf_may_fault_on_deref). */
export const mayFault = (type: number): boolean => type === T.PTR_TO_BTF_ID || (type & T.PTR_UNTRUSTED) !== 0;

function mismatchOk(env: Env, type: number): boolean {
  switch (T.baseType(type)) {
    case T.PTR_TO_CTX: case T.PTR_TO_SOCKET: case T.PTR_TO_SOCK_COMMON: case T.PTR_TO_TCP_SOCK: case T.PTR_TO_XDP_SOCK: case T.PTR_TO_BTF_ID: case T.PTR_TO_ARENA:
      return false;
    case T.PTR_TO_MEM:
      return !env.f.plain_btf_may_fault || !mayFault(type);
    default:
      return true;
  }
}
/** One instruction must see one kind of pointer on all paths where the kernel rewrites its accesses (kernel save_aux_ptr_type). */
export function saveAuxPtrType(env: Env, type: number, trustMismatchOk: boolean): void {
  const aux = env.aux[env.insnIdx]!;
  const prev = aux.ptrType;
  if (prev === T.NOT_INIT) {
    aux.ptrType = type;
    return;
  }
  if (type === prev || (mismatchOk(env, type) && mismatchOk(env, prev))) return;
  const memOrBtf = (t: number): boolean => T.baseType(t) === T.PTR_TO_BTF_ID || (env.f.ptr_type_mem_mismatch && T.baseType(t) === T.PTR_TO_MEM);
  if (trustMismatchOk && memOrBtf(type) && memOrBtf(prev)) {
    let merged = T.baseType(type) === T.PTR_TO_MEM || T.baseType(prev) === T.PTR_TO_MEM ? T.PTR_TO_MEM : T.PTR_TO_BTF_ID;
    if (!env.f.plain_btf_may_fault) merged |= (type | prev) & (T.PTR_UNTRUSTED | T.MEM_RDONLY);
    else if (mayFault(type) || mayFault(prev)) merged |= T.PTR_UNTRUSTED | (merged === T.PTR_TO_MEM ? T.MEM_RDONLY : 0);
    else merged |= (type | prev) & T.MEM_RDONLY;
    aux.ptrType = env.f.ptr_type_mem_mismatch ? merged : T.PTR_TO_BTF_ID | T.PTR_UNTRUSTED;
    return;
  }
  env.fail("EINVAL", "same insn cannot be used with different pointers");
}
