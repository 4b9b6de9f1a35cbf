/** What a kfunc call is: its BTF, prototype and flags (kernel fetch_kfunc_meta, bpf_add_kfunc_call). */
import { BtfKind, type BtfOf } from "../../btf/types.ts";
import type { Btf } from "../../btf/types.ts";
import type { Insn } from "../../isa/types.ts";
import type { KfuncEntry } from "../../kernel/types.ts";
import type { Env } from "../state/env.ts";
import type { CallSummary } from "./call-summary.ts";

export interface KfuncMeta {
  name: string;
  btf: Btf;
  btfId: number;
  proto: BtfOf<typeof BtfKind.FUNC_PROTO>;
  flags: ReadonlySet<string>;
  entry: KfuncEntry | undefined;
}

/** Undefined when the call names no function, or one this kernel has no prototype for. */
export function kfuncMeta(env: Env, insn: Insn): KfuncMeta | undefined {
  const module = insn.off === 0 ? null : env.prog.kfuncModules[insn.off];
  if (module === undefined) return undefined;
  const btf = module === null ? env.kernel.btf : env.kernel.modules.get(module);
  const func = btf?.type(insn.imm);
  if (!btf || func?.kind !== BtfKind.FUNC) return undefined;
  const entry = env.kernel.kfuncById(module, insn.imm);
  const flags = new Set(entry?.flags ?? []);
  let protoId = func.type;
  if (flags.has("KF_IMPLICIT_ARGS")) {
    const impl = btf.find(BtfKind.FUNC, `${func.name}_impl`);
    const t = impl === undefined ? undefined : btf.type(impl);
    if (t?.kind === BtfKind.FUNC) protoId = t.type;
  }
  const proto = btf.type(protoId);
  if (proto?.kind !== BtfKind.FUNC_PROTO) return undefined;
  return { name: func.name, btf, btfId: insn.imm, proto: proto as BtfOf<typeof BtfKind.FUNC_PROTO>, flags, entry };
}

/** Checks that come with finding a kfunc call in the program, before any path is walked. */
export function addKfuncCall(env: Env, insn: Insn): void {
  if (!env.f.kfuncs) env.fail("EINVAL", "BPF_CALL uses reserved fields");
  if (!env.kernel.btf) env.fail("ENOTSUPP", "calling kernel function is not supported without CONFIG_DEBUG_INFO_BTF");
  if (!env.prog.gplCompatible) env.fail("EINVAL", "cannot call kernel function from non-GPL compatible program");
  if (insn.imm === 0 && insn.off === 0) return;
  if (insn.imm <= 0) env.fail("EINVAL", `invalid kernel function btf_id ${insn.imm}`);
  const meta = kfuncMeta(env, insn);
  if (!meta) env.fail("EINVAL", `kernel btf_id ${insn.imm} is not a function`);
}
/** What the flow graph needs to know of the call. */
export function kfuncEffects(env: Env, insn: Insn): { iterNext: boolean; sleepable: boolean; changesPkt: boolean } | undefined {
  const m = kfuncMeta(env, insn);
  if (!m) return undefined;
  return { iterNext: m.flags.has("KF_ITER_NEXT"), sleepable: m.flags.has("KF_SLEEPABLE"), changesPkt: m.name === "bpf_xdp_pull_data" };
}
export function kfuncProtoShape(env: Env, insn: Insn): CallSummary | undefined {
  const m = kfuncMeta(env, insn);
  if (!m) return undefined;
  return { numParams: m.proto.params.length, isVoid: m.proto.ret === 0, fastcall: m.flags.has("KF_FASTCALL") };
}
