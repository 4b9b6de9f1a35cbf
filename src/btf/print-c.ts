import type { BtfId } from "../base/brand.ts";
import { CDeclarations } from "./c-decl.ts";
import { CNames, isCompilerBuiltin } from "./c-names.ts";
import { CDefinitionOrder } from "./c-order.ts";
import { sortForHeader } from "./c-sort.ts";
import { BtfKind, type Btf } from "./types.ts";
import { isModifier } from "./walk.ts";

const NOT_EMITTED = 0;
const EMITTING = 1;
const EMITTED = 2;
const MAX_DEPTH = 1500;

/** Aliases for builtin types of other compilers that appear in BTF as integers of that name. */
const MISSING_TYPES: Readonly<Record<string, string>> = {
  __Poly8_t: "unsigned char", __Poly16_t: "unsigned short", __Poly64_t: "unsigned long long", __Poly128_t: "unsigned __int128",
};

export interface PrintCOptions {
  /**
   * names of kfuncs to declare besides those that BTF itself marks with a `bpf_kfunc` tag (older kernels mark none); names
   * that are no FUNC of this BTF are left out
   */
  kfuncs?: Iterable<string>;
}

/**
 * The `vmlinux.h` of a kernel, as `bpftool btf dump file … format c` prints it: every type, forward declarations where C
 * needs them, kfunc prototypes, all with preserve_access_index. Compiles for the BPF target with the layouts BTF records.
 */
export function printVmlinuxH(btf: Btf, options: PrintCOptions = {}): string {
  const printer = new HeaderPrinter(btf);
  printer.out += PROLOGUE;
  for (const id of sortForHeader(btf)) printer.type(id);
  printer.kfuncs(options.kfuncs ?? []);
  printer.out += EPILOGUE;
  return printer.out;
}

/** Only these types and what they need, in the same form; without the header's guards. */
export function printTypes(btf: Btf, ids: Iterable<BtfId>): string {
  const printer = new HeaderPrinter(btf);
  for (const id of ids) printer.type(id);
  return printer.out;
}

const PROLOGUE = `#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

#ifndef __ksym
#define __ksym __attribute__((section(".ksyms")))
#endif

#ifndef __weak
#define __weak __attribute__((weak))
#endif

#ifndef __bpf_fastcall
#if __has_attribute(bpf_fastcall)
#define __bpf_fastcall __attribute__((bpf_fastcall))
#else
#define __bpf_fastcall
#endif
#endif

`;
const EPILOGUE = `#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif /* __VMLINUX_H__ */
`;

class HeaderPrinter {
  out = "";
  private readonly btf: Btf;
  private readonly order: CDefinitionOrder;
  private readonly names: CNames;
  private readonly decls: CDeclarations;
  private readonly state: Uint8Array;
  private readonly forwarded: Uint8Array;
  /** visits left: anonymous types are visited wherever they are mentioned */
  private left = 5_000_000;

  constructor(btf: Btf) {
    this.btf = btf;
    this.order = new CDefinitionOrder(btf);
    this.names = new CNames(btf, true);
    this.decls = new CDeclarations(btf, this.names);
    this.state = new Uint8Array(btf.count);
    this.state[0] = EMITTED;
    this.forwarded = new Uint8Array(btf.count);
  }

  /** Defines a type and everything it needs that was not defined before. */
  type(id: BtfId): void {
    for (const definition of this.order.definitionsFor(id)) this.emit(definition, 0, 0);
  }

  /** Prototypes of kernel functions that programs may call, by name. */
  kfuncs(extra: Iterable<string>): void {
    const { btf } = this;
    const found = new Map<BtfId, string>();
    for (let id = 1; id < btf.count; id++) {
      const tag = btf.type(id);
      if (tag?.kind !== BtfKind.DECL_TAG || tag.componentIdx !== -1 || tag.name !== "bpf_kfunc") continue;
      const func = btf.type(tag.type);
      // A custom kernel's BTF may hold functions that nobody finds by name any more.
      if (func?.kind === BtfKind.FUNC && func.name !== "" && btf.named(func.name).includes(func.id)) found.set(func.id, func.name);
    }
    const marked = new Set(found.values());
    for (const name of extra) {
      const id = marked.has(name) ? undefined : btf.find(BtfKind.FUNC, name);
      if (id !== undefined) found.set(id, name);
    }
    this.out += "\n/* BPF kfuncs */\n#ifndef BPF_NO_KFUNC_PROTOTYPES\n";
    for (const [id, name] of [...found].sort((a, b) => (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : a[0] - b[0]))) {
      const func = btf.type(id);
      if (func?.kind !== BtfKind.FUNC) continue;
      const fastcall = btf.declTags(id).includes("bpf_fastcall") ? "__bpf_fastcall " : "";
      this.out += `extern ${fastcall}${this.decls.declaration(func.type, name)} __weak __ksym;\n`;
    }
    this.out += "#endif\n\n";
  }

  /** Defines a type (`container` 0), or sees to it that what a definition inside `container` mentions is declared (libbpf btf_dump_emit_type). */
  private emit(id: BtfId, container: BtfId, depth: number): void {
    const state = this.state[id];
    const type = this.btf.type(id);
    if (state === EMITTED || !type || depth > MAX_DEPTH || this.left-- <= 0) return;
    const isTop = container === 0;
    if (state === EMITTING) {
      if (this.forwarded[id]) return;
      if (type.kind === BtfKind.STRUCT || type.kind === BtfKind.UNION) {
        if (id === container || type.name === "") return;
        this.line(this.decls.tagOf(type));
      } else if (type.kind === BtfKind.TYPEDEF) {
        this.typedef(id);
      } else {
        return;
      }
      this.forwarded[id] = 1;
      return;
    }
    switch (type.kind) {
      case BtfKind.INT: {
        const alias = MISSING_TYPES[type.name];
        if (alias) this.line(`typedef ${alias} ${type.name}`);
        this.state[id] = EMITTED;
        break;
      }
      case BtfKind.ENUM:
      case BtfKind.ENUM64:
        if (isTop) this.line(this.decls.enumDefinition(type, 0));
        this.state[id] = EMITTED;
        break;
      case BtfKind.ARRAY:
        this.emit(type.elemType, container, depth + 1);
        break;
      case BtfKind.FWD:
        this.line(this.decls.tagOf(type));
        this.state[id] = EMITTED;
        break;
      case BtfKind.TYPEDEF:
        this.state[id] = EMITTING;
        this.emit(type.type, id, depth + 1);
        if (!this.forwarded[id]) this.typedef(id);
        this.state[id] = EMITTED;
        break;
      case BtfKind.STRUCT:
      case BtfKind.UNION:
        this.state[id] = EMITTING;
        if (isTop || type.name === "") {
          const inside = type.name === "" ? container : id;
          for (const member of type.members) this.emit(member.type, inside, depth + 1);
        } else if (!this.forwarded[id] && id !== container) {
          this.line(this.decls.tagOf(type));
          this.forwarded[id] = 1;
        }
        if (isTop) this.line(this.decls.structDefinition(type, 0));
        this.state[id] = isTop ? EMITTED : NOT_EMITTED;
        break;
      case BtfKind.FUNC_PROTO:
        this.emit(type.ret, container, depth + 1);
        for (const param of type.params) this.emit(param.type, container, depth + 1);
        break;
      default:
        if ((type.kind === BtfKind.PTR || isModifier(type.kind)) && "type" in type) this.emit(type.type, container, depth + 1);
    }
  }

  private typedef(id: BtfId): void {
    const type = this.btf.type(id);
    if (type?.kind !== BtfKind.TYPEDEF || isCompilerBuiltin(this.btf, id)) return;
    const name = this.names.typedef(id);
    if (type.type === 0 && name === "__gnuc_va_list") this.line("typedef __builtin_va_list __gnuc_va_list");
    else this.line(`typedef ${this.decls.declaration(type.type, name)}`);
  }

  private line(text: string): void {
    this.out += `${text};\n\n`;
  }
}
