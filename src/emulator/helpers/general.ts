import { Errno } from "../errno.ts";
import type { RunEnv } from "../env.ts";
import { badAccess, unsupported } from "../fault.ts";
import { commBytes } from "../objects.ts";
import { A, helper, readBytesToZero, type HelperTable } from "./args.ts";
import { formatBpf, traceText, type FormatSource } from "./printf.ts";
import { isKernelAddress } from "./addresses.ts";
import { parseInteger } from "./strto.ts";

const MAX_LOOPS = 8n * 1024n * 1024n;
const MAX_PRINTF_BUF = 1024;

/** Reads as the formatter does: simulated kernel memory, nothing else. */
export function formatSource(env: RunEnv): FormatSource {
  return { tryRead: (address, size) => env.mem.tryRead(address, size), symbol: (address) => env.objects.symbolAt(address) };
}

/** u64 array in memory, as bpf_snprintf and bpf_trace_vprintk take their arguments. */
function readArgs(env: RunEnv, address: bigint, bytes: number): bigint[] | undefined {
  if (bytes % 8 !== 0 || bytes > 96 || (bytes !== 0 && address === 0n)) return undefined;
  const data = env.mem.read(address, bytes, "arguments");
  const view = new DataView(data.buffer);
  return Array.from({ length: bytes / 8 }, (_, i) => view.getBigUint64(i * 8, true));
}

function print(env: RunEnv, format: Uint8Array, args: readonly bigint[]): number {
  const text = formatBpf(format, args, formatSource(env));
  if (typeof text === "number") return text;
  env.printk(traceText(text.subarray(0, MAX_PRINTF_BUF - 1)));
  return text.length;
}

type Space = "kernel" | "user" | "either";

/** A read that may fail: kernel addresses below the kernel's half are refused unseen (x86-64 copy_from_kernel_nofault_allowed). */
function readFrom(env: RunEnv, from: bigint, size: number, space: Space): Uint8Array | number {
  const kernel = isKernelAddress(from);
  const user = isUserMemory(env, from);
  if (space === "kernel" && !kernel) return -Errno.ERANGE;
  if (space === "user" && !user) return -Errno.EFAULT;
  return env.mem.tryRead(from, size) ?? -Errno.EFAULT;
}

/** Memory of the simulated task, as made-up events point to it. */
function isUserMemory(env: RunEnv, address: bigint): boolean {
  const object = env.mem.regionAt(address)?.object;
  return typeof object === "object" && object !== null && "user" in object;
}

/** probe_read family: 0, or an errno and a zeroed destination (kernel 7.3 bpf_probe_read_kernel_common). */
function probeRead(space: Space): (env: RunEnv, to: { address: bigint; size: number }, from: bigint) => number {
  return (env, to, from) => {
    const data = readFrom(env, from, to.size, space);
    if (typeof data !== "number") {
      env.mem.write(to.address, data, "destination");
      return 0;
    }
    if (to.size > 0) env.mem.bytes(to.address, to.size, true, "destination").fill(0);
    return data;
  };
}

/** probe_read_str family: length with the zero, or an errno and a zeroed destination. */
function probeReadString(space: Space): (env: RunEnv, to: { address: bigint; size: number }, from: bigint) => number {
  return (env, to, from) => {
    if (to.size === 0) return 0;
    const out: number[] = [];
    for (let i = 0; i < to.size; i++) {
      const byte = readFrom(env, from + BigInt(i), 1, space);
      if (typeof byte === "number") {
        env.mem.bytes(to.address, to.size, true, "destination").fill(0);
        return byte;
      }
      if (i === to.size - 1) {
        out.push(0);
        break;
      }
      out.push(byte[0]!);
      if (byte[0] === 0) break;
    }
    env.mem.write(to.address, Uint8Array.from(out), "destination");
    return out.length;
  };
}
const ktime = helper([], (env) => env.clock.monotonic());

function cStringCompare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const x = a[i] ?? 0, y = b[i] ?? 0;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

/** Time, CPU, tasks, text, memory, loops, locks (kernel 7.3 helpers.c, bpf_trace.c). */
export const generalHelpers: HelperTable = {
  bpf_ktime_get_ns: ktime,
  bpf_ktime_get_boot_ns: helper([], (env) => env.clock.boot()),
  bpf_ktime_get_coarse_ns: helper([], (env) => env.clock.coarse()),
  bpf_ktime_get_tai_ns: helper([], (env) => env.clock.tai()),
  bpf_jiffies64: helper([], (env) => env.clock.jiffies()),
  bpf_get_prandom_u32: helper([], (env) => BigInt(env.random.next())),
  bpf_get_smp_processor_id: helper([], (env) => env.cpuId),
  bpf_get_numa_node_id: helper([], () => 0),
  bpf_get_current_pid_tgid: helper([], (env) => (BigInt(env.task.tgid) << 32n) | BigInt(env.task.pid)),
  bpf_get_current_uid_gid: helper([], (env) => (BigInt(env.task.gid) << 32n) | BigInt(env.task.uid)),
  bpf_get_current_comm: helper([A.memOut], (env, out) => {
    // the buffer is filled up with zeros; a short one still ends with one
    const bytes = env.mem.bytes(out.address, out.size, true, "buffer");
    bytes.fill(0);
    bytes.set(commBytes(env.task.comm).subarray(0, Math.max(0, out.size - 1)));
    return 0;
  }),
  bpf_get_current_task: helper([], (env) => env.objects.currentTask()),
  bpf_get_current_task_btf: helper([], (env) => env.objects.currentTask()),
  bpf_task_pt_regs: helper([A.u64], (env) => env.objects.single("pt_regs", "registers of the current task")),
  bpf_get_current_cgroup_id: helper([], () => 1n),
  bpf_get_current_ancestor_cgroup_id: helper([A.s32], (_env, level) => (level === 0 ? 1n : 0n)),
  bpf_current_task_under_cgroup: helper([A.map, A.u32], () => -Errno.EAGAIN),
  bpf_get_ns_current_pid_tgid: helper([A.u64, A.u64, A.memOut], (env, _dev, _ino, out) => {
    if (out.size !== 8) return -Errno.EINVAL;
    env.mem.bytes(out.address, 8, true, "result").fill(0);
    return -Errno.EINVAL;
  }),
  bpf_get_cgroup_classid: helper([A.ctx], () => 0),
  bpf_get_func_ip: helper([A.ctx], (env) => env.attach.functionIp),
  bpf_get_attach_cookie: helper([A.ctx], (env) => env.attach.cookie),
  bpf_get_func_arg: helper([A.ctx, A.u32, A.outU64], (env, ctx, n, out) => {
    if (n >= env.attach.args) return -Errno.EINVAL;
    env.mem.write(out, env.mem.read(ctx + BigInt(8 * n), 8, "argument"), "result");
    return 0;
  }),
  bpf_get_func_ret: helper([A.ctx, A.outU64], (env, ctx, out) => {
    if (!env.attach.hasReturn) return -Errno.EOPNOTSUPP;
    env.mem.write(out, env.mem.read(ctx + BigInt(8 * env.attach.args), 8, "return value"), "result");
    return 0;
  }),
  bpf_get_func_arg_cnt: helper([A.ctx], (env) => env.attach.args),
  bpf_override_return: helper([A.ctx, A.u64], (env, _ctx, value) => {
    env.note(`the function's return value is overridden with ${BigInt.asIntN(64, value)}`);
    return 0;
  }),
  bpf_send_signal: helper([A.u32], (env, signal) => sendSignal(env, signal, "process")),
  bpf_send_signal_thread: helper([A.u32], (env, signal) => sendSignal(env, signal, "thread")),

  bpf_probe_read: helper([A.memOut, A.u64], probeRead("either")),
  bpf_probe_read_kernel: helper([A.memOut, A.u64], probeRead("kernel")),
  bpf_probe_read_user: helper([A.memOut, A.u64], probeRead("user")),
  bpf_probe_read_str: helper([A.memOut, A.u64], probeReadString("either")),
  bpf_probe_read_kernel_str: helper([A.memOut, A.u64], probeReadString("kernel")),
  bpf_probe_read_user_str: helper([A.memOut, A.u64], probeReadString("user")),
  bpf_copy_from_user: helper([A.memOut, A.u64], probeRead("user")),
  bpf_copy_from_user_task: helper([A.memOut, A.u64, A.u64, A.u64], (env, out, from, _task, flags) => (flags !== 0n ? -Errno.EINVAL : probeRead("user")(env, out, from))),
  bpf_probe_write_user: helper([A.u64, A.mem], (env, to, data) => {
    if (env.mem.locate(to, data.length, true) < 0) return -Errno.EPERM;
    env.mem.write(to, data, "destination");
    return 0;
  }),

  bpf_trace_printk: helper([A.mem, A.u64, A.u64, A.u64], (env, format, a, b, c) => print(env, format, [a, b, c])),
  bpf_trace_vprintk: helper([A.mem, A.u64, A.u32], (env, format, args, length) => {
    const values = readArgs(env, args, length);
    return values ? print(env, format, values) : -Errno.EINVAL;
  }),
  bpf_snprintf: helper([A.u64, A.u32, A.u64, A.u64, A.u32], (env, to, size, format, args, length) => {
    const values = readArgs(env, args, length);
    if (!values) return -Errno.EINVAL;
    const spec = readBytesToZero(env, format, "format", 65536);
    const text = formatBpf(Uint8Array.of(...spec, 0), values, formatSource(env));
    if (typeof text === "number") return text;
    if (size > 0) {
      const kept = text.subarray(0, size - 1);
      const bytes = new Uint8Array(kept.length + 1);
      bytes.set(kept);
      env.mem.bytes(to, size, true, "buffer");
      env.mem.write(to, bytes, "buffer");
    }
    return text.length + 1;
  }),
  bpf_strtol: helper([A.mem, A.u64, A.outU64], (env, text, flags, out) => {
    env.mem.storeAt(env.mem.locate(out, 8, true), 8, 0n);
    const parsed = parseInteger(text, flags);
    if (typeof parsed === "number") return parsed;
    const value = parsed.negative ? -parsed.value : parsed.value;
    if (value > 0x7fff_ffff_ffff_ffffn || value < -0x8000_0000_0000_0000n) return -Errno.ERANGE;
    env.mem.storeAt(env.mem.locate(out, 8, true), 8, BigInt.asUintN(64, value));
    return parsed.consumed;
  }),
  bpf_strtoul: helper([A.mem, A.u64, A.outU64], (env, text, flags, out) => {
    env.mem.storeAt(env.mem.locate(out, 8, true), 8, 0n);
    const parsed = parseInteger(text, flags);
    if (typeof parsed === "number") return parsed;
    if (parsed.negative) return -Errno.EINVAL;
    env.mem.storeAt(env.mem.locate(out, 8, true), 8, parsed.value);
    return parsed.consumed;
  }),
  bpf_strncmp: helper([A.u64, A.u32, A.u64], (env, a, size, b) => {
    // up to size bytes, ending early at a common zero
    const first = env.mem.read(a, size, "argument 1");
    const second = readBytesToZero(env, b, "argument 3", size);
    const cut = first.indexOf(0);
    return cStringCompare(first.subarray(0, cut < 0 ? size : cut), second.subarray(0, size));
  }),

  bpf_loop: helper([A.u32, A.u64, A.u64, A.u64], (env, count, callback, data, flags) => {
    if (flags !== 0n) return -Errno.EINVAL;
    // the verifier inlines the call and loads the errno with a 32-bit move (inline_bpf_loop)
    if (BigInt(count) > MAX_LOOPS) return BigInt.asUintN(32, BigInt(-Errno.E2BIG));
    let i = 0;
    for (; i < count; i++) {
      const ret = env.cpu.callback(callback, [BigInt(i), data]);
      if (ret !== 0n) return i + 1;
    }
    return i;
  }),
  bpf_spin_lock: helper([A.u64], (env, lock) => {
    const at = env.mem.locate(lock, 4, true);
    if (at < 0) throw badAccess(`lock: ${env.mem.explain(lock, 4, true)}`);
    if (env.mem.loadAt(at, 4) !== 0n) throw badAccess("the lock is taken already: this would wait for ever");
    env.mem.storeAt(at, 4, 1n);
  }),
  bpf_spin_unlock: helper([A.u64], (env, lock) => {
    const at = env.mem.locate(lock, 4, true);
    if (at < 0) throw badAccess(`lock: ${env.mem.explain(lock, 4, true)}`);
    env.mem.storeAt(at, 4, 0n);
  }),
  bpf_kptr_xchg: helper([A.u64, A.u64], (env, slot, pointer) => {
    const at = env.mem.locate(slot, 8, true);
    if (at < 0) throw badAccess(`kptr: ${env.mem.explain(slot, 8, true)}`);
    const old = env.mem.loadAt(at, 8);
    env.mem.storeAt(at, 8, pointer);
    return old;
  }),
  bpf_this_cpu_ptr: helper([A.u64], (_env, pointer) => pointer),
  bpf_per_cpu_ptr: helper([A.u64, A.u32], (env, pointer, cpu) => (cpu < env.cpus ? pointer : 0n)),
  bpf_snprintf_btf: helper([], () => {
    throw unsupported("bpf_snprintf_btf is not simulated");
  }),
  bpf_tail_call: helper([], () => -Errno.EINVAL),
  bpf_get_retval: helper([], () => 0),
  bpf_set_retval: helper([A.s32], (env, value) => {
    env.note(`the return value for user space is ${value}`);
    return 0;
  }),
};

function sendSignal(env: RunEnv, signal: number, to: string): number {
  if (signal < 1 || signal > 64) return -Errno.EINVAL;
  if (env.task.pid === 1) return -Errno.EPERM;
  env.note(`signal ${signal} is sent to the current ${to}`);
  return 0;
}
