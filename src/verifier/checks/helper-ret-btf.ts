/** Helpers that return BTF pointers (the RET_PTR_TO_BTF_ID cases of kernel check_helper_call). */
import type { HelperProto } from "../../kernel/types.ts";
import { BtfKind } from "../../btf/types.ts";
import type { Env } from "../state/env.ts";
import { markRegKnownZero, type RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import type { CallMeta } from "./helper-args.ts";

export function btfReturn(env: Env, r0: RegState, base: string, flags: number, fn: HelperProto, meta: CallMeta): void {
  if (base === "RET_PTR_TO_MEM_OR_BTF_ID") env.unsupported(`${meta.func} is not simulated yet`);
  if (meta.func === "bpf_kptr_xchg") env.unsupported("bpf_kptr_xchg is not simulated yet");
  const btf = env.kernel.btf;
  const id = fn.retBtf && btf ? btf.find(BtfKind.STRUCT, fn.retBtf) : undefined;
  if (!btf || id === undefined) env.unsupported(`what ${meta.func} returns is not known for this kernel`);
  markRegKnownZero(r0);
  r0.type = T.PTR_TO_BTF_ID | flags;
  r0.btf = btf;
  r0.btfId = id;
}
