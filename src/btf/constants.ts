/** Numbers of the BTF format (uapi/linux/btf.h). */
export const BTF_MAGIC = 0xeb9f;
/** header up to str_len; 7.2 added an optional layout section after it */
export const BTF_HEADER_MIN = 24;
export const BTF_MAX_ID = 0x000fffff;

/** Encoding bits of an INT. */
export const BTF_INT_SIGNED = 1;
export const BTF_INT_CHAR = 2;
export const BTF_INT_BOOL = 4;

/** Linkage of FUNC and VAR. */
export const BTF_STATIC = 0;
export const BTF_GLOBAL = 1;
export const BTF_EXTERN = 2;

/** Chains of modifiers, arrays and typedefs longer than this are treated as loops (libbpf's MAX_RESOLVE_DEPTH is 32). */
export const MAX_RESOLVE_DEPTH = 32;

/** Names of kinds as libbpf's and the kernel's messages have them (btf_kind_str). */
export const KIND_NAMES: readonly string[] = [
  "void", "int", "ptr", "array", "struct", "union", "enum", "fwd", "typedef", "volatile", "const", "restrict",
  "func", "func_proto", "var", "datasec", "float", "decl_tag", "type_tag", "enum64",
];
/** The same as the kernel prints them in capitals (kernel/bpf/btf.c btf_kind_str). */
export const KERNEL_KIND_NAMES: readonly string[] = [
  "UNKNOWN", "INT", "PTR", "ARRAY", "STRUCT", "UNION", "ENUM", "FWD", "TYPEDEF", "VOLATILE", "CONST", "RESTRICT",
  "FUNC", "FUNC_PROTO", "VAR", "DATASEC", "FLOAT", "DECL_TAG", "TYPE_TAG", "ENUM64",
];
