import type { BtfId } from "../base/brand.ts";
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { BtfKind } from "../btf/types.ts";
import type { LayerBtf } from "./layer-btf.ts";

/** A type as a prototype writes it, before it is looked up in BTF. Stars are counted from the base type outwards; `constAt[i]` tells of a const on the base (0) or after the i-th star. */
export interface CType {
  tag: "struct" | "union" | "enum" | null;
  /** "task_struct", "u64", "unsigned int" … ; "void" */
  name: string;
  stars: number;
  constAt: readonly boolean[];
}
export interface CPrototype {
  name: string;
  ret: CType;
  params: readonly { name: string; type: CType }[];
  variadic: boolean;
}

/** C's integer type words, sorted, to the name that BTF gives the type. */
const INT_WORDS: Readonly<Record<string, string>> = {
  "char": "char", "char signed": "signed char", "char unsigned": "unsigned char",
  "short": "short int", "int short": "short int", "short unsigned": "short unsigned int", "int short unsigned": "short unsigned int",
  "int": "int", "signed": "int", "int signed": "int", "unsigned": "unsigned int", "int unsigned": "unsigned int",
  "long": "long int", "int long": "long int", "long unsigned": "long unsigned int", "int long unsigned": "long unsigned int",
  "long long": "long long int", "int long long": "long long int",
  "long long unsigned": "long long unsigned int", "int long long unsigned": "long long unsigned int",
  "_Bool": "_Bool",
};
const INT_WORD = new Set(["char", "short", "int", "long", "signed", "unsigned", "_Bool"]);
const MAX_TOKENS = 256;

/** What the name in a prototype was followed or preceded by, for messages. */
function quote(token: string | undefined): string {
  return token === undefined ? "the end" : `"${token}"`;
}

class Tokens {
  private at = 0;
  private readonly list: readonly string[];
  constructor(list: readonly string[]) {
    this.list = list;
  }
  peek(): string | undefined {
    return this.list[this.at];
  }
  next(): string | undefined {
    return this.list[this.at++];
  }
  take(token: string): boolean {
    if (this.peek() !== token) return false;
    this.at++;
    return true;
  }
}

const IDENT = /^[A-Za-z_]\w*$/;

/** Parses `RET NAME(TYPE NAME, …)` with plain types and pointers; no function pointers or arrays (a typedef serves for those). */
export function parsePrototype(text: string): Result<CPrototype, string> {
  const words = text.match(/[A-Za-z_]\w*|\.\.\.|\S/g) ?? [];
  if (words.length > MAX_TOKENS) return err("the prototype is too long");
  const tokens = new Tokens(words.filter((w, i) => !(w === ";" && i === words.length - 1)).filter((w) => w !== "extern" && w !== "__bpf_kfunc"));
  const ret = parseType(tokens);
  if (!ret.ok) return ret;
  const name = tokens.next();
  if (name === undefined || !IDENT.test(name)) return err(`expected the function's name, found ${quote(name)}`);
  if (!tokens.take("(")) return err(`expected "(" after ${name}, found ${quote(tokens.peek())}`);
  const params: { name: string; type: CType }[] = [];
  let variadic = false;
  if (!tokens.take(")")) {
    for (;;) {
      if (tokens.take("...")) {
        variadic = true;
      } else {
        const type = parseType(tokens);
        if (!type.ok) return type;
        if (type.value.name === "void" && type.value.stars === 0 && params.length === 0 && tokens.peek() === ")") break;
        const paramName = tokens.next();
        if (paramName === undefined || !IDENT.test(paramName)) return err(`expected a name for parameter ${params.length + 1} of ${name}, found ${quote(paramName)}`);
        params.push({ name: paramName, type: type.value });
      }
      if (variadic || !tokens.take(",")) break;
    }
    if (!tokens.take(")")) return err(`expected ")" or "," in the parameters of ${name}, found ${quote(tokens.peek())}`);
  }
  if (tokens.peek() !== undefined) return err(`unexpected ${quote(tokens.peek())} after the prototype of ${name}`);
  return ok({ name, ret: ret.value, params, variadic });
}

function parseType(tokens: Tokens): Result<CType, string> {
  let tag: CType["tag"] = null;
  let name: string | undefined;
  let isConst = false;
  const ints: string[] = [];
  for (;;) {
    const token = tokens.peek();
    if (token === "const") isConst = true;
    else if (token !== undefined && INT_WORD.has(token) && tag === null && name === undefined) ints.push(token);
    else if ((token === "struct" || token === "union" || token === "enum") && tag === null && name === undefined && ints.length === 0) tag = token;
    else if (token !== undefined && IDENT.test(token) && name === undefined && ints.length === 0) name = token;
    else break;
    tokens.next();
  }
  if (ints.length > 0) {
    name = INT_WORDS[[...ints].sort().join(" ")];
    if (name === undefined) return err(`"${ints.join(" ")}" is not a type`);
  }
  if (name === undefined) return err(`expected a type, found ${quote(tokens.peek())}`);
  const constAt = [isConst];
  let stars = 0;
  for (;;) {
    if (tokens.take("*")) {
      stars++;
      constAt.push(false);
    } else if (stars > 0 && tokens.take("const")) {
      constAt[stars] = true;
    } else break;
  }
  return ok({ tag, name, stars, constAt });
}

/** Finds a type in the BTF, adding pointers and const as needed; the error names the type that the kernel does not have. */
export function addCType(btf: LayerBtf, type: CType): Result<BtfId, string> {
  let id: BtfId | undefined;
  if (type.tag === null && type.name === "void") id = 0 as BtfId;
  else if (type.tag === "struct") id = btf.find(BtfKind.STRUCT, type.name) ?? btf.find(BtfKind.FWD, type.name);
  else if (type.tag === "union") id = btf.find(BtfKind.UNION, type.name);
  else if (type.tag === "enum") id = btf.find(BtfKind.ENUM, type.name) ?? btf.find(BtfKind.ENUM64, type.name);
  else id = btf.find(BtfKind.INT, type.name) ?? btf.find(BtfKind.TYPEDEF, type.name);
  if (id === undefined) return err(`this kernel's BTF has no type "${type.tag === null ? "" : `${type.tag} `}${type.name}"`);
  for (let star = 0; star <= type.stars; star++) {
    if (star > 0) id = btf.add({ kind: BtfKind.PTR, name: "", type: id });
    if (type.constAt[star]) id = btf.add({ kind: BtfKind.CONST, name: "", type: id });
  }
  return ok(id);
}

/** Adds FUNC and FUNC_PROTO of a prototype with the `bpf_kfunc` tag, as the kernel's build does for a kfunc. Gives the FUNC's id. */
export function addKfunc(btf: LayerBtf, proto: CPrototype): Result<BtfId, string> {
  const ret = addCType(btf, proto.ret);
  if (!ret.ok) return ret;
  const params: { name: string; type: BtfId }[] = [];
  for (const param of proto.params) {
    const type = addCType(btf, param.type);
    if (!type.ok) return type;
    params.push({ name: param.name, type: type.value });
  }
  const protoId = btf.add({ kind: BtfKind.FUNC_PROTO, name: "", ret: ret.value, params, variadic: proto.variadic });
  const func = btf.add({ kind: BtfKind.FUNC, name: proto.name, type: protoId, linkage: 1 });
  btf.add({ kind: BtfKind.DECL_TAG, name: "bpf_kfunc", type: func, componentIdx: -1 });
  return ok(func);
}
