/** Helpers that return BTF pointers (the RET_PTR_TO_BTF_ID cases of kernel check_helper_call). */
import type { HelperProto } from "../../kernel/types.ts";
import { BtfKind } from "../../btf/types.ts";
import type { Env } from "../state/env.ts";
import { markRegKnownZero, type RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import type { CallMeta } from "./helper-args.ts";

export function btfReturn(env: Env, r0: RegState, base: string, flags: number, fn: HelperProto, meta: CallMeta): void {
  markRegKnownZero(r0);
  if (base === "RET_PTR_TO_MEM_OR_BTF_ID") return perCpuVariable(env, r0, flags, meta);
  if (meta.func === "bpf_kptr_xchg") {
    const { btf, btfId } = meta.kptrField!.kptr!;
    r0.type = T.PTR_TO_BTF_ID | flags;
    if (btf === env.btf) r0.type |= T.MEM_ALLOC | (meta.kptrField!.type === "kptr_percpu" ? T.MEM_PERCPU : 0);
    r0.btf = btf;
    r0.btfId = btfId;
    return;
  }
  const { btf } = env.kernel;
  // Without CONFIG_DEBUG_INFO_BTF the lists of ids are zeros (include/linux/btf_ids.h); 8 is RET_PTR_TO_BTF_ID, with _OR_NULL in 5.10.
  if (!btf) env.fail("EINVAL", `invalid return type 8 of func ${meta.func}#${env.insns[env.insnIdx]!.imm}`);
  const id = fn.retBtf && btf ? btf.find(BtfKind.STRUCT, fn.retBtf) : undefined;
  if (!btf || id === undefined) env.unsupported(`what ${meta.func} returns is not known for this kernel`);
  r0.type = T.PTR_TO_BTF_ID | flags;
  r0.btf = btf;
  r0.btfId = id;
}

/** bpf_per_cpu_ptr and bpf_this_cpu_ptr: one CPU's copy of what the argument points to. */
function perCpuVariable(env: Env, r0: RegState, flags: number, meta: CallMeta): void {
  const btf = meta.retBtf;
  const t = btf?.resolve(meta.retBtfId);
  if (!btf || !t) return env.fail("EFAULT", "Helper has invalid btf/btf_id in R1");
  const allocated = (env.reg(1).type & T.MEM_RCU) !== 0 || env.aux[env.insnIdx]!.callWithPercpuAllocPtr;
  if (t.kind !== BtfKind.STRUCT && t.kind !== BtfKind.UNION) {
    const size = btf.sizeOf(t.id);
    if (size === undefined) return env.fail("EINVAL", `unable to resolve the size of type '${t.name}': -22`);
    r0.type = T.PTR_TO_MEM | flags;
    r0.memSize = size;
    return;
  }
  r0.type = allocated ? T.PTR_TO_BTF_ID | T.MEM_ALLOC | T.MEM_RCU : T.PTR_TO_BTF_ID | (flags & ~T.MEM_RDONLY);
  r0.btf = btf;
  r0.btfId = t.id;
}
