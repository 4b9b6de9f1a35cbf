/** Kernel pointers in map values and local objects: what may be stored there, and how. */
import { BtfKind } from "../../../btf/types.ts";
import { regBtfRecord } from "../../checks/record.ts";
import type { BtfField } from "../../state/maps.ts";
import { btfTypeName } from "../print-state.ts";
import { type Case, type Family, family, type Told, typeWords } from "./case.ts";

const KPTRS: readonly string[] = ["kptr_unref", "kptr_ref", "kptr_percpu", "uptr"];
const TAG: Readonly<Record<string, string>> = { kptr_ref: "__kptr", kptr_unref: "__kptr_untrusted", kptr_percpu: "__percpu_kptr", uptr: "__uptr" };
/** The field that the store or call is about: at that offset, else the only one there is. */
function fieldOf(c: Case, n: number): BtfField | undefined {
  const reg = c.reg(n);
  const fields = (reg ? regBtfRecord(c.env, reg)?.fields : undefined)?.filter((f) => KPTRS.includes(f.type)) ?? [];
  const off = reg ? Number(BigInt.asIntN(64, reg.varOff.value)) + reg.off + (c.access?.off ?? 0) : -1;
  return fields.find((f) => f.offset <= off && off < f.offset + 8) ?? (fields.length === 1 ? fields[0] : undefined);
}
/** "field (struct task_struct __kptr *)": its declaration, by the value's BTF where it says the member's name. */
function declared(c: Case, n: number, field: BtfField | undefined): string {
  if (!field?.kptr) return "a kernel pointer (__kptr)";
  const reg = c.reg(n);
  const map = reg?.map;
  const value = map?.btf && map.spec.valueTypeId ? map.btf.resolve(map.spec.valueTypeId) : undefined;
  const name = value?.kind === BtfKind.STRUCT ? (value.members.find((x) => x.bitOffset === field.offset * 8)?.name ?? "") : "";
  return `${name === "" ? "a field" : `member ${name}`}, declared as \`struct ${btfTypeName(field.kptr.btf, field.kptr.btfId)} ${TAG[field.type] ?? ""} *\``;
}
function otherType(c: Case, n: number, want: string): Told {
  const base = c.access?.base ?? 1;
  const field = fieldOf(c, base);
  const target = want.replace(/ or .*/, "").replace(/^.*ptr_/, "");
  const type = c.typeOf(n);
  const reg = c.reg(n);
  const own = reg?.btf ? `struct ${btfTypeName(reg.btf, reg.btfId)}` : null;
  const what = own === null || !type.includes("ptr_") ? typeWords(type) : `${typeWords(type).replace(" to a kernel object", "")} to ${own}`;
  const name = own?.slice(7) ?? "";
  const fixes: string[] = [];
  if (name !== target) fixes.push(`Store a pointer to struct ${target}${own ? "" : ", as the kernel gave it"}`, `Or declare the field with the type that is stored: \`${own ?? "struct …"} ${TAG[field?.type ?? "kptr_ref"]} *\``);
  else if (reg && Number(BigInt.asIntN(64, reg.varOff.value)) + reg.off !== 0) fixes.push("Store the pointer as it was given, not moved by an offset");
  else if (type.includes("percpu") !== (field?.type === "kptr_percpu")) fixes.push(type.includes("percpu") ? "Declare the field with __percpu_kptr: the object is per-CPU (bpf_percpu_obj_new())" : "Declare the field with __kptr: the object is not per-CPU (bpf_obj_new())");
  else if (type.includes("untrusted")) fixes.push(`Declare the field with __kptr_untrusted`, "Or acquire the object first (bpf_task_acquire(), bpf_cgroup_acquire() …) and store what that gives");
  else fixes.push("Store the pointer as it was given, not moved by an offset");
  return {
    title: "A pointer of another kind is stored in a map", registers: [n],
    reason: `${c.call ? `${c.call.name}() puts it into` : "The store goes to"} ${declared(c, base, field)}; ${c.who(n)} is ${what}.`, fixes,
  };
}
function stored(c: Case, uptr: boolean): Told {
  const base = c.access?.base ?? 1;
  const field = fieldOf(c, base);
  if (uptr) return { title: "The program cannot set a pointer to user memory", registers: [base], reason: `${c.expression} stores into ${declared(c, base, field)}; user space sets it when it updates the element, and the program only reads through it.`, fixes: ["Set the field from user space (bpf_map_update_elem() with the address)", "In the program read or write what it points to, not the pointer"] };
  return {
    title: "A kernel pointer that counts references cannot simply be stored", registers: [base],
    reason: `${c.expression} stores into ${declared(c, base, field)}. The pointer there owns a reference, and overwriting it would lose it.`,
    fixes: ["Exchange it: `old = bpf_kptr_xchg(&value->field, new);`, and release `old` when it is not NULL", ...(field?.type === "kptr_ref" && field.kptr?.btf !== c.env.btf ? ["Or, for a pointer without a reference, declare the field with __kptr_untrusted"] : [])],
  };
}
function access(c: Case): Told {
  const base = c.access?.base ?? 1;
  const field = fieldOf(c, base);
  return {
    title: "A kernel pointer in a map is read or written as a whole", registers: [base],
    reason: `${c.expression} accesses ${declared(c, base, field)}${field ? `, 8 bytes at offset ${field.offset}` : ""}: ${c.message}.`,
    fixes: ["Read the field by its name into a pointer variable: one 8-byte load at its own constant offset", "Do not copy the whole value (memcpy, assignment): copy the other members one by one", "To store NULL or another pointer use bpf_kptr_xchg()"],
  };
}
function exchange(c: Case): Told {
  const field = fieldOf(c, 1);
  const name = `${c.call?.name ?? "bpf_kptr_xchg"}()`;
  if (/isn't referenced kptr/.test(c.message)) return { title: "This field holds no reference", registers: [1], reason: `${name} exchanges pointers that own a reference; ${c.who(1)} is ${declared(c, 1, field)}.`, fixes: ["Declare the field with __kptr to keep references in it", "Or store the pointer directly: `value->field = p;`"] };
  if (field?.type === "uptr") return { title: "This field holds a pointer to user memory", registers: [1], reason: `${name} exchanges kernel pointers (__kptr); ${c.who(1)} is ${declared(c, 1, field)}, which user space sets.`, fixes: ["Leave the pointer to user space, and only read or write through it"] };
  const record = c.reg(1) && regBtfRecord(c.env, c.reg(1)!);
  const has = record?.fields.filter((f) => KPTRS.includes(f.type)) ?? [];
  return {
    title: "There is no kernel pointer at that place", registers: [1],
    reason: `${name} takes the address of a field declared with __kptr; ${c.who(1)} ${has.length === 0 ? "points to memory that has none" : `points beside it (${has.map((f) => `offset ${f.offset}`).join(", ")})`}.`,
    fixes: [has.length === 0 ? "Declare it in the map's value: `struct task_struct __kptr *task;`, and the map with __type(value, struct …)" : "Pass the address of the field itself: `&value->field`"],
  };
}

export const KPTRS_FAMILIES: readonly Family[] = [
  family("kptr", "map_kptr_match_type", /^invalid kptr access, R(\d+) type=(\S+) expected=(.*)$/, (c, m) => otherType(c, Number(m[1]), m[3]!)),
  family("kptr", "check_map_kptr_access", /^store to (referenced kptr|uptr) disallowed$/, (c, m) => stored(c, m[1] === "uptr")),
  family("kptr", "check_map_access", /^(?:kptr access misaligned .*|kptr access cannot have variable offset|kptr access size must be BPF_DW|kptr in map can only be accessed .*|BPF_ST imm must be 0 when storing to kptr .*|(?:\w+) access (?:misaligned .*|cannot have variable offset|size must be BPF_DW))$/, (c) => access(c)),
  family("kptr", "process_kptr_func", /^(?:off=-?\d+ kptr isn't referenced kptr|off=-?\d+ doesn't point to kptr|R\d+ has no valid kptr|arg#\d+ no referenced kptr at map value offset=.*)$/, (c) => exchange(c)),
];
