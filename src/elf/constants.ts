/** Numbers of the ELF format (gABI; BPF's own from its ABI document) that an eBPF object uses. */
export const EM_BPF = 247;
export const ET_REL = 1;

export const SHT_NULL = 0;
export const SHT_PROGBITS = 1;
export const SHT_SYMTAB = 2;
export const SHT_STRTAB = 3;
export const SHT_RELA = 4;
export const SHT_NOBITS = 8;
export const SHT_REL = 9;
export const SHT_LLVM_ADDRSIG = 0x6fff4c03;

export const SHF_WRITE = 0x1n;
export const SHF_ALLOC = 0x2n;
export const SHF_EXECINSTR = 0x4n;

export const SHN_UNDEF = 0;
export const SHN_LORESERVE = 0xff00;
export const SHN_ABS = 0xfff1;
export const SHN_COMMON = 0xfff2;

export const STB_LOCAL = 0;
export const STB_GLOBAL = 1;
export const STB_WEAK = 2;

export const STT_NOTYPE = 0;
export const STT_OBJECT = 1;
export const STT_FUNC = 2;
export const STT_SECTION = 3;

export const STV_DEFAULT = 0;
export const STV_INTERNAL = 1;
export const STV_HIDDEN = 2;

/** ld_imm64 */
export const R_BPF_64_64 = 1;
/** 64-bit address in data */
export const R_BPF_64_ABS64 = 2;
/** 32-bit address in data */
export const R_BPF_64_ABS32 = 3;
/** as ABS32, not touched by linkers (.BTF, .BTF.ext) */
export const R_BPF_64_NODYLD32 = 4;
/** call */
export const R_BPF_64_32 = 10;
