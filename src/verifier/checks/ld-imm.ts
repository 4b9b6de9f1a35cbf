/** ld_imm64 in all its forms (kernel check_ld_imm). */
import { BPF_DW, BPF_PSEUDO_BTF_ID, BPF_PSEUDO_FUNC, BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE, BPF_PSEUDO_MAP_VALUE, bpfSize } from "../../isa/table.ts";
import type { Insn } from "../../isa/types.ts";
import type { Env } from "../state/env.ts";
import { markRegKnown, markRegKnownZero } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { checkRegWrite, markUnknown } from "./reg-arg.ts";

export function checkLdImm(env: Env, insn: Insn): void {
  if (bpfSize(insn.code) !== BPF_DW) env.fail("EINVAL", "invalid BPF_LD_IMM insn");
  const dst = checkRegWrite(env, insn.dst, true);
  const aux = env.curAux;
  if (insn.src === 0) {
    dst.type = T.SCALAR_VALUE;
    markRegKnown(dst, (BigInt(env.insns[env.insnIdx + 1]!.imm >>> 0) << 32n) | BigInt(insn.imm >>> 0));
    return;
  }
  markRegKnownZero(dst);
  switch (insn.src) {
    case BPF_PSEUDO_BTF_ID: {
      const v = aux.btfVar;
      if (!v) return env.bug("pseudo btf id: unexpected dst reg type");
      dst.type = v.regType;
      dst.memSize = v.memSize;
      dst.btf = v.btf;
      dst.btfId = v.btfId;
      return;
    }
    case BPF_PSEUDO_FUNC: {
      const subprog = env.findSubprog(env.insnIdx + insn.imm + 1);
      if (env.prog.funcInfo.length === 0) env.fail("EINVAL", "missing btf func_info");
      if (env.subprogs[subprog]?.linkage !== 0) env.fail("EINVAL", "callback function not static");
      if (subprog === 0 && env.f.callback_not_main) env.fail("EINVAL", "callback function cannot be the main program");
      dst.type = T.PTR_TO_FUNC;
      dst.subprogno = subprog;
      return;
    }
    case BPF_PSEUDO_MAP_VALUE:
    case BPF_PSEUDO_MAP_IDX_VALUE: {
      const map = aux.map!;
      if (map.type === "arena") {
        markUnknown(env, dst);
        dst.map = map;
        return;
      }
      if (env.f.ptr_fixed_off) dst.off = aux.mapOff;
      else markRegKnown(dst, BigInt(aux.mapOff));
      dst.type = T.PTR_TO_MAP_VALUE;
      dst.map = map;
      return;
    }
    case BPF_PSEUDO_MAP_FD:
    case BPF_PSEUDO_MAP_IDX:
      dst.type = T.CONST_PTR_TO_MAP;
      dst.map = aux.map;
      return;
  }
  env.bug("unexpected src reg value for ldimm64");
}
