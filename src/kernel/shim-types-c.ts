/** C types as text, as far as a shim must tell them apart. */
import { splitSignature } from "./c-signature.ts";
import type { SplitSignature } from "./c-signature.ts";

const INTS = /^(?:(?:__)?[us](?:8|16|32|64)|u?int(?:8|16|32|64)_t|s?size_t|bool|_Bool|char|short|int|long|unsigned|signed|pid_t|gfp_t|atomic_t)$/;

/**
 * What libbpf compares of a type when it decides whether a weak declaration fits a kernel's function
 * (bpf_core_types_are_compat): the kind at each step behind pointers, never the width of a number or a struct's name.
 */
export function typeShape(type: string): string {
  const bare = type.replace(/\b(?:const|volatile|restrict|__arena)\b/g, " ").replace(/\s+/g, " ").trim();
  if (/\(\*/.test(bare)) return "*func";
  const stars = (bare.match(/\*/g) ?? []).length;
  const base = bare.replace(/[*\s]+$/, "").replace(/\[[^\]]*\]/g, "").trim();
  const words = base.split(" ");
  const kind = words[0] === "struct" || words[0] === "union" || words[0] === "enum" ? words[0] : base === "void" ? "void" : words.every((w) => INTS.test(w)) ? "int" : base;
  return "*".repeat(stars) + kind;
}

/** The same for a prototype; undefined when it cannot be taken apart. Equal shapes resolve alike. */
export function prototypeShape(signature: string, name: string): string | undefined {
  const split = splitSignature(signature, name);
  return split && `${typeShape(split.ret)}(${split.params.map((p) => typeShape(p.type)).join(",")})`;
}

/** One parameter as C writes it: pointers to functions and arrays need the name inside. */
export function declareParameter(type: string, name: string): string {
  const pointerToFunction = /^(.*\(\*)(\).*)$/.exec(type);
  if (pointerToFunction) return `${pointerToFunction[1]}${name}${pointerToFunction[2]}`;
  const array = /^(.*?)((?:\[\d*\])+)$/.exec(type);
  if (array) return `${array[1]!.trim()} ${name}${array[2]}`;
  return /\*$/.test(type) ? `${type}${name}` : `${type} ${name}`;
}

/** `RET NAME(PARAMS)`, every parameter named. */
export function declareFunction(name: string, { ret, params }: SplitSignature): string {
  const list = params.map((p, i) => declareParameter(p.type, p.name === "" ? `arg${i + 1}` : p.name)).join(", ");
  return `${ret}${/\*$/.test(ret) ? "" : " "}${name}(${list === "" ? "void" : list})`;
}

/** Names of structs and unions that a prototype mentions: they are declared ahead, so that an older vmlinux.h will do. */
export function tagsOf(signature: string): string[] {
  return [...signature.matchAll(/\b(struct|union) (\w+)/g)].map((m) => `${m[1]} ${m[2]}`);
}

/** What a call gives where the kernel has no form of the function. */
export function fallbackFor(ret: string): string {
  const shape = typeShape(ret);
  if (shape === "void") return "";
  if (shape.startsWith("*")) return "0";
  if (/\b(?:bool|_Bool)\b/.test(ret)) return "0";
  return /^(?:const )?(?:int|long|long int|long long int|__?s(?:32|64)|s(?:32|64))$/.test(ret.trim()) ? "-95 /* -EOPNOTSUPP */" : "0";
}
