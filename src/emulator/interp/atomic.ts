import type { Memory } from "../memory/memory.ts";
import { badAccess } from "../fault.ts";

/**
 * One atomic operation (RFC 9669 section 5.3; load-acquire 0x100 and store-release 0x110 as in kernel 6.15).
 * `sizeBits` is the size field of the opcode. A 32-bit fetch zero-extends into its register.
 */
export function atomic(R: BigUint64Array, mem: Memory, dst: number, src: number, sizeBits: number, off: number, imm: number): void {
  const size = sizeBits === 0x18 ? 8 : sizeBits === 0 ? 4 : sizeBits === 0x08 ? 2 : 1;
  const bits = size * 8;
  if (imm === 0x100) {
    R[dst] = mem.slowLoad(BigInt.asUintN(64, R[src]! + BigInt(off)), size);
    return;
  }
  const address = BigInt.asUintN(64, R[dst]! + BigInt(off));
  if (imm === 0x110) {
    mem.slowStore(address, size, R[src]!);
    return;
  }
  const at = mem.locate(address, size, true);
  if (at < 0) throw badAccess(`atomic ${mem.explain(address, size, true)}`);
  const old = mem.loadAt(at, size);
  const operand = BigInt.asUintN(bits, R[src]!);
  switch (imm & ~1) {
    case 0x00: mem.storeAt(at, size, BigInt.asUintN(bits, old + operand)); break;
    case 0x40: mem.storeAt(at, size, old | operand); break;
    case 0x50: mem.storeAt(at, size, old & operand); break;
    case 0xa0: mem.storeAt(at, size, old ^ operand); break;
    case 0xe0: mem.storeAt(at, size, operand); break;
    default: // 0xf1: compare r0 and exchange; r0 gets the old value
      if (BigInt.asUintN(bits, R[0]!) === old) mem.storeAt(at, size, operand);
      R[0] = old;
      return;
  }
  if ((imm & 1) !== 0) R[src] = old;
}
