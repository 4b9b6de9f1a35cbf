/**
 * What the kernel's own struct_ops let programs do, and what programs may write to kernel structs: which members can be implemented, which of them may sleep, and which
 * fields of kernel structs may be written (each kind's check_member, cfi_stubs and btf_struct_access: kernel 7.2
 * net/ipv4/bpf_tcp_ca.c, net/sched/bpf_qdisc.c, kernel/sched/ext, drivers/hid/bpf, io_uring/bpf-ops.c, net/bpf/bpf_dummy_struct_ops.c).
 */
import { type Btf, BtfKind } from "../../btf/types.ts";
import type { Env } from "../state/env.ts";
import type { RegState } from "../state/reg-state.ts";
import { typesAreSame } from "./btf-match.ts";

interface Kind {
  /** the members programs can implement, where these are not all */
  only?: readonly string[];
  not?: readonly string[];
  /** the members that may sleep, where these are not all */
  sleepable?: readonly string[];
  /** Refuses a write that is not allowed. */
  write?: (env: Env, struct: string, btf: Btf, off: number, size: number) => void;
}

interface Range { start: number; end: number }
/** Bytes of `struct` that the member at that path takes; undefined when this kernel has none. */
function memberRange(btf: Btf, struct: string, path: string): Range | undefined {
  let id = btf.find(BtfKind.STRUCT, struct) ?? 0;
  let start = 0;
  for (const name of path.split(".")) {
    const found = memberOf(btf, id, name, 0);
    if (!found) return undefined;
    start += found.at;
    id = found.type;
  }
  return { start, end: start + (btf.sizeOf(id) ?? 0) };
}
/** Members of unnamed structs count as the outer struct's. */
function memberOf(btf: Btf, id: number, name: string, depth: number): { at: number; type: number } | undefined {
  const t = btf.resolve(id);
  if (depth > 8 || (t?.kind !== BtfKind.STRUCT && t?.kind !== BtfKind.UNION)) return undefined;
  for (const m of t.members) {
    const at = Math.floor(m.bitOffset / 8);
    if (m.name === name) return { at, type: m.type };
    const inner = m.name === "" ? memberOf(btf, m.type, name, depth + 1) : undefined;
    if (inner) return { at: at + inner.at, type: inner.type };
  }
  return undefined;
}

function tcpFields(env: Env): [struct: string, path: string, anywhere: boolean][] {
  const { f } = env;
  return [
    ...(f.tcp_ca_writes_pacing ? [["sock", "sk_pacing_rate", false], ["sock", "sk_pacing_status", false]] as [string, string, boolean][] : []),
    ["inet_connection_sock", "icsk_ca_priv", true], ["inet_connection_sock", "icsk_ack.pending", false], ["tcp_sock", "snd_cwnd", false],
    ["tcp_sock", "snd_cwnd_cnt", false], ...(f.tcp_ca_writes_stamps ? [["tcp_sock", "snd_cwnd_stamp", false], ["tcp_sock", "app_limited", false]] as [string, string, boolean][] : []),
    ["tcp_sock", "snd_ssthresh", false], ["tcp_sock", "ecn_flags", false],
  ];
}
const readOnly = (env: Env): never => env.fail("EACCES", "only read is supported");

/** A write must begin at a field's start, or anywhere in one that is private to the program, and end within it. */
function within(env: Env, struct: string, ranges: readonly (Range & { anywhere: boolean })[], off: number, size: number): void {
  const found = ranges.find((r) => (r.anywhere ? off >= r.start && off < r.end : off === r.start));
  if (!found) env.fail("EACCES", `no write support to ${struct} at off ${off}`);
  if (off + size > found.end) env.fail("EACCES", `write access at off ${off} with size ${size} beyond the member of ${struct} ended at ${found.end}`);
}
function ranges(btf: Btf, fields: readonly (readonly [struct: string, path: string, anywhere: boolean])[]): (Range & { anywhere: boolean })[] {
  return fields.flatMap(([struct, path, anywhere]) => {
    const r = memberRange(btf, struct, path);
    return r ? [{ ...r, anywhere }] : [];
  });
}

function qdiscWrite(env: Env, struct: string, btf: Btf, off: number, size: number): void {
  if (struct === "Qdisc") return within(env, struct, ranges(btf, [[struct, "limit", false], [struct, "q.qlen", false], [struct, "qstats", true]]), off, size);
  if (struct !== "sk_buff") readOnly(env);
  const cb = memberRange(btf, "sk_buff", "cb"), data = memberRange(btf, "qdisc_skb_cb", "data");
  const priv = cb && data ? [{ start: cb.start + data.start, end: cb.start + data.end, anywhere: true }] : [];
  within(env, struct, [...ranges(btf, [[struct, "tstamp", false]]), ...priv], off, size);
}

const HID: readonly (readonly [struct: string, path: string, text: number])[] = [["hid_bpf_ctx", "retval", 0], ["hid_device", "name", 1], ["hid_device", "uniq", 1], ["hid_device", "phys", 1]];
function hidWrite(env: Env, struct: string, btf: Btf, off: number, size: number): void {
  if (!HID.some(([name]) => name === struct)) env.fail("EACCES", "write access to this struct is not supported");
  const id = btf.find(BtfKind.STRUCT, struct);
  if (id !== undefined && off + size > (btf.sizeOf(id) ?? 0)) env.fail("EACCES", `write access for struct ${struct} at off ${off} with size ${size}`);
  for (const [name, path, text] of HID) {
    // the last byte of a text stays zero
    const r = name === struct ? memberRange(btf, name, path) : undefined;
    if (r && off >= r.start && off + size <= r.end - text) return;
  }
  env.fail("EACCES", `write access at off ${off} with size ${size} on read-only part of ${struct}`);
}

function schedWrite(env: Env, struct: string, btf: Btf, off: number, size: number): void {
  const task = env.f.scx_cid_setters && env.prog.structOpsMember?.typeName === "sched_ext_ops_cid" ? ["scx.disallow"] : ["scx.slice", "scx.dsq_vtime", "scx.disallow"];
  const fields = struct === "task_struct" ? task : [];
  if (!fields.some((path) => {
    const r = memberRange(btf, struct, path);
    return r && off >= r.start && off + size <= r.end;
  })) env.failSilently("EACCES");
}

const SCHED: Kind = {
  sleepable: ["init_task", "cgroup_init", "cgroup_exit", "cgroup_prep_move", "cpu_online", "cpu_offline", "init", "exit", "sub_attach", "sub_detach"],
  write: schedWrite,
};
const KINDS: Readonly<Record<string, Kind>> = {
  tcp_congestion_ops: {
    not: ["get_info"],
    write: (env, struct, btf, off, size) => (struct === "tcp_sock" ? within(env, struct, ranges(btf, tcpFields(env)), off, size) : readOnly(env)),
  },
  Qdisc_ops: { only: ["enqueue", "dequeue", "init", "reset", "destroy"], write: qdiscWrite },
  bpf_dummy_ops: {
    sleepable: ["test_sleepable"],
    write: (env, struct, btf, off, size) => {
      if (struct !== "bpf_dummy_ops_state") env.fail("EACCES", "only access to bpf_dummy_ops_state is supported");
      const id = btf.find(BtfKind.STRUCT, struct);
      if (id !== undefined && off + size > (btf.sizeOf(id) ?? 0)) env.fail("EACCES", `write access at off ${off} with size ${size}`);
    },
  },
  hid_bpf_ops: { sleepable: ["hid_rdesc_fixup", "hid_hw_request", "hid_hw_output_report"], write: hidWrite },
  sched_ext_ops: SCHED,
  sched_ext_ops_cid: SCHED,
  io_uring_bpf_ops: {
    write: (env, struct, btf, off, size) => {
      const last = struct === "iou_loop_params" ? memberRange(btf, struct, "cq_wait_idx") : undefined;
      if (!last || off + size > last.end) env.failSilently("EACCES");
    },
  },
  // has no btf_struct_access: what can be read cannot be written
  smc_hs_ctrl: { write: readOnly },
};

/** Can a program implement that member? */
export function structOpsMemberSupported(struct: string, member: string, sleepable: boolean): boolean {
  const kind = KINDS[struct];
  if (!kind) return true;
  return (kind.only?.includes(member) ?? true) && !kind.not?.includes(member) && (!sleepable || (kind.sleepable?.includes(member) ?? true));
}

/** A write to a kernel struct; the pointer points to `reg.btfId` and `off` counts from its start. */
export function structOpsWrite(env: Env, reg: RegState, off: number, size: number): void {
  const ops = env.prog.structOpsMember?.typeName ?? "";
  const kind = KINDS[ops];
  if (!kind?.write || !reg.btf) return env.unsupported(`writes to kernel structs from programs of ${ops || "an unknown struct"} are not simulated`);
  kind.write(env, reg.btf.type(reg.btfId)?.name ?? "", reg.btf, off, size);
}

const CONNECTIONS = ["nf_conn", "nf_conn___init"];
/**
 * Is it one of the types that the module nf_conntrack has in its list of ids? Of several of a name the build puts the first there
 * (tools/bpf/resolve_btfids symbols_resolve), vmlinux's before the module's: where the module's BTF repeats the struct, its own
 * functions return another type than the one that may be written.
 */
function isConnection(env: Env, btf: Btf, id: number): boolean {
  const { kernel } = env;
  return CONNECTIONS.some((name) => {
    const home = [kernel.btf, kernel.modules.get("nf_conntrack")].find((one) => one?.find(BtfKind.STRUCT, name) !== undefined);
    return home ? typesAreSame(btf, id, home, home.find(BtfKind.STRUCT, name)!) : false;
  });
}

/** A write to a connection from XDP or traffic control (kernel _nf_conntrack_btf_struct_access). */
export function conntrackWrite(env: Env, reg: RegState, off: number, size: number): void {
  const { btf } = reg;
  if (!btf || !isConnection(env, btf, reg.btfId)) return readOnly(env);
  within(env, "nf_conn", env.kernel.config("CONFIG_NF_CONNTRACK_MARK") ? ranges(btf, [["nf_conn", "mark", false]]) : [], off, size);
}

/** The pointers to sockets that congestion control gets are to TCP sockets (kernel bpf_tcp_ca_is_valid_access). */
export function structOpsPromoted(env: Env, btf: Btf, id: number): number {
  if (env.prog.structOpsMember?.typeName !== "tcp_congestion_ops" || btf.find(BtfKind.STRUCT, "sock") !== id) return id;
  return btf.find(BtfKind.STRUCT, "tcp_sock") ?? id;
}
