/** kfunc calls before any path is walked: which functions the program calls (kernel bpf_add_kfunc_call), and what its flow graph needs to know of them. */
import type { Insn } from "../../../isa/types.ts";
import type { Env } from "../../state/env.ts";
import { fetchKfuncMeta, findKfunc } from "./meta.ts";

export function addKfuncCall(env: Env, insn: Insn): void {
  if (!env.kernel.btf) env.fail("ENOTSUPP", "calling kernel function is not supported without CONFIG_DEBUG_INFO_BTF");
  if (!env.prog.gplCompatible) env.fail("EINVAL", "cannot call kernel function from non-GPL compatible program");
  // left by libbpf for a weak kfunc that is not there: only dead code may hold it
  if (insn.imm === 0 && insn.off === 0) return;
  const found = findKfunc(env, insn);
  if (!found.ok) env.fail(found.errno, found.line);
  const { module, name } = found.kfunc;
  // kernel XDP_METADATA_KFUNC_xxx; a simulated program is never bound to a device
  if (module === null && name.startsWith("bpf_xdp_metadata_rx_")) env.fail("EINVAL", "metadata kfuncs require device-bound program");
}
/** What the flow graph needs to know of the call. */
export function kfuncEffects(env: Env, insn: Insn): { iterNext: boolean; sleepable: boolean; changesPkt: boolean } | undefined {
  const found = findKfunc(env, insn);
  if (!found.ok) return undefined;
  const { flags, name } = found.kfunc;
  return { iterNext: flags.has("KF_ITER_NEXT"), sleepable: flags.has("KF_SLEEPABLE"), changesPkt: name === "bpf_xdp_pull_data" };
}
/** Its arguments and result as data flow sees them. */
export function kfuncProtoShape(env: Env, insn: Insn): { numParams: number; isVoid: boolean; fastcall: boolean } | undefined {
  const fetched = fetchKfuncMeta(env, insn);
  if (!fetched.ok) return undefined;
  const { proto, flags, name } = fetched.meta;
  const fastcall = env.f.fastcall_kfunc_flag ? flags.has("KF_FASTCALL") : name === "bpf_cast_to_kern_ctx" || name === "bpf_rdonly_cast";
  return { numParams: proto.params.length, isVoid: proto.ret === 0, fastcall };
}
