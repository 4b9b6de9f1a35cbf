import type { BtfId } from "../base/brand.ts";
import { printPrototype } from "../btf/print-type.ts";
import { BtfKind } from "../btf/types.ts";
import type { Btf } from "../btf/types.ts";

/** The prototype of a FUNC on one line: `struct rq *scx_bpf_cpu_rq(s32 cpu)`, arena pointers as sources write them; undefined when the id is no function. */
export function functionSignature(btf: Btf, func: BtfId): string | undefined {
  if (btf.type(func)?.kind !== BtfKind.FUNC) return undefined;
  return printPrototype(btf, func)?.replaceAll("__attribute__((address_space(1)))", "__arena").replace(/\s+/g, " ");
}

/** A prototype taken apart again; params as written, "void" alone is none. */
export interface SplitSignature { ret: string; params: readonly { type: string; name: string }[] }

/** Splits `RET NAME(PARAM, …)`; undefined when it does not have that form. */
export function splitSignature(signature: string, name: string): SplitSignature | undefined {
  const at = signature.search(new RegExp(`\\b${name.replace(/\W/g, "")}\\(`));
  if (at < 0 || !signature.endsWith(")")) return undefined;
  const inside = signature.slice(signature.indexOf("(", at) + 1, -1);
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= inside.length; i++) {
    const c = inside[i];
    if (c === "(") depth++;
    else if (c === ")") depth--;
    else if ((c === "," && depth === 0) || c === undefined) {
      parts.push(inside.slice(start, i).trim());
      start = i + 1;
    }
  }
  const params = parts.filter((p) => p !== "void" && p !== "").map(splitParameter);
  return { ret: signature.slice(0, at).trim(), params };
}

function splitParameter(text: string): { type: string; name: string } {
  const pointerToFunction = /^(.*\(\*)(\w*)(\).*)$/.exec(text);
  if (pointerToFunction) return { type: `${pointerToFunction[1]}${pointerToFunction[3]}`, name: pointerToFunction[2]! };
  const named = /^(.*[\s*])(\w+)((?:\[\d*\])*)$/.exec(text);
  if (!named || text === "...") return { type: text, name: "" };
  return { type: `${named[1]!.trim()}${named[3]}`, name: named[2]! };
}
