import { Errno } from "../errno.ts";
import { RingbufMap, RingbufFlag, ringbufRecordAt } from "../maps/ringbuf.ts";
import { ReferenceArrayMap } from "../maps/reference-maps.ts";
import { StackTraceMap, StorageMap } from "../maps/storage.ts";
import { badAccess, unsupported } from "../fault.ts";
import type { RunEnv } from "../env.ts";
import type { SimMap } from "../maps/sim-map.ts";
import { A, helper, type HelperTable } from "./args.ts";

function ringbuf(map: SimMap): RingbufMap {
  if (map instanceof RingbufMap) return map;
  throw badAccess(`map ${map.name} is no ring buffer`);
}
function storage(map: SimMap): StorageMap {
  if (map instanceof StorageMap) return map;
  throw badAccess(`map ${map.name} is no storage map`);
}

/** BPF_F_INDEX_MASK: the CPU part of perf event flags; all ones mean the current CPU. */
const INDEX_MASK = 0xffff_ffffn;
const CTXLEN_MASK = 0xf_ffffn << 32n;

/** Sends a sample as bpf_perf_event_output does; a reader is taken to be attached on every CPU. */
function perfOutput(env: RunEnv, map: SimMap, flags: bigint, data: Uint8Array): number {
  if (!(map instanceof ReferenceArrayMap) || map.spec.type !== "perf_event_array") throw badAccess(`map ${map.name} is no perf event array`);
  const packet = env.packet;
  if ((flags & ~(INDEX_MASK | (packet ? CTXLEN_MASK : 0n))) !== 0n) return -Errno.EINVAL;
  const index = flags & INDEX_MASK;
  const cpu = index === INDEX_MASK ? env.cpuId : Number(index);
  if (cpu >= map.maxEntries) return -Errno.E2BIG;
  if (cpu !== env.cpuId) return -Errno.EOPNOTSUPP;
  if (packet) {
    const length = Number((flags & CTXLEN_MASK) >> 32n);
    if (length > packet.length) return -Errno.EFAULT;
    const bytes = packet.bytesAt(0, length) ?? new Uint8Array(0);
    const both = new Uint8Array(data.length + bytes.length);
    both.set(data);
    both.set(bytes, data.length);
    env.event(map.name, both);
    return 0;
  }
  env.event(map.name, data);
  return 0;
}

/** Maps, ring buffers, perf events, storage (kernel 7.3 helpers.c, ringbuf.c, bpf_trace.c). */
export const mapHelpers: HelperTable = {
  bpf_map_lookup_elem: helper([A.map, A.key], (env, map, key) => map.lookup(key, env.cpuId)),
  bpf_map_update_elem: helper([A.map, A.key, A.value, A.u64], (env, map, key, value, flags) => outcome(env, map.update(key, value, flags, env.cpuId))),
  bpf_map_delete_elem: helper([A.map, A.key], (env, map, key) => outcome(env, map.remove(key))),
  bpf_map_push_elem: helper([A.map, A.value, A.u64], (env, map, value, flags) => outcome(env, map.push(value, flags))),
  bpf_map_pop_elem: helper([A.map, A.valueOut], (env, map, out) => outcome(env, give(env, map, out, map.pop()))),
  bpf_map_peek_elem: helper([A.map, A.valueOut], (env, map, out) => {
    if (map.spec.type === "bloom_filter") {
      const found = map.peek(env.mem.read(out, map.valueSize, "value"));
      return outcome(env, typeof found === "number" ? found : 0);
    }
    return outcome(env, give(env, map, out, map.peek(new Uint8Array(0))));
  }),
  bpf_map_lookup_percpu_elem: helper([A.map, A.key, A.u32], (env, map, key, cpu) => (cpu < env.cpus ? map.lookupPercpu(key, cpu) : 0n)),
  bpf_for_each_map_elem: helper([A.map, A.u64, A.u64, A.u64], (env, map, callback, data, flags) => {
    const items = map.forEach(env.cpuId);
    if (!items || flags !== 0n) return -Errno.EINVAL;
    const keyRegion = env.mem.create(`key of map ${map.name}`, map.keySize, { writable: false });
    let count = 0;
    for (const item of items) {
      env.mem.regionBytes(keyRegion).set(item.key);
      count++;
      const ret = env.cpu.callback(callback, [map.address, env.mem.address(keyRegion), item.value, data]);
      if (ret !== 0n) break;
    }
    env.mem.release(keyRegion);
    return count;
  }),
  bpf_perf_event_output: helper([A.ctx, A.map, A.u64, A.mem], (env, _ctx, map, flags, data) => perfOutput(env, map, flags, data)),
  bpf_skb_output: helper([A.ctx, A.map, A.u64, A.mem], (env, _ctx, map, flags, data) => perfOutput(env, map, flags, data)),
  bpf_xdp_output: helper([A.ctx, A.map, A.u64, A.mem], (env, _ctx, map, flags, data) => perfOutput(env, map, flags, data)),
  bpf_perf_event_read: helper([A.map, A.u64], () => -Errno.ENOENT),
  bpf_perf_event_read_value: helper([A.map, A.u64, A.memOut], (env, _map, _flags, out) => {
    env.mem.bytes(out.address, out.size, true, "value").fill(0);
    return -Errno.ENOENT;
  }),
  bpf_ringbuf_output: helper([A.map, A.mem, A.u64], (_env, map, data, flags) => {
    if ((flags & ~(RingbufFlag.NO_WAKEUP | RingbufFlag.FORCE_WAKEUP)) !== 0n) return -Errno.EINVAL;
    return ringbuf(map).output(data);
  }),
  bpf_ringbuf_reserve: helper([A.map, A.u64, A.u64], (_env, map, size, flags) => (flags !== 0n || size > 0x3fff_ffffn ? 0n : ringbuf(map).reserve(Number(size)))),
  bpf_ringbuf_submit: helper([A.u64, A.u64], (env, sample) => finishRecord(env, sample, true)),
  bpf_ringbuf_discard: helper([A.u64, A.u64], (env, sample) => finishRecord(env, sample, false)),
  bpf_ringbuf_query: helper([A.map, A.u64], (_env, map, what) => ringbuf(map).query(what)),
  bpf_sk_storage_get: helper([A.map, A.u64, A.u64, A.u64], (env, map, owner, value, flags) => storageGet(env, storage(map), owner, value, flags)),
  bpf_sk_storage_delete: helper([A.map, A.u64], (_env, map, owner) => storage(map).delete(owner)),
  bpf_task_storage_get: helper([A.map, A.u64, A.u64, A.u64], (env, map, owner, value, flags) => storageGet(env, storage(map), owner, value, flags)),
  bpf_task_storage_delete: helper([A.map, A.u64], (_env, map, owner) => (owner === 0n ? -Errno.EINVAL : storage(map).delete(owner))),
  bpf_inode_storage_get: helper([A.map, A.u64, A.u64, A.u64], (env, map, owner, value, flags) => storageGet(env, storage(map), owner, value, flags)),
  bpf_inode_storage_delete: helper([A.map, A.u64], (_env, map, owner) => (owner === 0n ? -Errno.EINVAL : storage(map).delete(owner))),
  bpf_cgrp_storage_get: helper([A.map, A.u64, A.u64, A.u64], (env, map, owner, value, flags) => storageGet(env, storage(map), owner, value, flags)),
  bpf_cgrp_storage_delete: helper([A.map, A.u64], (_env, map, owner) => (owner === 0n ? -Errno.EINVAL : storage(map).delete(owner))),
  bpf_get_local_storage: helper([A.map, A.u64], (_env, map) => storage(map).get(0n, true)),
  bpf_get_stackid: helper([A.ctx, A.map, A.u64], (env, _ctx, map, flags) => {
    if (!(map instanceof StackTraceMap)) throw badAccess(`map ${map.name} is no stack trace map`);
    if ((flags & ~0x7ffn) !== 0n) return -Errno.EINVAL;
    return map.put(env.objects.stackTrace((flags & 0x100n) !== 0n), flags);
  }),
  bpf_get_stack: helper([A.ctx, A.memOut, A.u64], (env, _ctx, out, flags) => {
    if (out.size % 8 !== 0) return -Errno.EINVAL;
    const ips = env.objects.stackTrace((flags & 0x100n) !== 0n).slice(Number(flags & 0xffn)).slice(0, out.size / 8);
    const bytes = env.mem.bytes(out.address, out.size, true, "stack");
    bytes.fill(0);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    ips.forEach((ip, i) => view.setBigUint64(i * 8, ip, true));
    return ips.length * 8;
  }),
  bpf_user_ringbuf_drain: helper([A.map, A.u64, A.u64, A.u64], () => {
    throw unsupported("bpf_user_ringbuf_drain: user ring buffers are not simulated");
  }),
};

/** The operations of maps returned int before they returned long, and compiled programs call them directly: errnos had zeros above. */
function outcome(env: RunEnv, result: number): bigint | number {
  return result < 0 && !env.kernel.has("map_ops_return_long") ? BigInt.asUintN(32, BigInt(result)) : result;
}

function give(env: RunEnv, map: SimMap, out: bigint, found: Uint8Array | number): number {
  if (typeof found !== "number") {
    env.mem.write(out, found, "value");
    return 0;
  }
  if (found === -Errno.ENOENT) env.mem.bytes(out, map.valueSize, true, "value").fill(0);
  return found;
}

/** Submits or discards what bpf_ringbuf_reserve gave. */
export function finishRecord(env: RunEnv, sample: bigint, submit: boolean): bigint {
  const found = ringbufRecordAt(env.mem.objectAt(sample));
  if (!found) throw badAccess(`0x${sample.toString(16)} is no reserved ring buffer record`);
  found.ringbuf.finish(found.record, submit);
  return 0n;
}

/** BPF_LOCAL_STORAGE_GET_F_CREATE is 1. */
function storageGet(env: RunEnv, map: StorageMap, owner: bigint, value: bigint, flags: bigint): bigint {
  if (owner === 0n || (flags & ~1n) !== 0n) return 0n;
  const initial = value === 0n ? undefined : env.mem.read(value, map.valueSize, "initial value");
  return map.get(owner, (flags & 1n) !== 0n, initial);
}

