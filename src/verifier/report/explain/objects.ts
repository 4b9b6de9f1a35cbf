/** Objects that are not plain memory: fields of sockets, what must not be written, alignment, two kinds in one instruction. */
import { BtfKind } from "../../../btf/types.ts";
import { type Case, type Family, family, fixed, plural, type Told, typeWords } from "./case.ts";
import { memberAt } from "./meaning.ts";

const read = (c: Case): string => (c.access?.write ? "write" : "read");
const upper = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}`;

/** The structures of uapi that stand for kernel objects in programs. */
const SHOWN: Readonly<Record<string, string>> = { sock: "bpf_sock", sock_common: "bpf_sock", tcp_sock: "bpf_tcp_sock", xdp_sock: "bpf_xdp_sock" };
/** The field of the structure at an offset, by the kernel's BTF: name, begin and size. */
function fieldAt(c: Case, struct: string, off: number): { name: string; size: number } | null {
  const { btf } = c.env.kernel;
  const id = btf?.find(BtfKind.STRUCT, struct);
  if (!btf || id === undefined) return null;
  const found = memberAt(btf, id, off, 1);
  const size = found && btf.sizeOf(found.type);
  return found && size ? { name: found.path, size } : null;
}
function sockField(c: Case, n: number, kind: string, off: number, size: number): Told {
  const struct = SHOWN[kind] ?? kind;
  const field = fieldAt(c, struct, off);
  const how = read(c);
  const where = field ? `\`${field.name}\` of struct ${struct}` : `offset ${off} of struct ${struct}, where there is no field`;
  const common = kind === "sock_common";
  const p = c.means(n) ?? "p";
  const fixes: string[] = [];
  if (common) fixes.push(`Get the full socket first: \`sk = bpf_sk_fullsock(${/^[\w>.-]+$/.test(p) ? p : "sk"}); if (!sk) return …;\``);
  if (!common && field && field.size !== size) fixes.push(`Read \`${field.name}\` with its own width, ${plural(field.size, "byte")}, and whole`);
  if (!common && (!field || field.size === size)) fixes.push(`Stay with the fields of struct ${struct}, each with its own width`);
  if (common) fixes.push("Or read only what every socket has: family, type of address, ports, state");
  return {
    title: common ? "This field is not there before bpf_sk_fullsock()" : `This field of ${typeWords(kind)} cannot be accessed so`, registers: [n],
    reason: `The ${how} of ${plural(size, "byte")} through ${c.who(n)} is at ${where}${common ? `; the pointer may be one to a socket that is only half there (a request or time-wait socket), so only the common fields may be ${how === "read" ? "read" : "written"}` : field && field.size !== size ? `, which has ${plural(field.size, "byte")}` : ""}.`,
    fixes,
  };
}
function readOnly(c: Case, n: number, type: string): Told {
  const call = c.call;
  const maker = /^(\w+)\(/.exec(c.means(n) ?? "")?.[1];
  const words = typeWords(type);
  const to = type.includes("mem") || type.includes("buf") ? "memory that is read-only for programs" : type === "map_key" ? "the key of a map's element, which must not change in place" : `${words}, which programs may only read`;
  const fixes: string[] = [];
  if (maker === "bpf_dynptr_slice") fixes.push("Get the slice with bpf_dynptr_slice_rdwr(), where the program may change the packet");
  if (type === "map_key") fixes.push("Delete the element and insert it with the new key");
  if (/^sock|tcp_sock/.test(type)) fixes.push("Change the socket with a helper that this program type has, such as bpf_setsockopt()");
  fixes.push(`${fixes.length > 0 ? "Or copy" : "Copy"} it to a variable and change the copy`);
  return {
    title: type === "map_key" ? "A map's key cannot be written" : /^sock|tcp_sock/.test(type) ? `${upper(words)} cannot be written` : "This memory can only be read", registers: [n],
    reason: `${c.who(n)} points to ${to}${call ? `, and ${call.name}() would write there` : ""}.`,
    fixes,
  };
}
/** "map value", "stack": whose alignment it is, and where the access begins in it. */
function unaligned(c: Case, kind: string, text: string, size: number): Told {
  const n = c.access?.base ?? null;
  const m = /^(.*)\+(-?\d+)$/.exec(text);
  const off = m && /^-?\d+$/.test(m[1]!) ? Number(m[1]) + Number(m[2]) : null;
  const place = kind === "stack" && off !== null ? `fp${off > 0 ? "+" : ""}${off}` : off !== null ? `offset ${off}` : `an offset that is not a known multiple of ${size} (${text})`;
  const why = c.access?.atomic ? "atomic accesses have to be aligned" : kind === "stack" ? "accesses of the stack have to be aligned" : c.env.strictAlignment ? "the program is loaded with strict alignment (BPF_F_STRICT_ALIGNMENT)" : "this kind of memory asks for aligned accesses";
  const below = off === null ? null : off - ((off % size) + size) % size;
  return {
    title: "Access that is not aligned", registers: n === null || n === 10 ? [] : [n],
    reason: `${c.expression === c.insnText(c.at) ? "The instruction" : `\`${c.expression}\``} accesses ${plural(size, "byte")} at ${place}, which is not a multiple of ${size}; ${why}.`,
    fixes: [
      below === null ? `Make the offset a multiple of ${size}` : `Put what is accessed at ${kind === "stack" ? `fp${below}` : `offset ${below}`} or ${kind === "stack" ? `fp${below + size === 0 ? "" : below + size}` : `offset ${below + size}`}: a multiple of ${size}`,
      ...(c.access?.atomic ? [] : ["Or access the bytes one by one"]),
    ],
  };
}

export const OBJECTS: readonly Family[] = [
  family("object-field", "check_sock_access", /^R(\d+) invalid (\w+) access off=(-?\d+) size=(\d+)$/, (c, m) => sockField(c, Number(m[1]), m[2]!, Number(m[3]), Number(m[4]))),
  family("object-field", "check_flow_keys_access", /^invalid access to flow keys off=(-?\d+) size=(\d+)$/, (c, m) => ({
    title: "Access beyond the flow keys", registers: c.access ? [c.access.base] : [], reason: `struct bpf_flow_keys has 56 bytes; the ${read(c)} of ${plural(Number(m[2]), "byte")} is at offset ${m[1]}.`, fixes: [`Access offsets 0 to ${56 - Number(m[2])}: the fields of struct bpf_flow_keys`],
  })),
  family("object-write", "check_mem_access", /^R(\d+) cannot write into (\S+)$/, (c, m) => readOnly(c, Number(m[1]), m[2]!)),
  family("object-write", "check_mem_access", /^no write support to (\S+) at off (-?\d+)$/, (c, m) => ({
    title: `This member of struct ${m[1]} cannot be written`, registers: c.access ? [c.access.base] : [], reason: `The store goes to offset ${m[2]} of struct ${m[1]}${c.expression === c.insnText(c.at) ? "" : ` (\`${c.expression}\`)`}; programs of this type may change only a few members of it, and this is none of them.`, fixes: ["Do not store there", "Or call the helper or kfunc made for changing it"],
  })),
  family("object-write", "check_mem_access", /^write to change key (\S+) not allowed$/, (c, m) => readOnly(c, Number(/R(\d+)/.exec(m[1]!)?.[1] ?? c.access?.base ?? 1), "map_key")),
  family("unaligned", "check_generic_ptr_alignment", /^misaligned (\w+) ?access off (.*) size (\d+)$/, (c, m) => unaligned(c, m[1]!, m[2]!, Number(m[3]))),
  family("two-kinds", "save_aux_ptr_type", /^same insn cannot be used with different pointers$/, (c) => {
    const { access } = c;
    return {
      title: "One instruction, two kinds of pointers", registers: access ? [access.base] : [],
      reason: `On another path this very instruction accessed another kind of memory than ${access ? `${c.who(access.base)}, ${typeWords(c.typeOf(access.base))}` : "now"}; the kernel rewrites such accesses, and one instruction can be rewritten in one way only.`,
      fixes: ["Access each kind of pointer in a branch of its own", "Keep the compiler from joining the branches: put `barrier_var(p);` behind the access in one of them"],
    };
  }),
  fixed("two-kinds", "adjust_reg_min_max_vals", /^same insn cannot be used with and without arena pointer$/, "One instruction, with and without an arena pointer", "On another path this very instruction computed with a pointer of the other kind, and arena pointers are computed in 32 bits.", "Compute with arena pointers in a branch of their own", "Keep the compiler from joining the branches with an empty asm volatile"),
];
