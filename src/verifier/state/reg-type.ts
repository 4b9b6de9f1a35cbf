/**
 * Register types: a base (low byte) and flags, as the kernel's enum bpf_reg_type and bpf_type_flag. The numbers are
 * ours; only the names are printed.
 */
export const NOT_INIT = 0;
export const SCALAR_VALUE = 1;
export const PTR_TO_CTX = 2;
export const CONST_PTR_TO_MAP = 3;
export const PTR_TO_MAP_VALUE = 4;
export const PTR_TO_MAP_KEY = 5;
export const PTR_TO_STACK = 6;
export const PTR_TO_PACKET_META = 7;
export const PTR_TO_PACKET = 8;
export const PTR_TO_PACKET_END = 9;
export const PTR_TO_FLOW_KEYS = 10;
export const PTR_TO_SOCKET = 11;
export const PTR_TO_SOCK_COMMON = 12;
export const PTR_TO_TCP_SOCK = 13;
export const PTR_TO_TP_BUFFER = 14;
export const PTR_TO_XDP_SOCK = 15;
export const PTR_TO_BTF_ID = 16;
export const PTR_TO_MEM = 17;
export const PTR_TO_ARENA = 18;
export const PTR_TO_BUF = 19;
export const PTR_TO_FUNC = 20;
export const PTR_TO_INSN = 21;
export const CONST_PTR_TO_DYNPTR = 22;
/** before 5.18 */
export const PTR_TO_PERCPU_BTF_ID = 23;

export const PTR_MAYBE_NULL = 1 << 8;
export const MEM_RDONLY = 1 << 9;
export const MEM_RINGBUF = 1 << 10;
export const MEM_USER = 1 << 11;
export const MEM_PERCPU = 1 << 12;
export const OBJ_RELEASE = 1 << 13;
export const PTR_UNTRUSTED = 1 << 14;
export const MEM_UNINIT = 1 << 15;
export const DYNPTR_TYPE_LOCAL = 1 << 16;
export const DYNPTR_TYPE_RINGBUF = 1 << 17;
export const MEM_FIXED_SIZE = 1 << 18;
export const MEM_ALLOC = 1 << 19;
export const PTR_TRUSTED = 1 << 20;
export const MEM_RCU = 1 << 21;
export const NON_OWN_REF = 1 << 22;
export const DYNPTR_TYPE_SKB = 1 << 23;
export const DYNPTR_TYPE_XDP = 1 << 24;
export const MEM_ALIGNED = 1 << 25;
export const MEM_WRITE = 1 << 26;
export const DYNPTR_TYPE_SKB_META = 1 << 27;
export const DYNPTR_TYPE_FILE = 1 << 28;

const BASE_MASK = 0xff;
export const BPF_REG_TRUSTED_MODIFIERS = MEM_ALLOC | PTR_TRUSTED | NON_OWN_REF;
export const DYNPTR_TYPE_FLAG_MASK =
  DYNPTR_TYPE_LOCAL | DYNPTR_TYPE_RINGBUF | DYNPTR_TYPE_SKB | DYNPTR_TYPE_XDP | DYNPTR_TYPE_SKB_META | DYNPTR_TYPE_FILE;

export const baseType = (t: number): number => t & BASE_MASK;
export const typeFlag = (t: number): number => t & ~BASE_MASK;
export const typeMayBeNull = (t: number): boolean => (t & PTR_MAYBE_NULL) !== 0;
export const typeIsPktPointer = (t: number): boolean => {
  const b = t & BASE_MASK;
  return b === PTR_TO_PACKET || b === PTR_TO_PACKET_META;
};
export const typeIsSkPointer = (t: number): boolean =>
  t === PTR_TO_SOCKET || t === PTR_TO_SOCK_COMMON || t === PTR_TO_TCP_SOCK || t === PTR_TO_XDP_SOCK;
export const typeIsRdonlyMem = (t: number): boolean => (t & MEM_RDONLY) !== 0;
export const typeIsAlloc = (t: number): boolean => (t & MEM_ALLOC) !== 0;
export const typeIsPtrAllocObj = (t: number): boolean => (t & BASE_MASK) === PTR_TO_BTF_ID && (t & MEM_ALLOC) !== 0 && (t & PTR_UNTRUSTED) === 0;
export const typeIsNonOwningRef = (t: number): boolean => typeIsPtrAllocObj(t) && (t & NON_OWN_REF) !== 0;
/** Flags besides those that make a pointer trusted. */
export const typeHasUnsafeModifiers = (t: number): boolean => (typeFlag(t) & ~BPF_REG_TRUSTED_MODIFIERS) !== 0;

/** Flags by the name the kernel's tables use (ProtoType.flags). */
export const TYPE_FLAG_BY_NAME: Readonly<Record<string, number>> = {
  PTR_MAYBE_NULL, MEM_RDONLY, MEM_RINGBUF, MEM_USER, MEM_PERCPU, OBJ_RELEASE, PTR_UNTRUSTED, MEM_UNINIT, DYNPTR_TYPE_LOCAL,
  DYNPTR_TYPE_RINGBUF, MEM_FIXED_SIZE, MEM_ALLOC, PTR_TRUSTED, MEM_RCU, NON_OWN_REF, DYNPTR_TYPE_SKB, DYNPTR_TYPE_XDP, MEM_ALIGNED,
  MEM_WRITE, DYNPTR_TYPE_SKB_META, DYNPTR_TYPE_FILE,
};
