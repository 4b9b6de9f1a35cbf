/** Words that the operations of a custom kernel have in common. */
import { integer, list, literal, object, optional, text, variants } from "../schema.ts";
import type { Infer } from "../schema.ts";

export const RELEASE = /^\d{1,4}\.\d{1,4}$/;
export const IDENTIFIER = /^[A-Za-z_]\w{0,127}$/;

export const release = (description: string) => text('a release such as "7.6"', { pattern: RELEASE, description, names: "release" });
export const kfuncName = (description = "name of the kfunc") => text("the name of a kfunc", { pattern: IDENTIFIER, description, names: "kfunc" });
export const helperName = (description: string) => text("the name of a helper", { pattern: IDENTIFIER, description, names: "helper" });
export const structName = (description: string) => text("the name of a struct", { pattern: IDENTIFIER, description, names: "struct" });
export const prototype = text('a C prototype such as "int bpf_example(struct task_struct *task, u64 flags)"', {
  maxLength: 2000,
  description: "C prototype; its types are those of the release's BTF and those this document adds",
});
export const flags = list(text('a flag such as "KF_RET_NULL"', { pattern: /^KF_[A-Z0-9_]{1,40}$/, names: "flag" }), { maxItems: 32, description: "KF_ flags" });
export const programTypes = list(text('a program type such as "sched_cls"', { pattern: /^[a-z0-9_]{1,40}$/, names: "program type" }), {
  maxItems: 64,
  description: "program types that may call it, in lower case without BPF_PROG_TYPE_",
});
export const replacement = kfuncName("what to call instead");
export const reason = text("a sentence", { maxLength: 400, description: "why, for people" });
export const since = release("first release with this change: before it the kernel is without; left out: always");
export const apiVersion = (description: string) => integer(0, 1_000_000, description);

const expression = object(
  {
    language: literal("expression"),
    text: text("an expression such as \"a * 31 + b\"", {
      maxLength: 4000, editor: "expression",
      description: "C-like expression over the parameters, on signed 64-bit numbers: operators, p->field, p[i], *p, assignments to those, a, b; data(offset, size), data_len(), now(), pid(), cpu(), random(), min(a, b), max(a, b), hash(p, size), original()",
    }),
  },
  "a small expression: what the function returns",
  "Expression",
);
const compiled = object(
  {
    language: literal("c"),
    text: text("a C function", { maxLength: 20_000, editor: "c", description: "C source with a function of the same name; it is compiled to BPF and runs as part of the kernel" }),
    object: optional(text("an object file in base64", {
      maxLength: 400_000, pattern: /^[A-Za-z0-9+/]*={0,2}$/, description: "the compiled object; filled in where a compiler is at hand",
    })),
  },
  "a C function, compiled to BPF",
  "C function",
);
/** What a function of a custom kernel does when it is called. */
export const body = variants("language", [expression, compiled]);
export type LabBody = Infer<typeof body>;
