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
  const byVersion = versionedNames(kernel);
  const functions = kernel.manifest.kfuncs.flatMap((kfunc) => {
    if (kfunc.module !== LAB_MODULE || kfunc.byIdOnly || byVersion.has(kfunc.name)) return [];
    return declaration(btf, kfunc.btfId, kfunc.name);
  });
  const versions = [...policy.symbolVersions].flatMap(([name, symbols]) =>
    symbols.flatMap((s) => {
      const own = s.module === null ? kernel.btf : kernel.modules.get(s.module);
      return own ? declaration(own, s.btfId, `${name}___${s.version.replaceAll(".", "_")}`) : [];
    }));
  const kfuncs = [...functions, ...[...byVersion].flatMap((name) => declarationsByVersion(kernel, name)), ...versions];
  const types = structs.length === 0 ? [] : [`/* types of ${kernel.name} */`, ...structs];
  const protos = kfuncs.length === 0 ? [] : [`#ifndef BPF_NO_KFUNC_PROTOTYPES /* kfuncs of ${kernel.name} */`, ...kfuncs, "#endif"];
  if (types.length === 0 && protos.length === 0) return "";
  const guard = `__VMLINUX_H_LAB_${kernel.name.replace(/\W/g, "_")}`;
  return ["", `#ifndef ${guard}`, `#define ${guard}`, ...types, ...protos, "#endif", ""].join("\n");
}

const MAX_VERSIONS = 16;

/** Kfuncs whose prototype depends on the API version; those that the release itself declares stay as it declares them. */
function versionedNames(kernel: Kernel): ReadonlySet<string> {
  const names = (kernel.policy?.changes ?? []).filter((c) => c.what === "versioned" && c.kind === "kfunc").map((c) => c.name);
  return new Set(kernel.policy?.api ? names.filter((name) => kernel.kfunc(name)?.module !== null) : []);
}

/** One declaration for each form the kfunc has within the window; a program chooses with `#define BPF_API 3` before the #include. */
function declarationsByVersion(kernel: Kernel, name: string): string[] {
  const api = kernel.policy!.api!;
  const forms: { from: number; text: string }[] = [];
  for (let v = api.version; v >= Math.max(api.oldest, api.version - MAX_VERSIONS); v--) {
    const view = api.at(v);
    const entry = view.ok ? view.value.kfunc(name) : undefined;
    const btf = !view.ok || !entry ? null : entry.module === null ? view.value.btf : view.value.modules.get(entry.module);
    const text = entry && btf ? (declaration(btf, entry.btfId, name)[0] ?? "") : "";
    const last = forms.at(-1);
    if (last?.text === text) last.from = v;
    else forms.push({ from: v, text });
  }
  const lines = forms.map(({ from, text }, i) => `${i === 0 ? `#if !defined(BPF_API) || BPF_API >= ${from}` : `#elif BPF_API >= ${from}`}\n${text}`);
  return forms.every((f) => f.text === "") ? [] : [...lines, "#endif"];
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
    const pointee = element?.kind === BtfKind.PTR ? btf.type(element.type) : undefined;
    lines.push(`\t${pointee ? `struct ${pointee.name} *` : `${element?.name ?? "__u8"} `}${member.name}${array ? `[${array.nelems}]` : ""};`);
    end = off + size;
  }
  const attribute = isContext ? "" : " __attribute__((preserve_access_index))";
  return `struct ${struct.name} {\n${lines.join("\n")}\n}${attribute};`;
}
