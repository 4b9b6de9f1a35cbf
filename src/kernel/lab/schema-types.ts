/** Operations on types and program types. */
import { IDENTIFIER, reason, since, structName } from "./schema-words.ts";
import { boolean, choice, integer, list, literal, object, optional, text } from "../schema.ts";

const fieldName = text("a field's name", { pattern: IDENTIFIER, description: "name of the field" });
const scalars = ["__u8", "__u16", "__u32", "__u64", "__s8", "__s16", "__s32", "__s64"] as const;

export const addType = object(
  {
    op: literal("add type"),
    struct: structName("name of the struct"),
    fields: list(
      object({ name: fieldName, type: choice(scalars, "type of the field"), count: optional(integer(1, 4096, "elements, for an array")) }),
      { maxItems: 256, description: "in order, each at its natural alignment" },
    ),
    since: optional(since),
  },
  "a struct that the release does not have, so that programs can probe for it (bpf_core_type_exists) and kfuncs can take it",
  "Add a struct",
);
export const removeType = object(
  { op: literal("remove type"), struct: structName("name of the struct"), reason: optional(reason), since: optional(since) },
  "BTF no longer has the struct: CO-RE no longer finds it",
  "Remove a struct",
);
export const removeField = object(
  { op: literal("remove field"), struct: structName("name of the struct"), field: fieldName, reason: optional(reason), since: optional(since) },
  "BTF no longer has the field: CO-RE no longer finds it",
  "Remove a field",
);

const contextField = object(
  {
    name: fieldName,
    type: choice(scalars, "type of the field"),
    count: optional(integer(1, 256, "elements, for an array")),
    offset: optional(integer(0, 4095, "byte offset; left out: after the field before, at its natural alignment")),
    access: choice(["read", "write", "read write"], "what programs may do with it"),
    role: optional(choice(["data", "data_end"], "__u32 fields that read as pointers to the first byte of the packet and behind the last")),
    pointsTo: optional(structName("a struct of the kernel: the field, a __u64 with access \"read\", is a pointer to one, as in struct bpf_nf_ctx the skb")),
    trust: optional(choice(["trusted", "rcu", "untrusted"], "of a pointer: trusted (the kernel keeps the object during the call; default), rcu (kept while RCU protects the program), untrusted (can be read, given to no kfunc)")),
    mayBeNull: optional(boolean("of a pointer: programs have to compare it with NULL first")),
  },
  "a field of the context",
);
export const programType = object(
  {
    op: literal("program type"),
    name: text("a program type in lower case", { pattern: /^[a-z][a-z0-9_]{0,39}$/, description: "name of the program type, without BPF_PROG_TYPE_" }),
    section: text('a section such as "vnic/hash"', { pattern: /^[a-z][a-z0-9_.]{0,31}(\/[a-z0-9_.]{1,32}){0,2}$/, description: "ELF section of its programs: SEC(\"…\")" }),
    struct: structName("name of the context's struct"),
    fields: list(contextField, { maxItems: 128, description: "the context's fields" }),
    packet: optional(choice(["read", "read write"], "what programs may do with the bytes between data and data_end; default read")),
    helpers: list(text("the name of a helper", { pattern: IDENTIFIER, names: "helper" }), { maxItems: 256, description: "helpers of the release that its programs may call" }),
    kfuncs: optional(list(text("the name of a kfunc", { pattern: IDENTIFIER, names: "kfunc" }), {
      maxItems: 256, description: "kfuncs of the release that its programs may call too; its own are operations \"add\" with this program type",
    })),
    returns: optional(object({ min: integer(-2147483648, 2147483647, "smallest"), max: integer(-2147483648, 2147483647, "largest") }, "the values a program may return; left out: any")),
    about: optional(text("a sentence", { maxLength: 400, description: "what its programs decide, for people" })),
    since: optional(since),
  },
  "a program type that the release does not have: a new subsystem's hook",
  "New program type",
);
