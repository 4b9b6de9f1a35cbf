import type { BtfId } from "../base/brand.ts";
import { BtfKind } from "../btf/types.ts";
import type { Btf, BtfOf } from "../btf/types.ts";
import { functionSignature } from "./c-signature.ts";
import { LAB_MODULE } from "./lab/workbench.ts";
import type { Kernel, KernelPolicy } from "./types.ts";

/** C declarations of what an overlay brought or changed, to follow the kernel's own vmlinux.h; "" when there is nothing. */
export function declarationsOf(kernel: Kernel): string {
  const btf = kernel.modules.get(LAB_MODULE);
  const { policy } = kernel;
  if (!policy || !btf) return "";
  const structs = structTexts(btf, policy);
  const functions = kernel.manifest.kfuncs.flatMap((kfunc) => {
    if (kfunc.module !== LAB_MODULE || kfunc.byIdOnly) return [];
    return declaration(btf, kfunc.btfId, kfunc.name);
  });
  const versions = [...policy.symbolVersions].flatMap(([name, symbols]) =>
    symbols.flatMap((s) => {
      const own = s.module === null ? kernel.btf : kernel.modules.get(s.module);
      return own ? declaration(own, s.btfId, `${name}___${s.version.replaceAll(".", "_")}`) : [];
    }));
  const kfuncs = [...functions, ...versions];
  const types = structs.length === 0 ? [] : [`/* types of ${kernel.name} */`, ...structs];
  const protos = kfuncs.length === 0 ? [] : [`#ifndef BPF_NO_KFUNC_PROTOTYPES /* kfuncs of ${kernel.name} */`, ...kfuncs, "#endif"];
  if (types.length === 0 && protos.length === 0) return "";
  const guard = `__VMLINUX_H_LAB_${kernel.name.replace(/\W/g, "_")}`;
  return ["", `#ifndef ${guard}`, `#define ${guard}`, ...types, ...protos, "#endif", ""].join("\n");
}

function declaration(btf: Btf, id: BtfId, name: string): string[] {
  const func = btf.type(id);
  const signature = functionSignature(btf, id);
  if (signature === undefined || func?.kind !== BtfKind.FUNC) return [];
  const named = func.name === name ? signature : signature.replace(new RegExp(`\\b${func.name}\\(`), `${name}(`);
  return [`extern ${named} __attribute__((weak)) __attribute__((section(".ksyms")));`];
}

/** Structs of the overlay. A context's accesses are no CO-RE relocations: the kernel keeps contexts as they are. */
function structTexts(btf: Btf, policy: KernelPolicy): string[] {
  const contexts = new Set([...policy.programTypes.values()].map((t) => t.struct));
  const out: string[] = [];
  for (let id = btf.startId; id < btf.count; id++) {
    const type = btf.type(id as BtfId);
    if (type?.kind === BtfKind.STRUCT && type.name !== "") out.push(structText(btf, type as BtfOf<typeof BtfKind.STRUCT>, contexts.has(type.name)));
  }
  return out;
}

function structText(btf: Btf, struct: BtfOf<typeof BtfKind.STRUCT>, isContext: boolean): string {
  const lines: string[] = [];
  let end = 0;
  for (const member of struct.members) {
    const off = member.bitOffset / 8;
    const type = btf.type(member.type);
    const array = type?.kind === BtfKind.ARRAY ? type : null;
    const element = btf.type(array ? array.elemType : member.type);
    const size = btf.sizeOf(member.type) ?? 0;
    const unit = array ? size / Math.max(array.nelems, 1) : size;
    // Where a field's place is given, the gap before it may be more than its alignment makes.
    const natural = Math.ceil(end / Math.max(unit, 1)) * Math.max(unit, 1);
    if (off > natural) lines.push(`\tunsigned char __gap_${end}[${off - end}];`);
    lines.push(`\t${element?.name ?? "__u8"} ${member.name}${array ? `[${array.nelems}]` : ""};`);
    end = off + size;
  }
  const attribute = isContext ? "" : " __attribute__((preserve_access_index))";
  return `struct ${struct.name} {\n${lines.join("\n")}\n}${attribute};`;
}
