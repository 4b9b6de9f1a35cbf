/**
 * The few instructions probes are made of (RFC 9669, section 3 on).
 */

/** One 8-byte instruction slot. */
export function insn(code: number, dst = 0, src = 0, off = 0, imm = 0): Buffer {
  const bytes = Buffer.alloc(8);
  bytes[0] = code;
  bytes[1] = (src << 4) | dst;
  bytes.writeInt16LE(off, 2);
  bytes.writeInt32LE(imm | 0, 4);
  return bytes;
}

const sizeCode: Readonly<Record<number, number>> = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 };

/** dst = imm */
export const movImm = (dst: number, imm: number): Buffer => insn(0xb7, dst, 0, 0, imm);
/** dst = src */
export const movReg = (dst: number, src: number): Buffer => insn(0xbf, dst, src);
/** dst += imm */
export const addImm = (dst: number, imm: number): Buffer => insn(0x07, dst, 0, 0, imm);
/** dst = *(size *)(src + off) */
export const load = (size: number, dst: number, src: number, off: number): Buffer => insn(0x61 | (sizeCode[size] ?? 0), dst, src, off);
/** *(size *)(dst + off) = src */
export const store = (size: number, dst: number, src: number, off: number): Buffer => insn(0x63 | (sizeCode[size] ?? 0), dst, src, off);
export const callHelper = (id: number): Buffer => insn(0x85, 0, 0, 0, id);
/** `fdIndex` 0: vmlinux */
export const callKfunc = (btfId: number, fdIndex: number): Buffer => insn(0x85, 0, 2, fdIndex, btfId);
export const exit = (): Buffer => insn(0x95);
/** dst = address of a map's value; the descriptor is filled in later */
export const mapValue = (dst: number): Buffer => Buffer.concat([insn(0x18, dst, 2), insn(0)]);
/** dst = map; the descriptor is filled in later */
export const mapFd = (dst: number): Buffer => Buffer.concat([insn(0x18, dst, 1), insn(0)]);
