/** ld_imm64 of a kernel symbol that BTF knows: a function's address, or a variable (kernel check_pseudo_btf_id). */
import { type Btf, BtfKind } from "../../btf/types.ts";
import type { Env } from "../state/env.ts";
import { MEM_PERCPU, MEM_RDONLY, PTR_TO_BTF_ID, PTR_TO_MEM } from "../state/reg-type.ts";

/** The second slot's imm says whose BTF: 0 the kernel's, else a module's. */
function symbolBtf(env: Env, index: number): Btf {
  if (index !== 0) {
    const module = env.prog.kfuncModules[index];
    const btf = module ? env.kernel.modules.get(module) : undefined;
    return btf ?? env.fail("EINVAL", "invalid module BTF object FD specified.");
  }
  return env.kernel.btf ?? env.fail("EINVAL", "kernel is missing BTF, make sure CONFIG_DEBUG_INFO_BTF=y is specified in Kconfig.");
}

function isPerCpu(btf: Btf, id: number): boolean {
  const at = btf.find(BtfKind.DATASEC, ".data..percpu");
  const sec = at === undefined ? undefined : btf.type(at);
  return sec?.kind === BtfKind.DATASEC && sec.secinfos.some((s) => s.type === id);
}

export function checkPseudoBtfId(env: Env, idx: number): void {
  const id = env.insns[idx]!.imm;
  const btf = symbolBtf(env, env.insns[idx + 1]!.imm);
  const t = btf.type(id);
  const aux = env.aux[idx]!;
  if (!t || id <= 0) return env.fail("ENOENT", `ldimm64 insn specifies invalid btf_id ${id}.`);
  if (t.kind === BtfKind.FUNC && env.f.ldimm64_func) {
    aux.btfVar = { regType: PTR_TO_MEM | MEM_RDONLY, btf: null, btfId: 0, memSize: 0 };
    return;
  }
  if (t.kind !== BtfKind.VAR) return env.fail("EINVAL", `pseudo btf_id ${id} in ldimm64 isn't KIND_VAR${env.f.ldimm64_func ? " or KIND_FUNC" : ""}`);
  const type = btf.resolve(t.type);
  if (isPerCpu(btf, id)) aux.btfVar = { regType: PTR_TO_BTF_ID | MEM_PERCPU, btf, btfId: t.type, memSize: 0 };
  else if (type?.kind === BtfKind.STRUCT || type?.kind === BtfKind.UNION) aux.btfVar = { regType: PTR_TO_BTF_ID, btf, btfId: t.type, memSize: 0 };
  else {
    const size = type && btf.sizeOf(type.id);
    if (size === undefined) return env.fail("EINVAL", `ldimm64 unable to resolve the size of type '${type?.name ?? ""}': -22`);
    aux.btfVar = { regType: PTR_TO_MEM | MEM_RDONLY, btf: null, btfId: 0, memSize: size };
  }
}
