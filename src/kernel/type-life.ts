/**
 * Which kernels' BTF has a type: for programs that do not compile because the chosen kernel's vmlinux.h lacks it. Kept are
 * the names that some of the kernels have and some have not.
 */
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { BtfId } from "../base/brand.ts";
import { BtfKind } from "../btf/types.ts";
import type { Btf } from "../btf/types.ts";

/** `names`: "struct bpf_dynptr", "enum bpf_x", for typedefs and enumerators the bare name; the bits say which of `kernels` have it, the first kernel in the lowest. */
export interface TypeLife { kernels: readonly string[]; names: ReadonlyMap<string, number> }

/** Enumerators that programs use; the kernel's own are legion. */
const ENUMERATORS = /^_*(?:BPF|BTF|SCX|XDP|TCX?|NF|SK|PERF|TASK|SOCK|TCP|MAX_BPF|LSM|CGROUP)_/;
/** Longest list of names in an answer. */
const MOST_KERNELS = 30;

function namesOf(btf: Btf): Set<string> {
  const names = new Set<string>();
  for (let id = 1; ; id++) {
    const type = btf.type(id as BtfId);
    if (!type) return names;
    switch (type.kind) {
      case BtfKind.STRUCT: if (type.name !== "") names.add(`struct ${type.name}`); break;
      case BtfKind.UNION: if (type.name !== "") names.add(`union ${type.name}`); break;
      case BtfKind.TYPEDEF: names.add(type.name); break;
      case BtfKind.ENUM: case BtfKind.ENUM64:
        if (type.name !== "") names.add(`enum ${type.name}`);
        for (const value of type.values) if (ENUMERATORS.test(value.name)) names.add(value.name);
        break;
      default: break;
    }
  }
}
/** @param kernels oldest first, at most 30, each with BTF */
export function buildTypeLife(kernels: readonly { name: string; btf: Btf }[]): TypeLife {
  const seen = new Map<string, number>();
  kernels.slice(0, MOST_KERNELS).forEach(({ btf }, i) => {
    for (const name of namesOf(btf)) seen.set(name, (seen.get(name) ?? 0) | (1 << i));
  });
  const all = 2 ** kernels.length - 1;
  return { kernels: kernels.map((k) => k.name), names: new Map([...seen].filter(([, bits]) => bits !== all)) };
}

/** As it stands in public/kernels/types.json: the names by the kernels that have them, sorted. Equal tables give equal bytes. */
export function storeTypeLife(life: TypeLife): string {
  const by = new Map<number, string[]>();
  for (const [name, bits] of life.names) by.set(bits, [...(by.get(bits) ?? []), name]);
  const lines = [...by].sort(([a], [b]) => a - b).map(([bits, names]) => `"${bits.toString(16)}":${JSON.stringify(names.sort().join(","))}`);
  return `{"schema":1,"kernels":${JSON.stringify(life.kernels)},"names":{\n${lines.join(",\n")}\n}}\n`;
}
/** Reads what storeTypeLife wrote. */
export function loadTypeLife(text: string): Result<TypeLife, string> {
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch {
    return err("types.json is not JSON");
  }
  const { schema, kernels, names } = (stored ?? {}) as { schema?: unknown; kernels?: unknown; names?: unknown };
  const listed = Array.isArray(kernels) && kernels.length <= MOST_KERNELS && kernels.every((k) => typeof k === "string");
  if (schema !== 1 || !listed || typeof names !== "object" || names === null) return err("types.json is not a table of types");
  const found = new Map<string, number>();
  for (const [bits, list] of Object.entries(names)) if (typeof list === "string") for (const name of list.split(",")) found.set(name, parseInt(bits, 16));
  return ok({ kernels: kernels as string[], names: found });
}

/** Names that clang's error misses: "struct bpf_dynptr", or a bare one, of which "struct …" and its like are tried too. */
export function namesMissed(message: string): readonly string[] {
  const tagged = /(?:incomplete (?:definition of )?(?:result )?type|has type|forward declaration of|sizeof' to an incomplete type) '(?:const |volatile )*((?:struct|union|enum) \w+)(?: ?\[\d*\])?'/.exec(message)?.[1];
  if (tagged !== undefined) return /incomplete|never completed/.test(message) ? [tagged] : [];
  const bare = /(?:unknown type name|use of undeclared identifier|undeclared identifier) '(\w+)'/.exec(message)?.[1];
  return bare === undefined ? [] : [bare, `struct ${bare}`, `enum ${bare}`, `union ${bare}`];
}
/** "6.16 to 7.3", "6.12, 7.2 and 7.3": kernels in a row as a span. */
function listed(life: TypeLife, bits: number): string {
  const parts: string[] = [];
  for (let i = 0; i < life.kernels.length; i++) {
    if ((bits & (1 << i)) === 0) continue;
    let end = i;
    while (end + 1 < life.kernels.length && (bits & (1 << (end + 1))) !== 0) end++;
    const span = end === i ? [life.kernels[i]!] : end === i + 1 ? [life.kernels[i]!, life.kernels[end]!] : [end === life.kernels.length - 1 ? `${life.kernels[i]!} and later` : `${life.kernels[i]!} to ${life.kernels[end]!}`];
    parts.push(...span);
    i = end;
  }
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)!}`;
}
/**
 * What to say below clang's error on a kernel whose types lack a name that others have; null where that is not the cause.
 * `off`: options that the kernel is built without.
 */
export function missingTypeText(life: TypeLife, message: string, kernel: string, off: readonly string[] = []): string | null {
  const here = life.kernels.indexOf(kernel);
  const name = namesMissed(message).find((n) => life.names.has(n));
  if (name === undefined || here < 0) return null;
  const bits = life.names.get(name)!;
  if ((bits & (1 << here)) !== 0) return null;
  const option = /^(?:struct |enum |union )?(?:sched_ext_|scx_|SCX_)/.test(name) && off.includes("CONFIG_SCHED_CLASS_EXT") ? ` (${kernel} is built without CONFIG_SCHED_CLASS_EXT, which brings it)` : "";
  const count = bits.toString(2).replaceAll("0", "").length;
  return `The types of Linux ${kernel} (vmlinux.h) have no ${name}${option}; of the kernels here ${listed(life, bits)} ${count === 1 && !/later/.test(listed(life, bits)) ? "has" : "have"} it.`;
}
