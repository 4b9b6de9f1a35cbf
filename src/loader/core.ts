import { CoreRelocator } from "../btf/core-relo.ts";
import { patchInsn } from "../btf/core-patch.ts";
import { isLdImm64 } from "../isa/insn.ts";
import type { Insn } from "../isa/types.ts";
import { coreKindText, formatSpec, parseSpec } from "../btf/core-spec.ts";
import { funcAt, type Func } from "./internals.ts";
import { EINVAL, errnoName } from "./refusal.ts";
import { sourceAt } from "./source.ts";
import { moduleBtfs, vmlinuxBtf, type LoadSession } from "./session.ts";

/** Code of the functions after CO-RE, and what each failed relocation was for (for explaining a poisoned instruction). */
export interface RelocatedCode {
  insns: Map<Func, Insn[]>;
  /** by function and slot: libbpf's spelling of the relocation */
  specs: Map<Func, Map<number, string>>;
}

/** Applies the CO-RE relocations of all enabled functions (libbpf bpf_object__relocate_core). */
export function relocateCore(session: LoadSession, enabled: (func: Func) => boolean): RelocatedCode {
  const { object, log } = session;
  const code: RelocatedCode = { insns: new Map(object.funcs.map((func) => [func, [...func.insns]])), specs: new Map() };
  const { ext, rawBtf } = object;
  if (!ext || !rawBtf || !object.btf || ext.coreRelos.length === 0) return code;
  const relocator = new CoreRelocator(object.btf, vmlinuxBtf(session), () => moduleBtfs(session).map(([, btf]) => btf));
  const failed = (errno: string): string => `failed to perform CO-RE relocations: ${errno}`;
  for (const section of ext.coreRelos) {
    const sectionIndex = object.elf.section(rawBtf.text(section.nameOff))?.index ?? -1;
    for (const [i, record] of section.records.entries()) {
      const offset = record.insnOff / 8;
      if (!Number.isInteger(offset)) log.refuse(failed(EINVAL), { stage: "relocate", errno: EINVAL });
      const func = funcAt(object.funcs, sectionIndex, offset);
      if (!func || !enabled(func)) continue;
      const insns = code.insns.get(func) as Insn[];
      const idx = offset - func.secInsnOff;
      const prefix = `prog '${func.name}': relo #${i}`;
      const insn = insns[idx];
      const lines = log.lines.length;
      const end = (errno: number, what: string): never => {
        log.warn(`${prefix}: failed to ${what}: ${errnoName(errno)}`);
        log.warn(failed(errnoName(errno)));
        const type = object.btf?.type(record.typeId);
        return log.refuseWith(log.lines[lines] ?? failed(errnoName(errno)), { stage: "relocate", errno: errnoName(errno), insn: idx, source: sourceAt(object, func, idx), subject: { kind: "type", name: type?.name ?? "" } });
      };
      if (insn && isLdImm64(insn) && idx + 1 >= insns.length) log.refuse(`${prefix}: insn #${idx} (LDIMM64) is truncated`, { stage: "relocate", errno: EINVAL });
      const relo = { typeId: record.typeId, access: rawBtf.text(record.accessStrOff), kind: record.kind };
      const result = relocator.resolve(relo, prefix, func.name, offset, (line) => log.warn(line));
      if (!result.ok) return end(result.error, "relocate");
      const patched = patchInsn(insns, idx, result.value, prefix, (line) => log.warn(line));
      if (!patched.ok) return end(patched.error, `patch insn #${idx}`);
      const spec = parseSpec(object.btf, relo.typeId, relo.kind, relo.access, () => undefined);
      const specs = code.specs.get(func) ?? new Map<number, string>();
      specs.set(idx, spec.ok ? formatSpec(spec.value) : coreKindText(relo.kind));
      code.specs.set(func, specs);
    }
  }
  return code;
}
