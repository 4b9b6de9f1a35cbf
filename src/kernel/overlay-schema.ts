/** What a custom kernel's document can say. Parser, TypeScript type and JSON Schema all come from this description. */
import { boolean, list, literal, object, optional, text, variants } from "./schema.ts";
import type { Infer, JsonSchema } from "./schema.ts";

const RELEASE = /^\d{1,4}\.\d{1,4}$/;
const release = (description: string) => text('a release such as "7.6"', { pattern: RELEASE, description });
const kfuncName = text("the name of a kfunc", { pattern: /^[A-Za-z_]\w{0,127}$/, description: "name of the kfunc" });
const prototype = text('a C prototype such as "int bpf_example(struct task_struct *task, u64 flags)"', {
  maxLength: 2000,
  description: "C prototype; its types are those of the release's BTF",
});
const flags = list(text('a flag such as "KF_RET_NULL"', { pattern: /^KF_[A-Z0-9_]{1,40}$/ }), { maxItems: 32, description: "KF_ flags" });
const programTypes = list(text('a program type such as "sched_cls"', { pattern: /^[a-z0-9_]{1,40}$/ }), {
  maxItems: 64,
  description: "program types that may call it, in lower case without BPF_PROG_TYPE_",
});
const replacement = text("the name of the successor", { pattern: /^[A-Za-z_]\w{0,127}$/, description: "what to call instead" });
const reason = text("a sentence", { maxLength: 400, description: "why, for people" });

const deprecate = object(
  {
    op: literal("deprecate"),
    kfunc: kfuncName,
    removedIn: optional(release("first release without it; from there on programs that call it are refused")),
    replacement: optional(replacement),
    reason: optional(reason),
  },
  "marks a kfunc KF_DEPRECATED: callers are warned until the release that removes it",
);
const remove = object(
  { op: literal("remove"), kfunc: kfuncName, replacement: optional(replacement), reason: optional(reason) },
  "the kfunc is not in this kernel",
);
const add = object(
  { op: literal("add"), prototype, flags: optional(flags), programTypes },
  "a kfunc that the release does not have",
);
const change = object(
  { op: literal("change"), prototype, flags: optional(flags), programTypes: optional(programTypes) },
  "a kfunc of the release gets another prototype; flags and program types stay unless they are given",
);

export const overlayChange = variants("op", [deprecate, remove, add, change]);
export const overlayShape = object(
  {
    schema: literal(1),
    name: text("a short name of letters, digits, dots and dashes", { pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, description: "shown after the release: 7.2+NAME" }),
    title: optional(text("a line of text", { maxLength: 200, description: "what this kernel is about" })),
    base: optional(release("the release this was written for; used where none is chosen")),
    simulatedRelease: optional(release("the release the kernel calls itself: moving it past a removal date removes")),
    btf: optional(boolean("false: the kernel is built without BTF")),
    changes: optional(list(overlayChange, { maxItems: 1000, description: "applied in this order" })),
  },
  "A custom kernel: a real release and what is different in it",
);

export type Overlay = Infer<typeof overlayShape>;
export type OverlayChange = Infer<typeof overlayChange>;

/** The JSON Schema of the document: written to public/kernels/overlay.schema.json, which a test keeps in step. */
export function overlayJsonSchema(): JsonSchema {
  return { $schema: "https://json-schema.org/draft/2020-12/schema", title: "BPF Playground: custom kernel", ...overlayShape.json };
}
