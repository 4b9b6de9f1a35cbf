/**
 * Structs of a program's own BTF that hold locks, lists or trees: the kernel makes a record of each while it loads the BTF, and
 * refuses all of the BTF for one that cannot be (kernel btf_parse_struct_metas, btf_parse_fields, releases 6.2 and later).
 */
import { BtfKind, type Btf, type BtfType } from "../btf/types.ts";

/** Structs whose presence among the members makes a record necessary; `once`: a second one in the same struct is refused. */
const SPECIAL: Readonly<Record<string, { once: boolean }>> = {
  bpf_spin_lock: { once: true }, bpf_res_spin_lock: { once: true }, bpf_refcount: { once: true },
  bpf_list_head: { once: false }, bpf_list_node: { once: false }, bpf_rb_root: { once: false }, bpf_rb_node: { once: false },
};
const MAX_DEPTH = 8;

/** The errno with which the BTF is refused, or undefined. */
export function structMetasErrno(btf: Btf): "EINVAL" | "E2BIG" | undefined {
  for (let id = btf.startId; id < btf.count; id++) {
    const type = btf.type(id);
    // A record is made where a member's own type is special, not one behind an array or a typedef.
    if (type?.kind !== BtfKind.STRUCT || !type.members.some((member) => isSpecial(btf.type(member.type)))) continue;
    const errno = recordErrno(fieldsOf(btf, type, 0));
    if (errno) return errno;
  }
  return undefined;
}

const isSpecial = (type: BtfType | undefined): boolean => type?.kind === BtfKind.STRUCT && Object.hasOwn(SPECIAL, type.name);

/** Names of the special structs in a struct and the structs within it, as often as they stand there. */
function fieldsOf(btf: Btf, type: BtfType, depth: number): string[] {
  if ((type.kind !== BtfKind.STRUCT && type.kind !== BtfKind.UNION) || depth > MAX_DEPTH) return [];
  return type.members.flatMap((member) => {
    const inner = btf.resolve(member.type);
    if (!inner) return [];
    return isSpecial(inner) ? [inner.name] : fieldsOf(btf, inner, depth + 1);
  });
}

function recordErrno(fields: readonly string[]): "EINVAL" | "E2BIG" | undefined {
  const has = (name: string): boolean => fields.includes(name);
  if (fields.some((name, i) => SPECIAL[name]?.once && fields.indexOf(name) !== i)) return "E2BIG";
  if (has("bpf_spin_lock") && has("bpf_res_spin_lock")) return "EINVAL";
  const locked = has("bpf_spin_lock") || has("bpf_res_spin_lock");
  if (!locked && (has("bpf_list_head") || has("bpf_rb_root"))) return "EINVAL";
  // What may be in a list and in a tree at once has two owners.
  return has("bpf_list_node") && has("bpf_rb_node") && !has("bpf_refcount") ? "EINVAL" : undefined;
}
