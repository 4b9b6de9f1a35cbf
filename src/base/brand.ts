declare const brand: unique symbol;
/** A number (or other type) with a unit the compiler checks. */
export type Brand<T, Name extends string> = T & { readonly [brand]?: Name };

/** Index of an 8-byte instruction slot; ld_imm64 takes two slots, as in the kernel's own numbering. */
export type InsnIdx = Brand<number, "InsnIdx">;
/** Offset in bytes. */
export type ByteOff = Brand<number, "ByteOff">;
/** A BTF type id; in split BTF ids go on from the base's. */
export type BtfId = Brand<number, "BtfId">;
