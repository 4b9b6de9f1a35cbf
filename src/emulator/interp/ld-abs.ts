import { badAccess } from "../fault.ts";
import type { Memory } from "../memory/memory.ts";

/** A context whose packet the legacy loads can read. */
export interface PacketSource {
  /** bytes at an offset from the start of what the program sees as its data, or from a header for the negative SKF_ offsets; undefined outside */
  legacyBytes(off: number, size: number): Uint8Array | undefined;
}

/** LD_ABS and LD_IND: network byte order to host; -1 when the packet is too short. r6 must hold the context. */
export function loadPacket(mem: Memory, ctx: bigint, off: number, size: 1 | 2 | 4): number {
  const object = mem.objectAt(ctx);
  if (typeof object !== "object" || object === null || !("legacyBytes" in object)) throw badAccess("legacy packet load: r6 does not hold an skb context");
  const bytes = (object as PacketSource).legacyBytes(off, size);
  if (!bytes) return -1;
  let value = 0;
  for (let i = 0; i < size; i++) value = value * 256 + bytes[i]!;
  return value;
}
