import type { Region } from "./memory.ts";

/** A sentence that says what is wrong with an access: which object, how far outside, or which permission it lacks. */
export function describeAddress(address: bigint, size: number, write: boolean, region: Region | undefined, origin: number): string {
  const verb = write ? "write" : "read";
  const head = `${verb} of ${size} byte${size === 1 ? "" : "s"} at 0x${address.toString(16)}`;
  if (address < 4096n) return `${head}: null pointer${address === 0n ? "" : ` plus ${address}`}`;
  if (address >= 0xffff_ffff_ffff_f001n) return `${head}: an error value (${BigInt.asIntN(64, address)}) was used as a pointer`;
  if (!region) return `${head}: no object is at this address`;
  if (!region.live) return `${head}: ${region.name} was released before`;
  const off = Number(address & 0xffff_ffffn) - origin;
  const span = region.to - region.from;
  if (off < region.from) return `${head}: ${region.from - off} bytes before the start of ${region.name} (${span} bytes)`;
  if (off >= region.to) return `${head}: ${off - region.to} bytes past the end of ${region.name} (${span} bytes)`;
  if (off + size > region.to) return `${head}: the last ${off + size - region.to} of them lie past the end of ${region.name} (${span} bytes)`;
  if (!(write ? region.writable : region.readable)) return `${head}: ${region.name} ${write ? "is read-only" : "cannot be read"}`;
  if (region.stride !== 0) {
    const inside = off % region.stride;
    return `${head}: offset ${inside} in element ${Math.floor(off / region.stride)} of ${region.name}, whose elements have ${region.elem} bytes`;
  }
  return `${head}: not possible in ${region.name}`;
}
