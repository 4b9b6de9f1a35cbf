/** BTF pointers as helper arguments (the second half of kernel check_reg_type). */
import { BtfKind } from "../../btf/types.ts";
import { btfTypeName } from "../report/print-state.ts";
import type { Env } from "../state/env.ts";
import type { RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import type { ArgType } from "./arg-types.ts";
import { structIdsMatch } from "./btf-match.ts";
import { mapKptrMatchType } from "./kptr.ts";
import type { CallMeta } from "./helper-args.ts";
import { regName } from "./mem.ts";
import { checkPtrOffReg } from "./mem-region.ts";

/** Struct that an argument type without a BTF id of its own stands for (the btf_id of kernel compatible_reg_types). */
const ARG_STRUCT: Readonly<Record<string, string>> = { ARG_PTR_TO_BTF_ID_SOCK_COMMON: "sock_common", ARG_PTR_TO_SOCK_COMMON: "sock_common", ARG_PTR_TO_SOCKET: "sock" };

/** @param argBtf struct the prototype names; @param meta of the call, for bpf_kptr_xchg's destination */
export function checkBtfArgType(env: Env, reg: RegState, regno: number, arg: ArgType, argBtf: string | null, funcName: string, meta?: CallMeta): void {
  const plain = reg.type & ~(T.PTR_TRUSTED | T.MEM_RCU | T.PTR_MAYBE_NULL);
  if (plain === T.PTR_TO_BTF_ID) {
    if (T.typeMayBeNull(reg.type) && (!(arg.flags & T.PTR_MAYBE_NULL) || arg.flags & T.OBJ_RELEASE))
      env.fail("EACCES", `Possibly NULL pointer passed to helper ${env.f.release_message_new ? regName(regno) : `arg${regno}`}`);
    if (funcName === "bpf_kptr_xchg") {
      if (!meta?.kptrField || !mapKptrMatchType(env, meta.kptrField, reg, regno)) env.failSilently("EACCES");
      return;
    }
    const want = argBtf ?? ARG_STRUCT[arg.base];
    const kernel = env.kernel.btf;
    const id = want && kernel ? kernel.find(BtfKind.STRUCT, want) : undefined;
    if (!kernel || id === undefined) return env.unsupported(`which struct ${funcName} takes as argument ${regno} is not known for this kernel`);
    checkPtrOffReg(env, reg, regno, true);
    const off = Number(BigInt.asIntN(64, reg.varOff.value)) + reg.off;
    const strict = (arg.flags & T.OBJ_RELEASE) !== 0 && funcName !== "bpf_sk_release";
    if (!structIdsMatch(env, reg.btf!, reg.btfId, off, kernel, id, strict))
      env.fail("EACCES", `${regName(regno)} is of type ${btfTypeName(reg.btf, reg.btfId)} but ${want} is expected`);
    return;
  }
  if (reg.type & T.MEM_ALLOC) {
    if (funcName !== "bpf_spin_lock" && funcName !== "bpf_spin_unlock" && funcName !== "bpf_kptr_xchg") env.bug("unimplemented handling of MEM_ALLOC");
    if (funcName === "bpf_kptr_xchg" && regno === 2 && (!meta?.kptrField || !mapKptrMatchType(env, meta.kptrField, reg, regno))) env.failSilently("EACCES");
    return;
  }
  if (reg.type & T.MEM_PERCPU) return;
  env.bug("invalid PTR_TO_BTF_ID register for type match");
}
