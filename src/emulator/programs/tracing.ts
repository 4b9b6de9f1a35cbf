import type { BtfId } from "../../base/brand.ts";
import { encodeUtf8 } from "../../base/bytes.ts";
import { ok, type Result } from "../../base/result.ts";
import { BtfKind, type Btf, type BtfOf, type BtfParam } from "../../btf/types.ts";
import type { RunEnv } from "../env.ts";
import type { BoundProgram } from "../../loader/types.ts";
import type { RunRequest } from "../types.ts";
import { contextReach } from "./context-reach.ts";
import { refuse, type Prepared, type PrepareProblem } from "./prepared.ts";

const PT_REGS_SIZE = 168;
/** x86-64 struct pt_regs: offsets of the argument registers, return value, instruction and stack pointer */
const REGS = { args: [112, 104, 96, 88, 72, 64], ax: 80, ip: 128, sp: 152 } as const;
const MAX_ARGS = 12;

/**
 * Contexts of programs that observe the kernel. ctxIn, when given, is used as it is: u64 arguments for raw tracepoints and
 * trampolines, the record for tracepoints, struct pt_regs for kprobes. Without it an event is made up: objects for pointer
 * arguments as the kernel's BTF describes them (the current task where a task is wanted), zeros otherwise.
 */
export function prepareTracing(env: RunEnv, program: BoundProgram, request: RunRequest): Result<Prepared, PrepareProblem> {
  const { type } = program;
  if (type === "raw_tracepoint" || type === "raw_tracepoint_writable") {
    if (request.dataIn && request.dataIn.length > 0) return refuse("EINVAL", "a raw tracepoint program takes no data_in");
    if ((request.repeat ?? 0) > 1) return refuse("EINVAL", "a raw tracepoint program is not repeated");
    if (request.ctxIn && request.ctxIn.length > MAX_ARGS * 8) return refuse("EINVAL", `ctx_in has ${request.ctxIn.length} bytes; ${MAX_ARGS * 8} are the most`);
    const reach = contextReach(program.insns);
    if (request.ctxIn && request.ctxIn.length < reach) return refuse("EINVAL", `ctx_in has ${request.ctxIn.length} bytes; the program reaches byte ${reach}`);
    const args = request.ctxIn ? [] : madeUpArguments(env, rawTracepointProto(env.kernel.btf, program.attachTo), true);
    if (!request.ctxIn && program.attachTo === "sys_enter") args.splice(0, 2, systemCallRegisters(env, SYS_OPENAT.args(env)), BigInt(SYS_OPENAT.nr));
    return region(env, "the context (raw tracepoint arguments)", request.ctxIn ?? words(args, MAX_ARGS), true);
  }
  if (type === "kprobe" || type === "perf_event") return prepareRegisters(env, program, request);
  if (type === "tracepoint") return region(env, "the context (tracepoint record)", request.ctxIn ?? tracepointRecord(env, program.attachTo), true);
  return prepareTrampoline(env, program, request);
}

function region(env: RunEnv, name: string, bytes: Uint8Array, once: boolean): Result<Prepared, PrepareProblem> {
  const made = env.mem.create(name, bytes.length, { object: { context: name } });
  if (bytes.length > 0) env.mem.regionBytes(made).set(bytes);
  return ok({ ctx: env.mem.address(made), packet: null, dataOut: () => null, ctxOut: () => null, dispose: () => env.mem.release(made), once });
}

function words(values: readonly bigint[], least: number): Uint8Array {
  const out = new Uint8Array(Math.max(values.length, least) * 8);
  const view = new DataView(out.buffer);
  values.forEach((v, i) => view.setBigUint64(i * 8, v, true));
  return out;
}

/** fentry, fexit, fmod_ret, tp_btf, lsm, struct_ops, iter: arguments as u64s, the return value after them where there is one. */
function prepareTrampoline(env: RunEnv, program: BoundProgram, request: RunRequest): Result<Prepared, PrepareProblem> {
  const btf = program.attachBtf ?? env.kernel.btf;
  const proto = btf ? attachProto(btf, program) : undefined;
  const rawTp = program.attachType === "trace_raw_tp";
  const args = madeUpArguments(env, proto && { btf: btf!, params: rawTp ? proto.params.slice(1) : proto.params }, false);
  const hasReturn = /fexit|modify_return|fsession|lsm/.test(program.attachType ?? program.type);
  env.attach.args = args.length;
  env.attach.hasReturn = hasReturn;
  env.attach.functionIp = program.attachTo ? env.objects.symbol(program.attachTo) : 0n;
  return region(env, "the context (function arguments)", request.ctxIn ?? words([...args, 0n], MAX_ARGS), false);
}

function prepareRegisters(env: RunEnv, program: BoundProgram, request: RunRequest): Result<Prepared, PrepareProblem> {
  const size = program.type === "perf_event" ? PT_REGS_SIZE + 16 : PT_REGS_SIZE;
  const name = program.type === "perf_event" ? "the context (struct bpf_perf_event_data)" : "the context (struct pt_regs)";
  const bytes = new Uint8Array(size);
  const target = (program.attachTo ?? "").split("+")[0]!;
  const ip = env.objects.symbol(target || "probed_function");
  env.attach.functionIp = ip;
  if (request.ctxIn) {
    bytes.set(request.ctxIn.subarray(0, size));
  } else {
    const view = new DataView(bytes.buffer);
    const btf = env.kernel.btf;
    const id = btf && target ? btf.find(BtfKind.FUNC, target) : undefined;
    const proto = btf && id !== undefined ? functionProto(btf, id) : undefined;
    madeUpArguments(env, proto && { btf: btf!, params: proto.params }, false).slice(0, 6).forEach((v, i) => view.setBigUint64(REGS.args[i]!, v, true));
    view.setBigUint64(REGS.ip, ip + 1n, true);
    view.setBigUint64(REGS.sp, env.objects.symbol("kernel stack", 512) + 256n, true);
  }
  return region(env, name, bytes, false);
}

/** FUNC_PROTO behind the attach target: FUNC, typedef of a pointer (tracepoints), or a struct_ops member. */
function attachProto(btf: Btf, program: BoundProgram): BtfOf<typeof BtfKind.FUNC_PROTO> | undefined {
  const member = program.structOpsMember;
  if (member) {
    const struct = btf.type(btf.find(BtfKind.STRUCT, member.typeName) ?? (0 as BtfId));
    const field = struct?.kind === BtfKind.STRUCT ? struct.members[member.memberIndex] : undefined;
    return field && protoBehind(btf, field.type);
  }
  if (program.attachBtfId === 0) return undefined;
  return functionProto(btf, program.attachBtfId);
}

function functionProto(btf: Btf, id: BtfId): BtfOf<typeof BtfKind.FUNC_PROTO> | undefined {
  const type = btf.type(id);
  if (type?.kind === BtfKind.FUNC) return protoBehind(btf, type.type);
  return protoBehind(btf, id);
}

function protoBehind(btf: Btf, id: BtfId): BtfOf<typeof BtfKind.FUNC_PROTO> | undefined {
  let type = btf.resolve(id);
  if (type?.kind === BtfKind.PTR) type = btf.resolve(type.type);
  return type?.kind === BtfKind.FUNC_PROTO ? type : undefined;
}

interface Signature { btf: Btf; params: readonly BtfParam[] }

function rawTracepointProto(btf: Btf | null, name: string | null): Signature | undefined {
  const id = btf && name ? btf.find(BtfKind.TYPEDEF, `btf_trace_${name}`) : undefined;
  const proto = btf && id !== undefined ? protoBehind(btf, id) : undefined;
  return proto && { btf: btf!, params: proto.params.slice(1) };
}

function madeUpArguments(env: RunEnv, signature: Signature | undefined, padded: boolean): bigint[] {
  const out = (signature?.params ?? []).slice(0, MAX_ARGS).map((param, i) => madeUpArgument(env, signature!.btf, param, i));
  while (padded && out.length < MAX_ARGS) out.push(0n);
  return out;
}

function madeUpArgument(env: RunEnv, btf: Btf, param: BtfParam, index: number): bigint {
  const type = btf.resolve(param.type);
  if (type?.kind !== BtfKind.PTR) return 0n;
  const target = btf.resolve(type.type);
  if (target?.kind === BtfKind.STRUCT || target?.kind === BtfKind.UNION) {
    if (target.name === "task_struct") return env.objects.currentTask();
    return env.objects.single(target.name, `struct ${target.name} (argument ${index})`);
  }
  if (target?.kind === BtfKind.INT && target.size === 1) return env.objects.text(/file|path|name/.test(param.name) ? SAMPLE_PATH : "sim", `text (argument ${index})`);
  return 0n;
}

/** A record with the common fields and zeros: trace_event_raw_NAME's size, or its class's, or 128 bytes. */
function tracepointRecord(env: RunEnv, attachTo: string | null): Uint8Array {
  const [category, name] = (attachTo ?? "").split("/");
  const struct = category === "syscalls" ? (name?.startsWith("sys_exit") ? "trace_event_raw_sys_exit" : "trace_event_raw_sys_enter") : `trace_event_raw_${name ?? ""}`;
  const texts = env.objects.dataLocations(struct);
  const size = env.objects.sizeOfStruct(struct, 128);
  const bytes = new Uint8Array(Math.max(128, size + texts.length * 32));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 1, true);
  view.setInt32(4, env.task.pid, true);
  const set = (field: string, value: bigint): void => {
    const member = env.objects.member(struct, field);
    if (member && member.size <= 8) for (let i = 0; i < member.size; i++) bytes[member.off + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  };
  for (const field of ["pid", "prev_pid", "child_pid", "parent_pid", "next_pid"]) set(field, BigInt(env.task.pid));
  for (const field of ["comm", "prev_comm", "next_comm", "parent_comm", "child_comm"]) {
    const member = env.objects.member(struct, field);
    if (member && member.size === 16) for (let i = 0; i < Math.min(15, env.task.comm.length); i++) bytes[member.off + i] = env.task.comm.charCodeAt(i);
  }
  // texts of variable length lie behind the fixed part; the field says where (offset and length << 16)
  texts.forEach(({ off }, i) => {
    const text = encodeUtf8(SAMPLE_PATH);
    bytes.set(text, size + i * 32);
    view.setUint32(off, (size + i * 32) | ((text.length + 1) << 16), true);
  });
  if (category === "syscalls" && name) {
    // struct syscall_trace_enter: number at 8, arguments from 16; struct syscall_trace_exit: result at 16
    const call = name.replace(/^sys_(enter|exit)_/, "");
    const known = SYSTEM_CALLS[call];
    view.setInt32(8, known?.nr ?? 0, true);
    if (name.startsWith("sys_enter")) known?.args(env).forEach((v, i) => view.setBigUint64(16 + i * 8, BigInt.asUintN(64, v), true));
    else view.setBigInt64(16, 3n, true);
  }
  return bytes;
}

const SAMPLE_PATH = "/etc/hostname";
interface SystemCall { nr: number; args: (env: RunEnv) => bigint[] }
const path = (env: RunEnv): bigint => env.objects.text(SAMPLE_PATH, "a path of the simulated task");
const SYS_OPENAT: SystemCall = { nr: 257, args: (env) => [-100n, path(env), 0n, 0n] };

/** Arguments of made-up system calls that have a text among them (x86-64 numbers); others get zeros. */
const SYSTEM_CALLS: Readonly<Record<string, SystemCall>> = {
  openat: SYS_OPENAT,
  open: { nr: 2, args: (env) => [path(env), 0n, 0n] },
  openat2: { nr: 437, args: (env) => [-100n, path(env), 0n, 24n] },
  execve: { nr: 59, args: (env) => [path(env), 0n, 0n] },
  execveat: { nr: 322, args: (env) => [-100n, path(env), 0n, 0n, 0n] },
  unlink: { nr: 87, args: (env) => [path(env)] },
  unlinkat: { nr: 263, args: (env) => [-100n, path(env), 0n] },
  stat: { nr: 4, args: (env) => [path(env), 0n] },
  newfstatat: { nr: 262, args: (env) => [-100n, path(env), 0n, 0n] },
  mkdir: { nr: 83, args: (env) => [path(env), 0o755n] },
  mkdirat: { nr: 258, args: (env) => [-100n, path(env), 0o755n] },
  read: { nr: 0, args: (env) => [3n, path(env), 13n] },
  write: { nr: 1, args: (env) => [1n, path(env), 13n] },
  close: { nr: 3, args: () => [3n] },
  kill: { nr: 62, args: (env) => [BigInt(env.task.pid), 15n] },
};

/** struct pt_regs of a system call: arguments in di, si, dx, r10, r8, r9. */
function systemCallRegisters(env: RunEnv, args: readonly bigint[]): bigint {
  const address = env.objects.single("pt_regs", "registers of the current task");
  const region = env.mem.regionAt(address);
  if (!region || region.size < PT_REGS_SIZE) return address;
  const bytes = env.mem.regionBytes(region);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  [112, 104, 96, 56, 72, 64].forEach((off, i) => view.setBigUint64(off, BigInt.asUintN(64, args[i] ?? 0n), true));
  return address;
}
