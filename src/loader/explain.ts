/** Why libbpf refused a program before the kernel's verifier saw it, in plain words, and what to change. */
import type { BtfId } from "../base/brand.ts";
import { BtfKind, type Btf } from "../btf/types.ts";
import { nearestNames } from "../kernel/nearest.ts";
import type { Kernel } from "../kernel/types.ts";
import { SECTION_DEFS } from "./section-defs.ts";
import type { LoadError, ObjectSpec } from "./types.ts";

export interface LoadHelp {
  /** plain sentences */
  reason: string;
  fixes: readonly string[];
}

/** Names like these are never what was meant: the compiler's own copies of functions. */
const GENERATED = /\.(?:isra|constprop|part|cold|llvm)\b|^__pfx_/;
function* namesOf(btf: Btf, kind: BtfKind, prefix: string): Generator<string> {
  for (let id = 1; ; id++) {
    const type = btf.type(id as BtfId);
    if (!type) return;
    if (type.kind === kind && type.name.startsWith(prefix) && !GENERATED.test(type.name)) yield type.name.slice(prefix.length);
  }
}
/** What a section's target is looked up as in the kernel's BTF (libbpf btf_get_kernel_prefix_kind). */
function targetKind(section: string): { what: string; kind: BtfKind; prefix: string } {
  if (/^(?:tp_btf|raw_tp_btf)/.test(section)) return { what: "tracepoint", kind: BtfKind.TYPEDEF, prefix: "btf_trace_" };
  if (/^lsm/.test(section)) return { what: "LSM hook", kind: BtfKind.FUNC, prefix: "bpf_lsm_" };
  if (/^iter/.test(section)) return { what: "iterator", kind: BtfKind.FUNC, prefix: "bpf_iter_" };
  return { what: "function that can be traced", kind: BtfKind.FUNC, prefix: "" };
}
const list = (names: readonly string[]): string => (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)!}`);

function section(name: string): LoadHelp {
  const [first, ...rest] = name.split("/");
  const near = nearestNames(first!, new Set(SECTION_DEFS.map((d) => d.name.split("/")[0]!)), 3);
  const swap = (text: string, a: number): string => text.slice(0, a) + text.slice(a + 1, a + 2) + text.slice(a, a + 1) + text.slice(a + 2);
  // two letters the wrong way round are the commonest slip, and two changes for the edit distance
  const swapped = [...first!].map((_, i) => swap(first!, i)).filter((n) => SECTION_DEFS.some((d) => d.name.split("/")[0] === n));
  const names = [...new Set([...swapped, ...near])].slice(0, 3);
  return {
    reason: `libbpf tells a program's type by the name of its section, and it knows no section "${name}".`,
    fixes: names.length > 0 ? [`Write ${list(names.map((n) => `SEC("${[n, ...rest].join("/")}")`))}`] : ["Use a section that libbpf knows: SEC(\"xdp\"), SEC(\"tc\"), SEC(\"kprobe/FUNCTION\"), SEC(\"fentry/FUNCTION\"), SEC(\"tp_btf/TRACEPOINT\"), SEC(\"lsm/HOOK\") …"],
  };
}
function target(kernel: Kernel, sec: string, name: string): LoadHelp {
  const { what, kind, prefix } = targetKind(sec);
  const bare = name.replace(/^\w+:/, "");
  const start = sec.split("/")[0]!;
  const near = kernel.btf ? nearestNames(bare, namesOf(kernel.btf, kind, prefix), 3) : [];
  const also = ([["tracepoint", BtfKind.TYPEDEF, "btf_trace_", "tp_btf"], ["LSM hook", BtfKind.FUNC, "bpf_lsm_", "lsm"], ["function", BtfKind.FUNC, "", "fentry"]] as const)
    .find(([, k, p]) => p !== prefix && kernel.btf?.find(k, p + bare) !== undefined);
  const fixes = [
    ...(also ? [`It has ${also[0] === "LSM hook" ? "an" : "a"} ${also[0]} of that name: SEC("${also[3]}/${bare}")`] : []),
    ...(near.length > 0 ? [`Nearest names: ${list(near.map((n) => `SEC("${start}/${n}")`))}`] : []),
    ...(what.startsWith("function") ? ["Functions that the compiler inlined everywhere are not there; attach to one that calls it"] : []),
  ];
  return {
    reason: kernel.btf ? `Linux ${kernel.name} has no ${what} named ${bare} in its types.` : `Linux ${kernel.name} is built without BTF, so nothing can be found by its name.`,
    fixes: fixes.length > 0 ? [...fixes, "Or load the program on a kernel that has it"] : ["Load the program on a kernel that has it"],
  };
}
function map(spec: ObjectSpec, kernel: Kernel, name: string, errno: string): LoadHelp | null {
  const m = spec.maps.find((x) => x.name === name);
  if (!m) return null;
  const known = kernel.manifest.mapTypes.find((t) => t.name === m.type);
  const type = `BPF_MAP_TYPE_${m.type.toUpperCase()}`;
  const facts = `key_size ${m.keySize}, value_size ${m.valueSize}, max_entries ${m.maxEntries}, map_flags 0x${m.flags.toString(16)}`;
  if (!known?.supported) return { reason: `Linux ${kernel.name} has no maps of type ${type}.`, fixes: ["Use another type of map", "Or load the program on a kernel that has this type"] };
  return { reason: `The kernel does not create map ${name} (${type}; ${facts}): ${errno}.`, fixes: ["Check the sizes, the number of entries and the flags against what this type of map takes"] };
}

/** @returns null where libbpf's own line says all there is */
export function explainLoad(error: LoadError, spec: ObjectSpec, kernel: Kernel): LoadHelp | null {
  if (error.verdict !== "rejected") return null;
  const { message, subject } = error;
  const unknown = /missing BPF prog type, check ELF section name '(.*)'$/.exec(message);
  if (unknown) return section(unknown[1]!);
  const missing = /failed to find kernel BTF type ID of '(.*)': -/.exec(message);
  if (missing && subject?.kind === "section") return target(kernel, subject.name, missing[1]!);
  if (/no BTF-based attach target is specified/.test(message)) return { reason: "The section does not say what the program attaches to.", fixes: [`Write it behind a slash: SEC("${subject?.name ?? "fentry"}/NAME")`] };
  if (subject?.kind === "map" && /failed to create/.test(message)) return map(spec, kernel, subject.name, error.errno ?? "refused");
  if (subject?.kind === "kconfig" && /not resolved$/.test(message)) {
    return { reason: `The configuration of Linux ${kernel.name} does not set ${subject.name}, and libbpf gives a value only to options that are set.`, fixes: [`Declare it __weak, then it is 0 where the option is not set: \`extern … ${subject.name} __kconfig __weak;\``] };
  }
  if (/^extern .*'[^']*'(?: \(strong\))?: not (?:resolved|found)/.test(message) && (subject?.kind === "ksym" || subject?.kind === "kfunc")) {
    const isFunc = subject.kind === "kfunc" || /func ksym/.test(message);
    return {
      reason: `libbpf resolves every extern that the object declares, also those that this program does not use, and Linux ${kernel.name} has no ${subject.name}.`,
      fixes: [isFunc ? `Declare it __weak and call it only behind \`if (bpf_ksym_exists(${subject.name}))\`` : `Declare it __weak, then its address is 0 where the kernel lacks it: \`extern … ${subject.name} __ksym __weak;\``, "Or remove the declaration, where nothing uses it"],
    };
  }
  return null;
}
