import { Errno } from "../errno.ts";
import type { RunEnv } from "../env.ts";
import { badAccess } from "../fault.ts";
import { RingbufMap } from "../maps/ringbuf.ts";
import type { PacketContext } from "../programs/packet-context.ts";
import { finishRecord } from "./map-helpers.ts";
import { A, helper, type HelperTable } from "./args.ts";

/** struct bpf_dynptr_kern: data pointer, size with type in bits 28…30 and read-only in 31, offset (kernel 7.3 helpers.c). */
export const DYNPTR_SIZE = 16;
export const DynptrType = { INVALID: 0, LOCAL: 1, RINGBUF: 2, SKB: 3, XDP: 4 } as const;
const SIZE_MASK = 0xff_ffff;
const RDONLY = 0x8000_0000;
const MAX_SIZE = (1 << 24) - 1;

export interface Dynptr { address: bigint; data: bigint; type: number; readonly: boolean; size: number; offset: number }

export function readDynptr(env: RunEnv, address: bigint): Dynptr {
  const bytes = env.mem.bytes(address, DYNPTR_SIZE, false, "dynptr");
  const view = new DataView(bytes.buffer, bytes.byteOffset, DYNPTR_SIZE);
  const word = view.getUint32(8, true);
  return { address, data: view.getBigUint64(0, true), type: (word >>> 28) & 7, readonly: (word & RDONLY) !== 0, size: word & SIZE_MASK, offset: view.getUint32(12, true) };
}

export function writeDynptr(env: RunEnv, d: Dynptr): void {
  const bytes = env.mem.bytes(d.address, DYNPTR_SIZE, true, "dynptr");
  const view = new DataView(bytes.buffer, bytes.byteOffset, DYNPTR_SIZE);
  view.setBigUint64(0, d.data, true);
  view.setUint32(8, ((d.type << 28) | (d.size & SIZE_MASK) | (d.readonly ? RDONLY : 0)) >>> 0, true);
  view.setUint32(12, d.offset, true);
}

export function nullDynptr(env: RunEnv, address: bigint): void {
  env.mem.bytes(address, DYNPTR_SIZE, true, "dynptr").fill(0);
}

export function initDynptr(env: RunEnv, address: bigint, data: bigint, type: number, size: number, readonly = false): void {
  writeDynptr(env, { address, data, type, readonly, size, offset: 0 });
}

function packetOf(env: RunEnv, d: Dynptr): PacketContext {
  if (env.packet && d.data === env.ctx) return env.packet;
  throw badAccess("dynptr of a packet that is not the program's");
}

/** kernel bpf_dynptr_check_off_len */
export function outside(d: Dynptr, off: bigint, size: bigint): boolean {
  return size > BigInt(d.size) || off > BigInt(d.size) - size;
}

/** Bytes, or a negative errno. */
export function dynptrBytes(env: RunEnv, d: Dynptr, off: bigint, size: bigint): Uint8Array | number {
  if (d.data === 0n) return -Errno.EINVAL;
  if (outside(d, off, size)) return -Errno.E2BIG;
  const at = d.offset + Number(off);
  if (d.type === DynptrType.SKB || d.type === DynptrType.XDP) return packetOf(env, d).bytesAt(at, Number(size)) ?? -(d.type === DynptrType.SKB ? Errno.EFAULT : Errno.EINVAL);
  return env.mem.read(d.data + BigInt(at), Number(size), "dynptr");
}

export function dynptrStore(env: RunEnv, d: Dynptr, off: bigint, bytes: Uint8Array, flags: bigint): number {
  if (d.data === 0n || d.readonly) return -Errno.EINVAL;
  if (outside(d, off, BigInt(bytes.length))) return -Errno.E2BIG;
  const at = d.offset + Number(off);
  if (d.type === DynptrType.SKB) return (flags & ~3n) !== 0n ? -Errno.EINVAL : packetOf(env, d).setBytes(at, bytes);
  if (flags !== 0n) return -Errno.EINVAL;
  if (d.type === DynptrType.XDP) return packetOf(env, d).setBytes(at, bytes);
  env.mem.write(d.data + BigInt(at), bytes, "dynptr");
  return 0;
}

/** Address of bytes inside, where they lie in one piece; 0n otherwise. */
export function dynptrAddress(env: RunEnv, d: Dynptr, off: bigint, size: bigint): bigint {
  if (d.data === 0n || outside(d, off, size)) return 0n;
  const at = d.offset + Number(off);
  if (d.type === DynptrType.SKB || d.type === DynptrType.XDP) return packetOf(env, d).linearAddress(at, Number(size)) ?? 0n;
  return d.data + BigInt(at);
}

export const dynptrHelpers: HelperTable = {
  bpf_dynptr_from_mem: helper([A.u64, A.u64, A.u64, A.u64], (env, data, size, flags, out) => {
    if (size > BigInt(MAX_SIZE) || flags !== 0n) {
      nullDynptr(env, out);
      return size > BigInt(MAX_SIZE) ? -Errno.E2BIG : -Errno.EINVAL;
    }
    env.mem.bytes(data, Number(size), false, "dynptr memory");
    initDynptr(env, out, data, DynptrType.LOCAL, Number(size));
    return 0;
  }),
  bpf_dynptr_read: helper([A.memOut, A.u64, A.u64, A.u64], (env, to, from, off, flags) => {
    if (flags !== 0n) return -Errno.EINVAL;
    const bytes = dynptrBytes(env, readDynptr(env, from), off, BigInt(to.size));
    if (typeof bytes === "number") return bytes;
    env.mem.write(to.address, bytes, "destination");
    return 0;
  }),
  bpf_dynptr_write: helper([A.u64, A.u64, A.mem, A.u64], (env, to, off, bytes, flags) => dynptrStore(env, readDynptr(env, to), off, bytes, flags)),
  bpf_dynptr_data: helper([A.u64, A.u64, A.u64], (env, from, off, size) => {
    const d = readDynptr(env, from);
    return d.readonly || d.type === DynptrType.SKB || d.type === DynptrType.XDP ? 0n : dynptrAddress(env, d, off, size);
  }),
  bpf_ringbuf_reserve_dynptr: helper([A.map, A.u32, A.u64, A.u64], (env, map, size, flags, out) => {
    if (!(map instanceof RingbufMap)) throw badAccess(`map ${map.name} is no ring buffer`);
    if (flags !== 0n || size > MAX_SIZE) {
      nullDynptr(env, out);
      return flags !== 0n ? -Errno.EINVAL : -Errno.E2BIG;
    }
    const sample = map.reserve(size);
    if (sample === 0n) {
      nullDynptr(env, out);
      return -Errno.EINVAL;
    }
    initDynptr(env, out, sample, DynptrType.RINGBUF, size);
    return 0;
  }),
  bpf_ringbuf_submit_dynptr: helper([A.u64, A.u64], (env, d) => finishDynptr(env, d, true)),
  bpf_ringbuf_discard_dynptr: helper([A.u64, A.u64], (env, d) => finishDynptr(env, d, false)),
};

function finishDynptr(env: RunEnv, address: bigint, submit: boolean): number {
  const d = readDynptr(env, address);
  if (d.data === 0n) return 0;
  finishRecord(env, d.data, submit);
  nullDynptr(env, address);
  return 0;
}
