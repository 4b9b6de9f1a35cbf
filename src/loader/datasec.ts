import { BTF_EXTERN, BTF_STATIC } from "../btf/constants.ts";
import type { OverlayBtf } from "../btf/overlay.ts";
import { BtfKind, type BtfOf } from "../btf/types.ts";
import { STB_GLOBAL, STB_WEAK, STT_OBJECT, STV_HIDDEN, STV_INTERNAL } from "../elf/constants.ts";
import type { ElfFile, ElfSymbol } from "../elf/types.ts";
import { EINVAL, ENOENT, Refusal } from "./refusal.ts";

/** Gives each DATASEC its size and its variables their offsets, which only the ELF file knows (libbpf bpf_object_fixup_btf). */
export function fixDatasecs(elf: ElfFile, btf: OverlayBtf): void {
  const variables = new Map<string, ElfSymbol>();
  for (const symbol of elf.symbols) {
    if (symbol.type === STT_OBJECT && (symbol.bind === STB_GLOBAL || symbol.bind === STB_WEAK) && !variables.has(symbol.name)) variables.set(symbol.name, symbol);
  }
  for (let id = 1; id < btf.count; id++) {
    const type = btf.type(id);
    if (type?.kind === BtfKind.DATASEC) fixDatasec(elf, btf, type, variables);
  }
}

function fixDatasec(elf: ElfFile, btf: OverlayBtf, section: BtfOf<typeof BtfKind.DATASEC>, variables: ReadonlyMap<string, ElfSymbol>): void {
  const { name } = section;
  const subject = { kind: "section" as const, name };
  let { size } = section;
  const secinfos = section.secinfos.map((info) => ({ ...info }));
  if (name !== ".kconfig" && name !== ".ksyms") {
    const fixOffsets = size === 0;
    if (fixOffsets) {
      size = elf.section(name)?.size ?? 0;
      if (size === 0) throw new Refusal(`sec '${name}': failed to determine size from ELF: size 0`, { errno: ENOENT, subject });
    }
    for (const info of secinfos) {
      const variable = btf.type(info.type);
      if (variable?.kind !== BtfKind.VAR) throw new Refusal(`sec '${name}': unexpected non-VAR type found`, { errno: EINVAL, subject });
      if (variable.linkage === BTF_STATIC || variable.linkage === BTF_EXTERN) continue;
      const symbol = variables.get(variable.name);
      if (!symbol) throw new Refusal(`sec '${name}': failed to find ELF symbol for VAR '${variable.name}'`, { errno: ENOENT, subject });
      if (fixOffsets) info.offset = symbol.value;
      if (symbol.visibility === STV_HIDDEN || symbol.visibility === STV_INTERNAL) btf.replace(variable.id, { ...variable, linkage: BTF_STATIC });
    }
  }
  secinfos.sort((a, b) => a.offset - b.offset);
  btf.replace(section.id, { ...section, size, secinfos });
}
