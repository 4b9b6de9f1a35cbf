/** The same call written in the ways that C for BPF knows, so that one can see what each becomes. */

export interface CallSubject {
  id: string;
  /** helper and its number */
  helper: string;
  number: number;
  title: string;
  ret: string;
  params: readonly { type: string; name: string }[];
  /** what stands before the program and in its body */
  globals: string;
  setup: string;
  args: readonly string[];
  use: string;
}

export const CALL_SUBJECTS: readonly CallSubject[] = [
  {
    id: "lookup", helper: "bpf_map_lookup_elem", number: 1, title: "bpf_map_lookup_elem, helper 1", ret: "void *",
    params: [{ type: "void *", name: "map" }, { type: "const void *", name: "key" }],
    globals: "struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64); } counts SEC(\".maps\");",
    setup: "__u32 key = 0;", args: ["&counts", "&key"], use: "value ? XDP_PASS : XDP_DROP",
  },
  {
    id: "ktime", helper: "bpf_ktime_get_ns", number: 5, title: "bpf_ktime_get_ns, helper 5", ret: "__u64", params: [],
    globals: "", setup: "", args: [], use: "value & 1 ? XDP_PASS : XDP_DROP",
  },
];

export interface CallForm {
  id: string;
  title: string;
  /** what it is and who writes it so */
  about: string;
  /** declaration and the name or expression that is called */
  declare(subject: CallSubject): { code: string; callee: string };
}

const types = (s: CallSubject): string => (s.params.length === 0 ? "void" : s.params.map((p) => p.type).join(", "));
const pointer = (s: CallSubject, name: string, qualifier = ""): string => `${s.ret}${s.ret.endsWith("*") ? "" : " "}(*${qualifier}${name})(${types(s)})`;
const parameters = (s: CallSubject): string => (s.params.length === 0 ? "void" : s.params.map((p) => `${p.type}${p.type.endsWith("*") ? "" : " "}${p.name}`).join(", "));
const ret = (s: CallSubject): string => `${s.ret}${s.ret.endsWith("*") ? "" : " "}`;
const REGISTERS = ["r1", "r2", "r3", "r4", "r5"];
const quoted = (names: readonly string[]): string => names.map((n) => `"${n}"`).join(", ");

export const CALL_FORMS: readonly CallForm[] = [
  {
    id: "pointer", title: "pointer: (void *) N", about: "A static function pointer whose value is the helper's number, as bpf_helpers.h did for years. Nothing tells the compiler that it never changes.",
    declare: (s) => ({ code: `static ${pointer(s, "the_call")} = (void *) ${s.number};`, callee: "the_call" }),
  },
  {
    id: "const pointer", title: "const pointer: (void *) N", about: "The same with const, as libbpf's bpf_helper_defs.h has it now.",
    declare: (s) => ({ code: `static ${pointer(s, "the_call", " const ")} = (void *) ${s.number};`, callee: "the_call" }),
  },
  {
    id: "cast", title: "cast at the call", about: "No variable at all: the number is cast to a function pointer where it is called. The nearest that clang has to a declared helper.",
    declare: (s) => ({ code: `#define the_call ((${pointer(s, "")}) ${s.number})`, callee: "the_call" }),
  },
  {
    id: "attribute", title: "attribute: kernel_helper(N)", about: "A function declared to be a helper. GCC has this attribute; clang has none of the kind, so it takes the declaration for an ordinary external function.",
    declare: (s) => ({ code: `extern ${ret(s)}the_call(${parameters(s)}) __attribute__((kernel_helper(${s.number})));`, callee: "the_call" }),
  },
  {
    id: "asm registers", title: "assembly: call N, pinned registers", about: "Inline assembly with variables tied to r0 to r5. The arguments are outputs too, since a call destroys them; without optimisation the compiler then saves what nobody may read.",
    declare: (s) => ({
      code: [
        `static __always_inline ${ret(s)}the_call(${parameters(s)})`, "{",
        ...s.params.map((p, i) => `\tregister ${p.type}${p.type.endsWith("*") ? "" : " "}${REGISTERS[i]} asm("${REGISTERS[i]}") = ${p.name};`),
        `\tregister ${ret(s)}r0 asm("r0");`,
        `\tasm volatile("call ${s.number}" : "=r"(r0)${s.params.map((_, i) => `, "+r"(${REGISTERS[i]})`).join("")} : : ${quoted([...REGISTERS.slice(s.params.length), "memory"])});`,
        "\treturn r0;", "}",
      ].join("\n"),
      callee: "the_call",
    }),
  },
  {
    id: "asm moves", title: "assembly: call N, own moves", about: "Inline assembly that moves its arguments itself and names every register the call destroys.",
    declare: (s) => ({
      code: [
        `static __always_inline ${ret(s)}the_call(${parameters(s)})`, "{", `\t${ret(s)}result;`,
        `\tasm volatile("${[...s.params.map((p, i) => `${REGISTERS[i]} = %[${p.name}]`), `call ${s.number}`, "%[result] = r0"].join("; ")}"`,
        `\t\t: [result] "=r"(result) : ${s.params.map((p) => `[${p.name}] "r"(${p.name})`).join(", ")} : ${quoted(["r0", ...REGISTERS, "memory"])});`,
        "\treturn result;", "}",
      ].join("\n"),
      callee: "the_call",
    }),
  },
  {
    id: "kfunc", title: "kfunc of the same name", about: "Declared __ksym, so that libbpf looks the name up in the kernel's BTF. The function behind a helper is there under its name, but takes five numbers whatever the helper takes (the kernel's BPF_CALL_x macros), and no kfunc set lists it.",
    declare: (s) => ({
      code: `extern ${ret(s)}${s.helper}(${parameters(s)}) __ksym;`,
      callee: s.helper,
    }),
  },
  {
    id: "true kfunc", title: "a function that is a kfunc", about: "bpf_cast_to_kern_ctx, which the kernel does offer as a kfunc: what a call by BTF id looks like when it works.",
    declare: () => ({ code: "extern void *bpf_cast_to_kern_ctx(void *obj) __ksym;", callee: "bpf_cast_to_kern_ctx" }),
  },
];

/** The whole program: XDP, so that every kernel takes it. */
export function callFormSource(form: CallForm, subject: CallSubject): string {
  const { code, callee } = form.declare(subject);
  const real = form.id === "true kfunc";
  const kfunc = form.id === "kfunc";
  const args = real ? "ctx" : subject.args.join(", ");
  const value = real ? "void *" : ret(subject);
  // libbpf's own header would declare the helper under the name that the kfunc form needs.
  const head = kfunc
    ? ["#define BPF_NO_KFUNC_PROTOTYPES", '#include "vmlinux.h"', "#define SEC(name) __attribute__((section(name), used))", '#define __ksym __attribute__((section(".ksyms")))', "#define __uint(name, val) int (*name)[val]", "#define __type(name, val) typeof(val) *name"]
    : ["#define BPF_NO_KFUNC_PROTOTYPES", '#include "vmlinux.h"', "#include <bpf/bpf_helpers.h>"];
  const lines = [
    ...head, "", ...(real || subject.globals === "" ? [] : [subject.globals, ""]), code, "", 'SEC("xdp")', "int caller(struct xdp_md *ctx)", "{",
    ...(real || subject.setup === "" ? [] : [`\t${subject.setup}`]), `\t${value}value = ${callee}(${args});`, "", `\treturn ${real ? "value ? XDP_PASS : XDP_DROP" : subject.use};`, "}", "", 'char LICENSE[] SEC("license") = "GPL";', "",
  ];
  return lines.join("\n");
}
