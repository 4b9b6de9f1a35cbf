import { Errno } from "../errno.ts";
import type { RunEnv } from "../env.ts";
import { A, helper, type HelperTable } from "../helpers/args.ts";
import { dynptrAddress, dynptrBytes, DynptrType, dynptrStore, initDynptr, nullDynptr, outside, readDynptr, writeDynptr } from "../helpers/dynptr.ts";
import { formatBpf } from "../helpers/printf.ts";
import { formatSource } from "../helpers/general.ts";

/** kernel 7.3 bpf_dynptr_slice: a pointer where the bytes lie in one piece, else a copy in the caller's buffer, else NULL. */
function slice(env: RunEnv, ptr: bigint, off: bigint, buffer: bigint, size: bigint): bigint {
  const d = readDynptr(env, ptr);
  if (d.data === 0n || outside(d, off, size)) return 0n;
  const direct = dynptrAddress(env, d, off, size);
  if (direct !== 0n || buffer === 0n) return direct;
  const bytes = dynptrBytes(env, d, off, size);
  if (typeof bytes === "number") return 0n;
  env.mem.write(buffer, bytes, "buffer");
  return buffer;
}

function fromPacket(env: RunEnv, flags: bigint, out: bigint, type: number): number {
  if (flags !== 0n || !env.packet) {
    nullDynptr(env, out);
    return -Errno.EINVAL;
  }
  const size = env.packet.length;
  const readonly = env.packet.kind === "skb" && !env.packet.setup.directWrite;
  initDynptr(env, out, env.ctx, type, size, readonly);
  return 0;
}

/** Dynptrs (kernel 7.3 helpers.c, filter.c). */
export const dynptrKfuncs: HelperTable = {
  bpf_dynptr_from_skb: helper([A.skb, A.u64, A.u64], (env, _skb, flags, out) => fromPacket(env, flags, out, DynptrType.SKB)),
  bpf_dynptr_from_xdp: helper([A.xdp, A.u64, A.u64], (env, _xdp, flags, out) => fromPacket(env, flags, out, DynptrType.XDP)),
  bpf_dynptr_slice: helper([A.u64, A.u64, A.u64, A.u64], (env, ptr, off, buffer, size) => slice(env, ptr, off & offMask(env), buffer, size & 0xffff_ffffn)),
  bpf_dynptr_slice_rdwr: helper([A.u64, A.u64, A.u64, A.u64], (env, ptr, off, buffer, size) => {
    const d = readDynptr(env, ptr);
    return d.data === 0n || d.readonly ? 0n : slice(env, ptr, off & offMask(env), buffer, size & 0xffff_ffffn);
  }),
  bpf_dynptr_adjust: helper([A.u64, A.u64, A.u64], (env, ptr, start, end) => {
    const d = readDynptr(env, ptr);
    const from = start & offMask(env), to = end & offMask(env);
    if (d.data === 0n || from > to) return -Errno.EINVAL;
    if (from > BigInt(d.size) || to > BigInt(d.size)) return -Errno.ERANGE;
    writeDynptr(env, { ...d, offset: d.offset + Number(from), size: Number(to - from) });
    return 0;
  }),
  bpf_dynptr_is_null: helper([A.u64], (env, ptr) => (readDynptr(env, ptr).data === 0n ? 1 : 0)),
  bpf_dynptr_is_rdonly: helper([A.u64], (env, ptr) => {
    const d = readDynptr(env, ptr);
    return d.data !== 0n && d.readonly ? 1 : 0;
  }),
  bpf_dynptr_size: helper([A.u64], (env, ptr) => {
    const d = readDynptr(env, ptr);
    // a null dynptr answers -EINVAL: as the u32 of older kernels, as the u64 of newer ones
    if (d.data !== 0n) return BigInt(d.size);
    return env.kernel.has("dynptr_u64_sizes") ? BigInt.asUintN(64, BigInt(-Errno.EINVAL)) : BigInt.asUintN(32, BigInt(-Errno.EINVAL));
  }),
  bpf_dynptr_clone: helper([A.u64, A.u64], (env, ptr, out) => {
    const d = readDynptr(env, ptr);
    if (d.data === 0n) {
      nullDynptr(env, out);
      return -Errno.EINVAL;
    }
    writeDynptr(env, { ...d, address: out });
    return 0;
  }),
  bpf_dynptr_copy: helper([A.u64, A.u64, A.u64, A.u64, A.u64], (env, to, toOff, from, fromOff, size) => {
    const dst = readDynptr(env, to), src = readDynptr(env, from);
    const bytes = dynptrBytes(env, src, fromOff, size);
    if (typeof bytes === "number") return outside(dst, toOff, size) && dst.data !== 0n ? -Errno.E2BIG : bytes;
    return dynptrStore(env, dst, toOff, bytes, 0n);
  }),
  bpf_dynptr_memset: helper([A.u64, A.u64, A.u64, A.u32], (env, ptr, off, size, value) => {
    const d = readDynptr(env, ptr);
    if (d.data === 0n || d.readonly) return -Errno.EINVAL;
    if (outside(d, off, size)) return -Errno.E2BIG;
    return dynptrStore(env, d, off, new Uint8Array(Number(size)).fill(value & 0xff), 0n);
  }),
  bpf_stream_vprintk: helper([A.s32, A.text, A.u64, A.u32], streamPrint),
  bpf_stream_vprintk_impl: helper([A.s32, A.text, A.u64, A.u32], streamPrint),
};

/** Offsets and sizes were u32 before they became u64. */
function offMask(env: RunEnv): bigint {
  return env.kernel.has("dynptr_u64_sizes") ? 0xffff_ffff_ffff_ffffn : 0xffff_ffffn;
}

/** stdout is stream 1, stderr 2; what is written is an event of that name. */
function streamPrint(env: RunEnv, stream: number, format: string, args: bigint, length: number): number {
  if (stream !== 1 && stream !== 2) return -Errno.ENOENT;
  if (length % 8 !== 0 || length > 96 || (length !== 0 && args === 0n)) return -Errno.EINVAL;
  const data = env.mem.read(args, length, "arguments");
  const view = new DataView(data.buffer);
  const values = Array.from({ length: length / 8 }, (_, i) => view.getBigUint64(i * 8, true));
  const spec = new Uint8Array(format.length + 1);
  for (let i = 0; i < format.length; i++) spec[i] = format.charCodeAt(i) & 0xff;
  const text = formatBpf(spec, values, formatSource(env));
  if (typeof text === "number") return text;
  env.event(stream === 1 ? "stdout" : "stderr", text);
  return 0;
}
