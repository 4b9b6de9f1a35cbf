import type { BtfId } from "../base/brand.ts";
import type { CNames } from "./c-names.ts";
import { BtfKind, type Btf, type BtfOf, type BtfType } from "./types.ts";
import { alignOf, isModifier } from "./walk.ts";

/** Nesting of anonymous structs and function types beyond this is no real type: it prints as a comment. */
const MAX_NESTING = 64;
/** Declarations one printer writes; a kernel's header has half a million, the largest of its structs a few thousand. */
const MAX_DECLARATIONS = 3_000_000;

type Composite = BtfOf<typeof BtfKind.STRUCT>;
type Enum = BtfOf<typeof BtfKind.ENUM>;

/** Spells types and declarations in C as libbpf's btf_dump does, with the layout BTF asks for: packing, padding, bitfields. */
export class CDeclarations {
  private readonly btf: Btf;
  private readonly names: CNames;
  private nesting = 0;
  private left: number;
  private readonly aligns = new Map<BtfId, number>();

  /** `limit`: declarations written before the rest is left out, for BTF whose types multiply without end */
  constructor(btf: Btf, names: CNames, limit = MAX_DECLARATIONS) {
    this.btf = btf;
    this.names = names;
    this.left = limit;
  }

  /** `const char *name[16]`: a declaration of that type and name, without a semicolon; anonymous types are spelled out. */
  declaration(id: BtfId, name: string, level = 0): string {
    if (this.nesting >= MAX_NESTING || this.left-- <= 0) return `void * /* too deeply nested: type ${id} */ ${name}`;
    this.nesting++;
    try {
      const stack: BtfId[] = [];
      let at = id;
      for (let depth = 0; ; depth++) {
        stack.push(at);
        const type = this.btf.type(at);
        if (at === 0 || !type || depth > 4 * MAX_NESTING) break;
        if (type.kind === BtfKind.PTR || isModifier(type.kind)) at = (type as BtfOf<typeof BtfKind.PTR>).type;
        else if (type.kind === BtfKind.FUNC_PROTO) at = type.ret;
        else if (type.kind === BtfKind.ARRAY) at = type.elemType;
        else break;
      }
      return this.chain(stack, name, level);
    } finally {
      this.nesting--;
    }
  }

  /** Definition of a struct or union with all its members; with its tag when it has one. */
  structDefinition(type: Composite, level: number, withoutTag = false): string {
    const isStruct = type.kind === BtfKind.STRUCT;
    const align = this.align(type.id);
    const packed = this.isPacked(type);
    const tag = withoutTag ? "" : this.names.tag(type.id);
    let out = `${isStruct ? "struct" : "union"}${tag ? ` ${tag}` : ""} {`;
    const indent = "\t".repeat(Math.min(level + 1, 16));
    let end = 0;
    let afterBitfield = false;
    for (const member of type.members) {
      const bits = member.bitfieldSize;
      const memberAlign = packed ? 1 : this.align(member.type);
      out += this.padding(end, member.bitOffset, memberAlign, afterBitfield && bits !== 0, indent);
      out += `\n${indent}${this.member(member.type, member.name, level + 1)}`;
      if (bits) out += `: ${bits}`;
      end = member.bitOffset + (bits || 8 * (this.btf.sizeOf(member.type) ?? 0));
      afterBitfield = bits !== 0;
      out += ";";
    }
    if (isStruct) out += this.padding(end, 8 * type.size, align, false, indent);
    out += type.members.length > 0 || type.size > 0 ? `\n${"\t".repeat(Math.min(level, 16))}}` : "}";
    return packed ? `${out} __attribute__((packed))` : out;
  }

  /**
   * A member's declaration. A nameless member of a named struct type (the kernel is built with -fms-extensions) is spelled
   * out as if its type were anonymous: same layout, same names, and no flag needed to compile it.
   */
  private member(id: BtfId, name: string, level: number): string {
    const type = name === "" ? this.btf.type(id) : undefined;
    if ((type?.kind === BtfKind.STRUCT || type?.kind === BtfKind.UNION) && type.name !== "" && this.nesting < MAX_NESTING && this.left-- > 0) {
      this.nesting++;
      const text = this.structDefinition(type, level, true);
      this.nesting--;
      return text;
    }
    return this.declaration(id, name, level);
  }

  /** Definition of an enum; only its tag when it has no values. */
  enumDefinition(type: Enum, level: number): string {
    const tag = this.names.tag(type.id);
    let out = `enum${tag ? ` ${tag}` : ""}`;
    if (type.values.length === 0) return out;
    const indent = "\t".repeat(level + 1);
    const wide = type.kind === BtfKind.ENUM64;
    const suffix = wide ? (type.signed ? "LL" : "ULL") : "";
    out += " {";
    for (const { name, value } of type.values) out += `\n${indent}${this.names.enumerator(name)} = ${value}${suffix},`;
    out += `\n${"\t".repeat(level)}}`;
    if (type.size === 1) return `${out} __attribute__((mode(byte)))`;
    const needsWord = type.size === 8 && (!wide || type.values.every(({ value }) => BigInt.asUintN(64, value) >> 32n === 0n));
    return needsWord ? `${out} __attribute__((mode(word)))` : out;
  }

  /** `struct tag`, `union tag`: what stands for a type elsewhere defined. */
  tagOf(type: Composite | BtfOf<typeof BtfKind.FWD>): string {
    const isUnion = type.kind === BtfKind.FWD ? type.union : type.kind === BtfKind.UNION;
    const tag = this.names.tag(type.id);
    return `${isUnion ? "union" : "struct"}${tag ? ` ${tag}` : ""}`;
  }

  /** Natural alignment in bytes; 0 when the type has none. */
  private align(id: BtfId): number {
    return alignOf(this.btf, id, this.aligns) ?? 0;
  }

  /** A member stands where its type's alignment would not put it, or the size is no multiple of the alignment. */
  private isPacked(type: Composite): boolean {
    let max = 1;
    for (const member of type.members) {
      const align = this.align(member.type);
      if (align && member.bitfieldSize === 0 && member.bitOffset % (8 * align) !== 0) return true;
      max = Math.max(max, align);
    }
    return type.size % max !== 0;
  }

  /** Unnamed bitfields that bring the next member to its offset, where the compiler's own alignment would not. */
  private padding(from: number, to: number, nextAlign: number, inBitfield: boolean, indent: string): string {
    if (from >= to) return "";
    const units: readonly [string, number][] = [["long", 64], ["int", 32], ["short", 16], ["char", 8]];
    let out = "";
    let at = from;
    let [unit, unitBits] = units[3] as [string, number];
    let aligned = 0;
    for (const [name, bits] of units) {
      [unit, unitBits] = [name, bits];
      aligned = roundUp(at, bits);
      if (aligned <= to) break;
    }
    if (aligned > at && aligned <= to) {
      const needed = inBitfield || (aligned === to && roundUp(at, nextAlign * 8) !== aligned) || (aligned !== to && to - aligned <= aligned - at);
      if (needed) out += `\n${indent}${unit}: ${inBitfield ? aligned - at : 0};`;
      at = aligned;
    }
    const whole = Math.floor((to - at) / unitBits);
    // a hole of kilobytes is an array; as bitfields it would be thousands of lines
    if (whole > 512) out += `\n${indent}char __pad_${at / 8}[${(whole * unitBits) / 8}];`;
    else out += `\n${indent}${unit}: ${unitBits};`.repeat(whole);
    const rest = to - at - whole * unitBits;
    if (rest > 0) {
      const small = units.findLast(([, bits]) => bits >= rest) as [string, number];
      out += `\n${indent}${small[0]}: ${rest};`;
    }
    return out;
  }

  /** Takes the types of a declaration, innermost last, apart into C's inside-out order. */
  private chain(stack: BtfId[], name: string, level: number): string {
    let out = "";
    let afterPointer = true;
    while (stack.length > 0) {
      const id = stack.pop() as BtfId;
      const type = this.btf.type(id);
      if (id === 0 || !type) {
        out += `${this.qualifiers(stack)}void`;
        afterPointer = false;
        continue;
      }
      switch (type.kind) {
        case BtfKind.PTR:
          out += afterPointer ? "*" : " *";
          break;
        case BtfKind.VOLATILE:
          out += " volatile";
          break;
        case BtfKind.CONST:
          out += " const";
          break;
        case BtfKind.RESTRICT:
          out += " restrict";
          break;
        case BtfKind.TYPE_TAG:
          out += this.qualifiers(stack) + (type.kindFlag ? ` __attribute__((${type.name}))` : ` __attribute__((btf_type_tag("${type.name}")))`);
          break;
        case BtfKind.ARRAY:
          return out + this.array(stack, type, name, afterPointer, level);
        case BtfKind.FUNC_PROTO:
          return out + this.prototype(stack, type, name, afterPointer, level);
        default:
          out += this.qualifiers(stack) + this.base(type, level);
      }
      afterPointer = type.kind === BtfKind.PTR;
    }
    return out + separate(name, afterPointer);
  }

  private array(stack: BtfId[], type: BtfOf<typeof BtfKind.ARRAY>, name: string, afterPointer: boolean, level: number): string {
    this.dropQualifiers(stack);
    if (stack.length === 0) return `${separate(name, afterPointer)}[${type.nelems}]`;
    const multi = this.btf.type(stack[stack.length - 1] as BtfId)?.kind === BtfKind.ARRAY;
    const inner = this.chain(stack, name, level);
    const space = name !== "" && !afterPointer ? " " : "";
    return `${space}${multi ? inner.trimStart() : `(${inner})`}[${type.nelems}]`;
  }

  private prototype(stack: BtfId[], type: BtfOf<typeof BtfKind.FUNC_PROTO>, name: string, afterPointer: boolean, level: number): string {
    this.dropQualifiers(stack);
    const head = stack.length > 0 ? ` (${this.chain(stack, name, level)})` : separate(name, afterPointer);
    return `${head}(${this.parameters(type, level)})`;
  }

  /** What stands between a function's parentheses. */
  private parameters(type: BtfOf<typeof BtfKind.FUNC_PROTO>, level: number): string {
    if (type.params.length === 0 || (type.params.length === 1 && type.variadic)) return "void";
    return type.params.map((param, i) => (i === type.params.length - 1 && type.variadic ? "..." : this.declaration(param.type, param.name, level))).join(", ");
  }

  private base(type: BtfType, level: number): string {
    switch (type.kind) {
      case BtfKind.STRUCT:
      case BtfKind.UNION:
        return type.name === "" ? this.structDefinition(type, level) : this.tagOf(type);
      case BtfKind.ENUM:
      case BtfKind.ENUM64:
        return type.name === "" ? this.enumDefinition(type, level) : `enum ${this.names.tag(type.id)}`;
      case BtfKind.FWD:
        return this.tagOf(type);
      case BtfKind.TYPEDEF:
        return this.names.typedef(type.id);
      default:
        return type.name;
    }
  }

  /** Qualifiers on top of the stack, which in C stand before the type they qualify. */
  private qualifiers(stack: BtfId[]): string {
    let out = "";
    for (;;) {
      const top = stack[stack.length - 1];
      const kind = top === undefined ? undefined : this.btf.type(top)?.kind;
      if (kind === BtfKind.VOLATILE) out += "volatile ";
      else if (kind === BtfKind.CONST) out += "const ";
      else if (kind === BtfKind.RESTRICT) out += "restrict ";
      else return out;
      stack.pop();
    }
  }

  /** Arrays and functions cannot be qualified themselves. */
  private dropQualifiers(stack: BtfId[]): void {
    for (;;) {
      const top = stack[stack.length - 1];
      const type = top === undefined ? undefined : this.btf.type(top);
      if (!type || !isModifier(type.kind)) return;
      stack.pop();
    }
  }
}

function separate(name: string, afterPointer: boolean): string {
  return name !== "" && !afterPointer ? ` ${name}` : name;
}

function roundUp(value: number, unit: number): number {
  return unit > 0 ? Math.ceil(value / unit) * unit : value;
}
