/**
 * Facts that stand in a booted kernel's memory: helper prototypes, kfunc tables, destructors, struct_ops.
 */
import { BtfKind } from "../../../src/btf/types.ts";
import type { HelperProto, ProtoType } from "../../../src/kernel/types.ts";
import { enumValues, offsetOf, structOf, type BtfView } from "./layout.ts";
import type { KernelMemory, Symbols } from "./memory.ts";

/** The kernel as extraction sees it. */
export interface KernelView {
  readonly symbols: Symbols;
  readonly memory: KernelMemory;
  readonly btf: BtfView;
}

/** Enum constants that are not types of their own: bounds and modifiers. */
const notATypeName = /^__|_MAX$|_LIMIT$/;

/** Reads an `enum bpf_arg_type` or `bpf_return_type` value apart: the plain types have no flag bits, `bpf_type_flag` names the rest (release 5.17 on). */
function protoType(view: KernelView, enumName: string, value: number): ProtoType {
  const names = enumValues(view.btf, enumName).filter((entry) => !notATypeName.test(entry.name));
  const flags = enumValues(view.btf, "bpf_type_flag").filter((entry) => !entry.name.startsWith("__"));
  const flagBits = flags.reduce((bits, flag) => bits | flag.value, 0);
  const base = names.find((entry) => entry.value === (value & ~flagBits));
  const set = flags.filter((flag) => (value & flag.value) !== 0).map((flag) => flag.name);
  if (!base) throw new Error(`${enumName} has no name for 0x${value.toString(16)}`);
  return { base: base.name, flags: set };
}

/** Reads the struct bpf_func_proto at an address; undefined when what stands there is none. */
export function readProto(view: KernelView, address: bigint): HelperProto | undefined {
  const { btf, memory, symbols } = view;
  const at = (member: string) => offsetOf(btf, "bpf_func_proto", member);
  const optional = (member: string) => (structOf(btf, "bpf_func_proto")?.members.some((entry) => entry.name === member) ? at(member) : undefined);
  const bytes = memory.read(address, structOf(btf, "bpf_func_proto")?.size ?? 0);
  const gpl = at("gpl_only");
  const func = bytes.readBigUInt64LE(at("func"));
  const symbol = symbols.at(address)[0];
  // bpf_tail_call_proto has no function (null or BPF_PTR_POISON): the call is replaced.
  if ((isKernelAddress(func) && symbols.at(func).length === 0) || !symbol || !looksLikeProto(bytes, gpl)) return undefined;
  const flag = (member: string) => {
    const offset = optional(member);
    return offset !== undefined && bytes[offset] === 1;
  };
  const args: ProtoType[] = [];
  const argBtf: (string | null)[] = [];
  const argSize: (number | null)[] = [];
  for (let i = 0; i < 5; i++) {
    const type = protoType(view, "bpf_arg_type", bytes.readUInt32LE(at("arg1_type") + 4 * i));
    const word = bytes.readBigUInt64LE(at("arg1_btf_id") + 8 * i);
    const fixed = type.flags.includes("MEM_FIXED_SIZE");
    args.push(type);
    argSize.push(fixed ? Number(word) : null);
    argBtf.push(!fixed && word !== 0n ? btfIdName(view, word) : null);
  }
  while (args.at(-1)?.base === "ARG_DONTCARE") args.pop();
  argBtf.length = args.length;
  argSize.length = args.length;
  const retPointer = bytes.readBigUInt64LE(at("ret_btf_id"));
  const allowed = bytes.readBigUInt64LE(at("allowed"));
  return {
    symbol: symbol.name,
    ret: protoType(view, "bpf_return_type", bytes.readUInt32LE(at("ret_type"))),
    args,
    ...(argBtf.some((name) => name !== null) ? { argBtf } : {}),
    ...(argSize.some((size) => size !== null) ? { argSize } : {}),
    ...(retPointer !== 0n ? { retBtf: btfIdName(view, retPointer) } : {}),
    gplOnly: flag("gpl_only"),
    pktAccess: flag("pkt_access"),
    mightSleep: flag("might_sleep"),
    ...(flag("allow_fastcall") ? { allowFastcall: true } : {}),
    ...(allowed !== 0n ? { allowedBy: symbols.at(allowed)[0]?.name ?? `0x${allowed.toString(16)}` } : {}),
  };
}

/** The bools after `func` are 0 or 1 in a real one. */
function looksLikeProto(bytes: Buffer, gpl: number): boolean {
  return [0, 1, 2, 3].every((i) => (bytes[gpl + i] ?? 2) <= 1);
}

const isKernelAddress = (pointer: bigint): boolean => pointer >> 47n === 0x1ffffn;

/** Name of the type whose id stands at an address (a BTF_ID list entry). BPF_PTR_POISON, no kernel address, says that each call decides: null. */
function btfIdName(view: KernelView, pointer: bigint): string | null {
  if (!isKernelAddress(pointer)) return null;
  const id = view.memory.u32(pointer);
  const type = view.btf.type(id);
  return type && type.kind !== BtfKind.VOID ? type.name : null;
}

/** Helper numbers by the kernel's own enum bpf_func_id, without its bounds: [1, "bpf_map_lookup_elem"]. */
export function helperNames(btf: BtfView): readonly { readonly id: number; readonly name: string }[] {
  return enumValues(btf, "bpf_func_id")
    .filter((entry) => entry.name.startsWith("BPF_FUNC_") && entry.value > 0)
    .map((entry) => ({ id: entry.value, name: entry.name.replace("BPF_FUNC_", "bpf_") }))
    .sort((a, b) => a.id - b.id);
}

/** Ids in lower case without prefix: [1, "hash"]. Bounds (names with underscores in front) are left out; of two names for one value the first stays. */
export function enumNames(btf: BtfView, name: string, prefix: string): { id: number; name: string }[] {
  const seen = new Set<number>();
  const out: { id: number; name: string }[] = [];
  for (const { name: constant, value } of enumValues(btf, name)) {
    if (!constant.startsWith(prefix) || seen.has(value)) continue;
    seen.add(value);
    out.push({ id: value, name: constant.slice(prefix.length).toLowerCase() });
  }
  return out.sort((a, b) => a.id - b.id);
}

/** A kfunc in one hook of one BTF, as the kernel holds it after all its initcalls and module loads. */
export interface LiveKfunc {
  readonly id: number;
  readonly hook: string;
  readonly flags: number;
  /** symbols of the filter functions of that hook */
  readonly filters: readonly string[];
}

/** Everything registered on one BTF object. */
export interface LiveBtf {
  /** null: vmlinux */
  readonly module: string | null;
  readonly kfuncs: readonly LiveKfunc[];
  readonly dtors: readonly { readonly struct: number; readonly kfunc: number }[];
  readonly structOps: readonly string[];
}

/** Reads the tables of vmlinux's BTF and of every loaded module's. */
export function readLiveBtfs(view: KernelView): LiveBtf[] {
  const { memory, symbols, btf } = view;
  const main = symbols.address("btf_vmlinux");
  const out: LiveBtf[] = [];
  if (main === undefined) throw new Error("no symbol btf_vmlinux");
  out.push(readLiveBtf(view, memory.u64(main), null));
  const list = symbols.address("btf_modules");
  if (list === undefined || !structOf(btf, "btf_module")) return out;
  const link = BigInt(offsetOf(btf, "btf_module", "list"));
  const btfAt = BigInt(offsetOf(btf, "btf_module", "btf"));
  const nameAt = BigInt(offsetOf(btf, "btf", "name"));
  for (let node = memory.u64(list); node !== list; node = memory.u64(node)) {
    const object = memory.u64(node - link + btfAt);
    out.push(readLiveBtf(view, object, memory.string(object + nameAt)));
  }
  return out.sort((a, b) => (a.module ?? "").localeCompare(b.module ?? ""));
}

function readLiveBtf(view: KernelView, object: bigint, module: string | null): LiveBtf {
  const { btf, memory } = view;
  const pointer = (member: string): bigint => {
    const struct = structOf(btf, "btf");
    if (!struct?.members.some((entry) => entry.name === member)) return 0n;
    return memory.u64(object + BigInt(offsetOf(btf, "btf", member)));
  };
  return { module, kfuncs: readKfuncs(view, pointer("kfunc_set_tab")), dtors: readDtors(view, pointer("dtor_kfunc_tab")), structOps: readStructOps(view, pointer("struct_ops_tab"), module) };
}

function readKfuncs(view: KernelView, table: bigint): LiveKfunc[] {
  const { btf, memory, symbols } = view;
  if (table === 0n) return [];
  const hooks = enumValues(btf, "btf_kfunc_hook").filter((entry) => !entry.name.endsWith("_MAX"));
  const sets = BigInt(offsetOf(btf, "btf_kfunc_set_tab", "sets"));
  const out: LiveKfunc[] = [];
  for (const hook of hooks) {
    const set = memory.u64(table + sets + BigInt(8 * hook.value));
    if (set === 0n) continue;
    const filters = readFilters(view, table, hook.value).map((address) => symbols.at(address)[0]?.name ?? `0x${address.toString(16)}`);
    const count = memory.u32(set);
    const pairs = memory.read(set + BigInt(offsetOf(btf, "btf_id_set8", "pairs")), 8 * count);
    for (let i = 0; i < count; i++) {
      out.push({ id: pairs.readUInt32LE(8 * i), flags: pairs.readUInt32LE(8 * i + 4), hook: hook.name, filters });
    }
  }
  return out;
}

function readFilters(view: KernelView, table: bigint, hook: number): bigint[] {
  const { btf, memory } = view;
  const struct = structOf(btf, "btf_kfunc_hook_filter");
  if (!struct) return [];
  const base = table + BigInt(offsetOf(btf, "btf_kfunc_set_tab", "hook_filters") + hook * struct.size);
  const count = memory.u32(base + BigInt(offsetOf(btf, "btf_kfunc_hook_filter", "nr_filters")));
  const filters = base + BigInt(offsetOf(btf, "btf_kfunc_hook_filter", "filters"));
  return Array.from({ length: count }, (_, i) => memory.u64(filters + BigInt(8 * i)));
}

function readDtors(view: KernelView, table: bigint): { struct: number; kfunc: number }[] {
  const { btf, memory } = view;
  if (table === 0n) return [];
  const count = memory.u32(table + BigInt(offsetOf(btf, "btf_id_dtor_kfunc_tab", "cnt")));
  const size = BigInt(structOf(btf, "btf_id_dtor_kfunc")?.size ?? 0);
  const dtors = table + BigInt(offsetOf(btf, "btf_id_dtor_kfunc_tab", "dtors"));
  return Array.from({ length: count }, (_, i) => {
    const entry = dtors + size * BigInt(i);
    return { struct: memory.u32(entry + BigInt(offsetOf(btf, "btf_id_dtor_kfunc", "btf_id"))), kfunc: memory.u32(entry + BigInt(offsetOf(btf, "btf_id_dtor_kfunc", "kfunc_btf_id"))) };
  });
}

/** struct_ops a BTF object offers: from its table (6.9 on), before that from the array of pointers `bpf_struct_ops`. */
function readStructOps(view: KernelView, table: bigint, module: string | null): string[] {
  const { btf, memory, symbols } = view;
  const name = BigInt(offsetOf(btf, "bpf_struct_ops", "name"));
  const nameAt = (ops: bigint) => {
    const member = structOf(btf, "bpf_struct_ops")?.members.find((entry) => entry.name === "name");
    const type = member && btf.type(member.type);
    return type?.kind === BtfKind.PTR ? memory.string(memory.u64(ops + name)) : memory.string(ops + name);
  };
  if (table !== 0n) {
    const count = memory.u32(table + BigInt(offsetOf(btf, "btf_struct_ops_tab", "cnt")));
    const ops = table + BigInt(offsetOf(btf, "btf_struct_ops_tab", "ops"));
    const size = BigInt(structOf(btf, "bpf_struct_ops_desc")?.size ?? 0);
    return Array.from({ length: count }, (_, i) => nameAt(memory.u64(ops + size * BigInt(i) + BigInt(offsetOf(btf, "bpf_struct_ops_desc", "st_ops"))))).sort();
  }
  if (module !== null) return [];
  // Before 6.9 each one is a variable bpf_NAME named after the kernel's struct, of the type itself.
  return symbols.all
    .filter((symbol) => symbol.module === null && /^bpf_\w+_ops$/.test(symbol.name) && structOf(btf, "bpf_struct_ops_" + symbol.name.slice(4)))
    .map((symbol) => symbol.name.slice(4))
    .sort();
}

/** Functions of a BTF object that the symbol table does not have: what attaches by address cannot find them (kernel bpf_check_attach_target). */
export function functionsWithoutAddress(symbols: Symbols, btf: Pick<BtfView, "count" | "startId" | "type">, module: string | null): string[] {
  const named = new Set(symbols.all.filter((symbol) => symbol.module === module).map((symbol) => symbol.name));
  const out = new Set<string>();
  for (let id = btf.startId; id < btf.count; id++) {
    const type = btf.type(id);
    if (type?.kind === BtfKind.FUNC && !named.has(type.name)) out.add(type.name);
  }
  return [...out].sort();
}

/** The kernel's plain BTF id sets (`BTF_SET_START(NAME)`, `struct btf_id_set`) by name, as names of what they hold: sleepable_lsm_hooks, btf_id_deny…. */
export function readIdSets(view: KernelView): Record<string, string[]> {
  const { symbols, memory, btf } = view;
  const prefix = "__BTF_ID__set__";
  const out: Record<string, string[]> = {};
  for (const symbol of symbols.all) {
    if (symbol.module !== null || !symbol.name.startsWith(prefix)) continue;
    const count = memory.u32(symbol.address);
    if (count > 4096) throw new Error(`${symbol.name} claims ${count} ids`);
    const ids = memory.read(symbol.address + 4n, 4 * count);
    const names = Array.from({ length: count }, (_, i) => btf.type(ids.readUInt32LE(4 * i))?.name ?? "");
    // Entries whose function this configuration does not have are id 0.
    out[symbol.name.slice(prefix.length)] = names.filter((name) => name !== "").sort();
  }
  return Object.fromEntries(Object.entries(out).sort(([a], [b]) => (a < b ? -1 : 1)));
}
