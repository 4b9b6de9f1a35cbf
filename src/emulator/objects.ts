import type { BtfId } from "../base/brand.ts";
import { encodeUtf8 } from "../base/bytes.ts";
import { BtfKind, type Btf, type BtfMember } from "../btf/types.ts";
import type { Memory, Region } from "./memory/memory.ts";

export interface SimTaskInfo { pid: number; tgid: number; uid: number; gid: number; comm: string }

/** A function or variable with an address. */
export interface SimSymbol { name: string; address: bigint; size: number }

/**
 * Kernel objects a program can get a pointer to: zeroed memory of the size the kernel's BTF gives, with the fields set that the
 * simulation knows. Programs read them as BTF pointers, so what is not there reads as 0.
 */
export class KernelObjects {
  private readonly mem: Memory;
  private readonly btf: Btf | null;
  private readonly named = new Map<string, Region>();
  private readonly symbols = new Map<string, SimSymbol>();
  private readonly tasks = new Map<number, bigint>();
  readonly current: SimTaskInfo;

  constructor(mem: Memory, btf: Btf | null, current: SimTaskInfo) {
    this.mem = mem;
    this.btf = btf;
    this.current = current;
  }

  /** Id of a struct in the kernel's BTF. */
  struct(name: string): BtfId | undefined {
    return this.btf?.find(BtfKind.STRUCT, name);
  }

  sizeOfStruct(name: string, fallback: number): number {
    const id = this.struct(name);
    return (id !== undefined ? this.btf?.sizeOf(id) : undefined) ?? fallback;
  }

  /** Offset and size in bytes of a member, also of one inside anonymous structs; a path with dots goes deeper. */
  member(structName: string, path: string): { off: number; size: number } | undefined {
    const btf = this.btf;
    let id: BtfId | undefined = this.struct(structName);
    if (!btf || id === undefined) return undefined;
    let off = 0;
    for (const name of path.split(".")) {
      const found: { member: BtfMember; off: number } | undefined = findMember(btf, id, name, 0);
      if (!found) return undefined;
      off += found.off;
      id = found.member.type;
    }
    const size = btf.sizeOf(id);
    return size === undefined ? undefined : { off, size };
  }

  /** A fresh object of a struct; `name` is what faults call it. */
  create(structName: string, name = `struct ${structName}`, fallbackSize = 256): Region {
    return this.mem.create(name, this.sizeOfStruct(structName, fallbackSize), { probe: true, object: { structName } });
  }

  /** The one object under this name, made on first use. */
  single(structName: string, key: string): bigint {
    let region = this.named.get(key);
    if (!region) {
      region = this.create(structName, key);
      this.named.set(key, region);
    }
    return this.mem.address(region);
  }

  setField(address: bigint, structName: string, path: string, value: bigint | Uint8Array): boolean {
    const member = this.member(structName, path);
    const region = this.mem.regionAt(address);
    if (!member || !region) return false;
    const base = this.mem.offsetOf(address) + member.off;
    if (base < 0 || base + member.size > region.size) return false;
    const bytes = this.mem.regionBytes(region).subarray(base, base + member.size);
    if (typeof value !== "bigint") {
      bytes.set(value.subarray(0, member.size));
      return true;
    }
    for (let i = 0; i < member.size && i < 8; i++) bytes[i] = Number((value >> BigInt(8 * i)) & 0xffn);
    return true;
  }

  /** struct task_struct of a simulated task; the current one has pid, tgid, comm and credentials set. */
  task(pid: number): bigint {
    const known = this.tasks.get(pid);
    if (known !== undefined) return known;
    const region = this.create("task_struct", pid === this.current.pid ? "the current task_struct" : `task_struct of pid ${pid}`, 4096);
    const address = this.mem.address(region);
    this.tasks.set(pid, address);
    const info = pid === this.current.pid ? this.current : { pid, tgid: pid, uid: 0, gid: 0, comm: pid === 1 ? "init" : `task-${pid}` };
    this.setField(address, "task_struct", "pid", BigInt(info.pid));
    this.setField(address, "task_struct", "tgid", BigInt(info.tgid));
    this.setField(address, "task_struct", "comm", commBytes(info.comm));
    this.setField(address, "task_struct", "group_leader", address);
    this.setField(address, "task_struct", "prio", 120n);
    this.setField(address, "task_struct", "static_prio", 120n);
    this.setField(address, "task_struct", "nr_cpus_allowed", 2n);
    const cred = this.mem.address(this.create("cred", `cred of pid ${pid}`, 256));
    for (const f of ["uid", "euid", "suid", "fsuid"]) this.setField(cred, "cred", f, BigInt(info.uid));
    for (const f of ["gid", "egid", "sgid", "fsgid"]) this.setField(cred, "cred", f, BigInt(info.gid));
    this.setField(address, "task_struct", "cred", cred);
    this.setField(address, "task_struct", "real_cred", cred);
    if (pid !== 1) {
      const parent = this.task(1);
      this.setField(address, "task_struct", "real_parent", parent);
      this.setField(address, "task_struct", "parent", parent);
    }
    return address;
  }

  currentTask(): bigint {
    return this.task(this.current.pid);
  }

  hasTask(pid: number): boolean {
    return pid === this.current.pid || pid === 1;
  }

  /** Fills in what programs read of a struct bpf_map. */
  describeMap(map: { address: bigint; name: string; spec: { typeId: number; flags: number }; keySize: number; valueSize: number; maxEntries: number }, id: number): void {
    const set = (field: string, value: number): boolean => this.setField(map.address, "bpf_map", field, BigInt(value >>> 0));
    set("map_type", map.spec.typeId);
    set("key_size", map.keySize);
    set("value_size", map.valueSize);
    set("max_entries", map.maxEntries);
    set("map_flags", map.spec.flags);
    set("id", id);
    this.setField(map.address, "bpf_map", "name", commBytes(map.name));
  }

  /** A zero-terminated text that kernel and user space reads both find. */
  text(content: string, name: string): bigint {
    const key = `${name}: ${content}`;
    let region = this.named.get(key);
    if (!region) {
      region = this.mem.create(name, Math.max(16, content.length + 1), { object: { user: true } });
      this.named.set(key, region);
      this.mem.regionBytes(region).set(encodeUtf8(content).subarray(0, region.size - 1));
    }
    return this.mem.address(region);
  }

  /** Fields of a tracepoint record that say where a text of variable length lies (__data_loc_…). */
  dataLocations(structName: string): { name: string; off: number }[] {
    const id = this.struct(structName);
    const type = id !== undefined ? this.btf?.type(id) : undefined;
    if (type?.kind !== BtfKind.STRUCT) return [];
    return type.members.filter((m) => m.name.startsWith("__data_loc_")).map((m) => ({ name: m.name.slice(11), off: m.bitOffset >> 3 }));
  }

  /** Address of a kernel function or variable by name; the same one each time. */
  symbol(name: string, size = 64): bigint {
    const known = this.symbols.get(name);
    if (known) return known.address;
    const region = this.mem.create(name, Math.max(size, 8), { probe: true, object: { symbol: name } });
    const address = this.mem.address(region);
    this.symbols.set(name, { name, address, size });
    return address;
  }

  symbolAt(address: bigint): { name: string; offset: number; size: number } | undefined {
    const region = this.mem.regionAt(address);
    const object = region?.object;
    if (!region || typeof object !== "object" || object === null || !("symbol" in object)) return undefined;
    return { name: String(object.symbol), offset: this.mem.offsetOf(address), size: region.size };
  }

  /** Return addresses of the simulated call chain, innermost first. */
  stackTrace(user: boolean): bigint[] {
    if (user) return [0x55d0_0000_1234n, 0x55d0_0000_1180n, 0x7f10_0002_9d90n];
    return ["bpf_prog_run", "__sys_bpf", "__x64_sys_bpf", "do_syscall_64", "entry_SYSCALL_64_after_hwframe"].map((name) => this.symbol(name) + 16n);
  }
}

function findMember(btf: Btf, structId: BtfId, name: string, depth: number): { member: BtfMember; off: number } | undefined {
  const type = btf.resolve(structId);
  if (!type || depth > 8 || (type.kind !== BtfKind.STRUCT && type.kind !== BtfKind.UNION)) return undefined;
  for (const member of type.members) {
    if (member.name === name) return { member, off: member.bitOffset >> 3 };
    if (member.name === "") {
      const inner = findMember(btf, member.type, name, depth + 1);
      if (inner) return { member: inner.member, off: inner.off + (member.bitOffset >> 3) };
    }
  }
  return undefined;
}

/** TASK_COMM_LEN bytes, zero-terminated. */
export function commBytes(comm: string): Uint8Array {
  const out = new Uint8Array(16);
  for (let i = 0; i < Math.min(15, comm.length); i++) out[i] = comm.charCodeAt(i) & 0x7f;
  return out;
}
