import { Errno } from "../errno.ts";
import type { RunEnv } from "../env.ts";
import { badAccess } from "../fault.ts";
import { A, helper, i64, type HelperImpl, type HelperTable } from "../helpers/args.ts";
import { initAsync, setAsyncCallback } from "../helpers/timer-helpers.ts";
import { isKernelAddress } from "../helpers/addresses.ts";

/** bpf_throw: unwinds the program; the value becomes the result. */
export class ProgramThrow extends Error {
  readonly cookie: bigint;
  constructor(cookie: bigint) {
    super("bpf_throw");
    this.cookie = cookie;
  }
}

const MAX_LOOPS = 8 * 1024 * 1024;
const nothing = helper([], () => 0n);
const same = helper([A.u64], (_env, pointer) => pointer);
/** a function that the test run's device driver does not have */
const noDriver = helper([A.ctx], () => -Errno.EOPNOTSUPP);

function words(env: RunEnv, address: bigint, write: boolean): DataView {
  const bytes = env.mem.bytes(address, 8, write, "iterator");
  return new DataView(bytes.buffer, bytes.byteOffset, 8);
}

/** struct bpf_iter_num: the current number and the end, as they lie in the program's stack. */
const numbers: HelperTable = {
  bpf_iter_num_new: helper([A.u64, A.s32, A.s32], (env, it, start, end) => {
    const view = words(env, it, true);
    const bad = start > end ? -Errno.EINVAL : end - start > MAX_LOOPS ? -Errno.E2BIG : 0;
    view.setInt32(0, bad ? 0 : (start - 1) | 0, true);
    view.setInt32(4, bad ? 0 : end, true);
    return bad;
  }),
  bpf_iter_num_next: helper([A.u64], (env, it) => {
    const view = words(env, it, true);
    const next = view.getInt32(0, true) + 1;
    // the sum wraps in the kernel: start may be the least number
    const wrapped = next | 0;
    if (wrapped >= view.getInt32(4, true)) {
      view.setInt32(0, 0, true);
      view.setInt32(4, 0, true);
      return 0n;
    }
    view.setInt32(0, wrapped, true);
    return it;
  }),
  bpf_iter_num_destroy: helper([A.u64], (env, it) => {
    words(env, it, true).setBigUint64(0, 0n, true);
  }),
};

/** Iterators whose place is kept beside the program's memory, by the iterator's address. */
const places = new WeakMap<object, Map<bigint, { items: bigint[]; at: number }>>();
function place(env: RunEnv): Map<bigint, { items: bigint[]; at: number }> {
  let found = places.get(env.mem);
  if (!found) {
    found = new Map();
    places.set(env.mem, found);
  }
  return found;
}
function next(env: RunEnv, it: bigint): bigint {
  const state = place(env).get(it);
  if (!state || state.at >= state.items.length) return 0n;
  return state.items[state.at++]!;
}

const iterators: HelperTable = {
  bpf_iter_bits_new: helper([A.u64, A.u64, A.u32], (env, it, bits, words64) => {
    env.mem.bytes(it, 16, true, "iterator").fill(0);
    place(env).delete(it);
    if (words64 === 0) return -Errno.EINVAL;
    if (words64 > 511) return -Errno.E2BIG;
    const data = isKernelAddress(bits) ? env.mem.tryRead(bits, words64 * 8) : undefined;
    if (!data) return -Errno.EFAULT;
    const region = env.mem.create("number of the bits iterator", 4, { writable: false });
    const items: bigint[] = [];
    for (let i = 0; i < data.length * 8; i++) if ((data[i >> 3]! & (1 << (i & 7))) !== 0) items.push(BigInt(i));
    place(env).set(it, { items: [env.mem.address(region), ...items], at: 1 });
    return 0;
  }),
  bpf_iter_bits_next: helper([A.u64], (env, it) => {
    const state = place(env).get(it);
    if (!state || state.at >= state.items.length) return 0n;
    const region = env.mem.regionAt(state.items[0]!);
    if (region) new DataView(env.mem.u8.buffer, region.ptr, 4).setInt32(0, Number(state.items[state.at++]!), true);
    return state.items[0]!;
  }),
  bpf_iter_bits_destroy: helper([A.u64], (env, it) => {
    const region = env.mem.regionAt(place(env).get(it)?.items[0] ?? 0n);
    if (region) env.mem.release(region);
    place(env).delete(it);
  }),
  bpf_iter_task_new: helper([A.u64, A.u64, A.u32], (env, it, task, flags) => {
    env.mem.bytes(it, 24, true, "iterator").fill(0);
    if (flags > 2) return -Errno.EINVAL;
    // BPF_TASK_ITER_ALL_PROCS 0, ALL_THREADS 1, PROC_THREADS 2
    const pids = [...new Set([1, env.task.pid])];
    place(env).set(it, { items: flags === 2 && task !== 0n ? [task] : pids.map((pid) => env.objects.task(pid)), at: 0 });
    return 0;
  }),
  bpf_iter_task_next: helper([A.u64], next),
  bpf_iter_task_destroy: helper([A.u64], (env, it) => {
    place(env).delete(it);
  }),
};

function taskFromPid(env: RunEnv, pid: number): bigint {
  return env.objects.hasTask(pid) ? env.objects.task(pid) : 0n;
}

/** Kernel's own context behind a program's: what is known of the sk_buff is filled in. */
function kernelContext(env: RunEnv, ctx: bigint): bigint {
  if (env.packet?.kind !== "skb" || ctx !== env.ctx) return ctx;
  const skb = env.objects.single("sk_buff", "struct sk_buff of the packet");
  const set = (field: string, value: number): boolean => env.objects.setField(skb, "sk_buff", field, BigInt(value));
  set("len", env.packet.length);
  set("data_len", env.packet.frags.length);
  set("mark", env.packet.mark);
  set("priority", env.packet.priority);
  set("hash", env.packet.hash);
  set("skb_iif", env.packet.ingressIfindex);
  const device = env.objects.single("net_device", "the network device");
  env.objects.setField(device, "net_device", "ifindex", BigInt(env.packet.setup.ifindex));
  env.objects.setField(skb, "sk_buff", "dev", device);
  return skb;
}

const lockWord = (env: RunEnv, lock: bigint): number => {
  const at = env.mem.locate(lock, 4, true);
  if (at < 0) throw badAccess(`lock: ${env.mem.explain(lock, 4, true)}`);
  return at;
};

/** A resilient lock that is held already is a deadlock the kernel detects. */
const resLock = helper([A.u64], (env, lock) => {
  const at = lockWord(env, lock);
  if (env.mem.loadAt(at, 4) !== 0n) return -Errno.EDEADLK;
  env.mem.storeAt(at, 4, 1n);
  return 0;
});
const resUnlock = helper([A.u64], (env, lock) => {
  env.mem.storeAt(lockWord(env, lock), 4, 0n);
});

const irqSave: HelperImpl = helper([A.outU64], (env, flags) => {
  env.mem.storeAt(env.mem.locate(flags, 8, true), 8, 0x200n);
});

export const generalKfuncs: HelperTable = {
  ...numbers,
  ...iterators,
  bpf_throw: helper([A.u64], (_env, cookie) => {
    throw new ProgramThrow(cookie);
  }),
  bpf_rcu_read_lock: nothing, bpf_rcu_read_unlock: nothing, bpf_preempt_disable: nothing, bpf_preempt_enable: nothing,
  bpf_rcu_read_lock_trace: nothing, bpf_rcu_read_unlock_trace: nothing,
  bpf_local_irq_save: irqSave, bpf_local_irq_restore: nothing,
  bpf_res_spin_lock: resLock, bpf_res_spin_unlock: resUnlock, bpf_res_spin_lock_irqsave: resLock, bpf_res_spin_unlock_irqrestore: resUnlock,
  bpf_cast_to_kern_ctx: helper([A.u64], kernelContext),
  bpf_rdonly_cast: same,
  bpf_task_acquire: same, bpf_task_release: nothing,
  bpf_task_from_pid: helper([A.s32], taskFromPid),
  bpf_task_from_vpid: helper([A.s32], taskFromPid),
  bpf_task_under_cgroup: helper([A.u64, A.u64], () => 1),
  bpf_cgroup_acquire: same, bpf_cgroup_release: nothing,
  bpf_cgroup_from_id: helper([A.u64], (env, id) => (id === 1n ? env.objects.single("cgroup", "the root cgroup") : 0n)),
  bpf_cgroup_ancestor: helper([A.u64, A.s32], (_env, cgroup, level) => (level === 0 ? cgroup : 0n)),
  bpf_task_get_cgroup1: helper([A.u64, A.s32], () => 0n),
  bpf_get_task_exe_file: helper([A.u64], () => 0n),
  bpf_put_file: nothing,
  bpf_map_sum_elem_count: helper([A.map], (_env, map) => BigInt(map.count())),
  bpf_session_is_return: helper([], () => 0),
  bpf_send_signal_task: helper([A.u64, A.s32, A.u32, A.u64], (env, _task, signal) => {
    if (signal < 1 || signal > 64) return -Errno.EINVAL;
    env.note(`signal ${signal} is sent to a task`);
    return 0;
  }),
  bpf_skb_get_hash: helper([A.skb], (_env, skb) => BigInt(skb.hash)),
  bpf_xdp_metadata_rx_timestamp: noDriver, bpf_xdp_metadata_rx_hash: noDriver, bpf_xdp_metadata_rx_vlan_tag: noDriver,
  bpf_copy_from_user_str: helper([A.memOut, A.u64, A.u64], (env, to, _from, flags) => {
    if ((flags & ~1n) !== 0n) return -Errno.EINVAL;
    if (to.size === 0) return 0;
    if ((flags & 1n) !== 0n) env.mem.bytes(to.address, to.size, true, "destination").fill(0);
    return -Errno.EFAULT;
  }),
  bpf_wq_init: helper([A.u64, A.map, A.u32], (env, wq, map, flags) => (flags !== 0 ? -Errno.EINVAL : initAsync(env, wq, map, "wq"))),
  bpf_wq_set_callback: helper([A.u64, A.u64, A.u32], (env, wq, callback, flags) => (flags !== 0 ? -Errno.EINVAL : setAsyncCallback(env, wq, callback))),
  bpf_wq_set_callback_impl: helper([A.u64, A.u64, A.u32], (env, wq, callback, flags) => (flags !== 0 ? -Errno.EINVAL : setAsyncCallback(env, wq, callback))),
  bpf_wq_start: helper([A.u64, A.u32], (env, wq, flags) => {
    const work = env.timers.get(wq);
    if (flags !== 0 || !work || work.callback === 0n) return -Errno.EINVAL;
    work.expires = env.clock.monotonic();
    return 0;
  }),
  bpf_timer_cancel_async: helper([A.u64], (env, address) => {
    const timer = env.timers.get(address);
    if (!timer) return -Errno.EINVAL;
    const armed = timer.expires !== undefined;
    timer.expires = undefined;
    return armed ? 1 : 0;
  }),
  bpf_xdp_get_xfrm_state: helper([A.ctx], () => i64(-Errno.EINVAL)),
};
