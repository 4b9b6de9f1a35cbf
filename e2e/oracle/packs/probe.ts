/**
 * Asks a booted kernel everything a pack holds beyond what its image says. Two boots: the first finds out which
 * kinds of program, kfuncs and struct_ops there are, the second asks about each of them.
 */
import { readFileSync } from "node:fs";
import { parseBtf } from "../../../src/btf/parse.ts";
import { BtfKind, type Btf } from "../../../src/btf/types.ts";
import type { HelperProto } from "../../../src/kernel/types.ts";
import { kernelBtfPath } from "../vmlinux.ts";
import { contextAsks, type ContextAsk } from "./context.ts";
import { functionsWithoutAddress, helperNames, readIdSets, readLiveBtfs, readProto, type KernelView, type LiveBtf } from "./extract.ts";
import { addImm, callHelper, callKfunc, exit, load, mapValue, movImm, movReg, store } from "./insns.ts";
import { runMachine } from "./machine.ts";
import { KernelMemory, Symbols } from "./memory.ts";
import { kernelModules, loadOrder, type KernelModule } from "./modules.ts";
import { decodeAnswers, Requests, type Answer } from "./requests.ts";
import { askFeatures, judgeFeatures } from "./features.ts";
import { askVariants, judgeVariants, kernelEnums, type Variant } from "./variants.ts";

export interface ModuleFacts extends KernelModule {
  readonly btf: Btf;
  readonly btfBytes: Buffer;
}

/** Everything that was read and asked, before it becomes a manifest. */
export interface KernelFacts {
  readonly btf: Btf;
  readonly btfBytes: Buffer;
  readonly modules: readonly ModuleFacts[];
  /** by address: every prototype the kernel took */
  readonly protos: ReadonlyMap<bigint, HelperProto>;
  readonly helpers: readonly { readonly id: number; readonly name: string }[];
  readonly live: readonly LiveBtf[];
  /** kfunc sets by the kernel's symbol: the ids in it */
  readonly sets: readonly { readonly name: string; readonly module: string | null; readonly ids: readonly number[] }[];
  readonly idSets: Readonly<Record<string, readonly string[]>>;
  readonly withoutAddress: Readonly<Record<string, readonly string[]>>;
  readonly variants: readonly Variant[];
  readonly supported: ReadonlySet<string>;
  readonly progTypeNames: readonly string[];
  readonly mapTypeNames: readonly { readonly id: number; readonly name: string }[];
  readonly loads: Readonly<Record<string, boolean>>;
  /** proto address by `variant key` → helper id; 0n: none */
  readonly helperAnswers: ReadonlyMap<string, ReadonlyMap<number, { readonly proto: bigint; readonly message: string }>>;
  /** by variant key → "module/id": the message */
  readonly kfuncAnswers: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly contextAnswers: readonly (ContextAsk & { readonly answer: Answer })[];
  readonly features: Readonly<Record<string, boolean | number | string>>;
  readonly mapTypes: ReadonlySet<number>;
}

/** Slots of descriptors in the agent. */
const slotOf = { recorder: 0, recorderMap: 1, firstModule: 10 } as const;

const BPF_MAP_TYPE_ARRAY = 2;
const BPF_F_MMAPABLE = 1 << 10;
const BPF_FUNC_map_lookup_elem = 1;
const BPF_FUNC_probe_read_kernel = 113;
/** Offsets in x86-64's struct pt_regs, which a perf_event program's context begins with. */
const regs = { ax: 80, sp: 152 } as const;

/**
 * Lets the kernel itself tell which prototype the verifier takes. Every program type's get_func_proto is called from
 * one place: `findReturn` puts a breakpoint on one such function and has the address it will return to written to
 * the watched word; `watchReturn` puts one there, where the returned pointer stands in a register.
 */
function findReturn(requests: Requests, perfEvent: number, function_: string): void {
  watchedWord(requests);
  const readReturn = [load(8, 3, 1, regs.sp), movReg(1, 10), addImm(1, -8), movImm(2, 8), callHelper(BPF_FUNC_probe_read_kernel), load(8, 6, 10, -8)];
  const insns = Buffer.concat([store(8, 10, 1, -8), ...readReturn, mapValue(2), store(8, 2, 6, 0), movImm(0, 0), exit()]);
  requests.load({ type: perfEvent, insns, insnFds: [[7, slotOf.recorderMap]], slot: slotOf.recorder });
  requests.breakpoint(function_, slotOf.recorder, 2);
}

function watchReturn(requests: Requests, perfEvent: number, returnTo: bigint): void {
  watchedWord(requests);
  const insns = Buffer.concat([load(8, 6, 1, regs.ax), mapValue(2), store(8, 2, 6, 0), movImm(0, 0), exit()]);
  requests.load({ type: perfEvent, insns, insnFds: [[1, slotOf.recorderMap]], slot: slotOf.recorder });
  requests.breakpoint(returnTo, slotOf.recorder, 2);
}

function watchedWord(requests: Requests): void {
  requests.createMap({ type: BPF_MAP_TYPE_ARRAY, key: 4, value: 8, entries: 1, flags: BPF_F_MMAPABLE, slot: slotOf.recorderMap, map: true });
}

function view(run: Awaited<ReturnType<typeof runMachine>>, btf: Btf): KernelView {
  const symbols = new Symbols((run.sections.get("SYMS") ?? Buffer.alloc(0)).toString("latin1"));
  return { symbols, memory: new KernelMemory(run, symbols), btf };
}

/** Reads and asks. Throws when the machine does not come up or a fact contradicts another. */
export async function probeKernel(kernel: string, say: (text: string) => void, keep = false): Promise<KernelFacts> {
  const btfBytes = readFileSync(kernelBtfPath(kernel));
  const btf = parse(btfBytes, "vmlinux");
  const modules = kernelModules(kernel).map((module) => {
    return { ...module, btfBytes: module.btfBytes, btf: parse(module.btfBytes, module.name, btf) };
  });
  const toLoad = loadOrder(modules);

  const offered = structOpsOf([{ name: null, btf }, ...modules]);
  const first = new Requests();
  modules.forEach(({ name }, i) => first.openKernelBtf(name, slotOf.firstModule + i));
  const candidates = askVariants(first, btf, offered.map(({ name, module }) => {
    const at = modules.findIndex((entry) => entry.name === module);
    return { name, slot: at < 0 ? undefined : slotOf.firstModule + at, btf: modules[at]?.btf ?? btf };
  }));
  const typeId = (name: string) => kernelEnums(btf).progTypes.find((type) => type.name === name)?.id ?? 0;
  findReturn(first, typeId("perf_event"), "kprobe_prog_func_proto");
  const finding = first.load({ type: typeId("kprobe"), insns: Buffer.concat([callHelper(BPF_FUNC_map_lookup_elem), movImm(0, 0), exit()]), watch: true });
  say(`first boot, ${toLoad.length} modules, ${first.count} requests about program types`);
  const run1 = await runMachine(kernel, { modules: toLoad, requests: first.encode(), keep });
  const answers1 = decodeAnswers(run1.sections.get("RESP") ?? Buffer.alloc(0), first.count);
  let live, sets, idSets, withoutAddress;
  try {
    const seen = view(run1, btf);
    const failed = (run1.sections.get("MODS") ?? "").toString().split("\n").filter((line) => line && !line.endsWith(" 0"));
    if (failed.length > 0) say(`modules that did not load: ${failed.join(", ")}`);
    live = readLiveBtfs(seen);
    sets = readSets(seen);
    idSets = readIdSets(seen);
    withoutAddress = Object.fromEntries([{ name: null, btf }, ...modules].map((entry) => [entry.name ?? "", functionsWithoutAddress(seen.symbols, entry.btf, entry.name)]));
  } finally {
    run1.close();
  }
  const returnTo = answers1[finding]?.watched ?? 0n;
  if (returnTo === 0n) throw new Error(`kernel ${kernel}: the place that asks for helper prototypes was not found: ${answers1.slice(-4).map((answer) => `${answer.result} ${answer.log}`).join("; ")}`);
  const { variants, supported, loads } = judgeVariants(candidates, answers1);

  const second = new Requests();
  modules.forEach(({ name }, i) => second.openKernelBtf(name, slotOf.firstModule + i));
  const helpers = helperNames(btf);
  watchReturn(second, typeId("perf_event"), returnTo);
  const askable = variants.filter((variant) => variant.progType !== "ext");
  const asked = (variant: Variant) => ({ type: variant.type, attach: variant.attach, flags: variant.flags, attachBtfId: variant.attachBtfId, attachSlot: variant.attachSlot });
  const helperAsks = askable.filter(helpersMayDiffer(askable)).flatMap((variant) =>
    helpers.map(({ id }) => ({ variant, id, request: second.load({ ...asked(variant), insns: Buffer.concat([callHelper(id), movImm(0, 0), exit()]), watch: true, logMax: 300 }) })),
  );
  const kfuncs = live.flatMap(({ module, kfuncs: own }) => [...new Set(own.map((entry) => entry.id))].map((id) => ({ module, id })));
  const kfuncAsks = askable.filter(kfuncsMayDiffer(askable)).flatMap((variant) =>
    kfuncs.map(({ module, id }) => {
      const at = modules.findIndex((entry) => entry.name === module);
      const insns = Buffer.concat([callKfunc(id, module === null ? 0 : 1), movImm(0, 0), exit()]);
      return { variant, module, id, request: second.load({ ...asked(variant), insns, fdArray: module === null ? undefined : [slotOf.firstModule + at], logMax: 300 }) };
    }),
  );
  const contexts = contextAsks(second, btf, askable, answers1.some((answer) => /^0: .*; R0/m.test(answer.log)) ? 1 : 2);
  const features = askFeatures(second, btf);
  say(`second boot, ${second.count} requests (${helperAsks.length} helper calls, ${kfuncAsks.length} kfunc calls, ${contexts.length} context accesses)`);
  const run2 = await runMachine(kernel, { modules: toLoad, requests: second.encode(), timeout: 1800, keep });
  const answers = decodeAnswers(run2.sections.get("RESP") ?? Buffer.alloc(0), second.count);
  const protos = new Map<bigint, HelperProto>();
  try {
    const seen = view(run2, btf);
    for (const address of new Set(helperAsks.map(({ request }) => answers[request]?.watched ?? 0n))) {
      if (address === 0n) continue;
      const proto = readProto(seen, address);
      if (!proto) throw new Error(`kernel ${kernel}: what the verifier took at 0x${address.toString(16)} is no helper prototype`);
      protos.set(address, proto);
    }
  } finally {
    run2.close();
  }
  const helperAnswers = new Map<string, Map<number, { proto: bigint; message: string }>>();
  for (const { variant, id, request } of helperAsks) {
    const answer = answers[request];
    if (!answer) continue;
    within(helperAnswers, variant.key).set(id, { proto: answer.watched, message: answer.log });
  }
  const kfuncAnswers = new Map<string, Map<string, string>>();
  for (const { variant, module, id, request } of kfuncAsks) within(kfuncAnswers, variant.key).set(`${module ?? ""}/${id}`, answers[request]?.log ?? "");
  const judged = judgeFeatures(features, answers);
  return {
    btf, btfBytes, modules, protos, helpers, live, sets, idSets, withoutAddress, variants, supported, loads, helperAnswers, kfuncAnswers,
    contextAnswers: contexts.map((ask) => ({ ...ask, answer: answers[ask.request] as Answer })),
    features: judged.features, mapTypes: judged.mapTypes,
    progTypeNames: kernelEnums(btf).progTypes.map(({ name }) => name), mapTypeNames: kernelEnums(btf).mapTypes,
  };
}

/** Program types for which a filter function of a kfunc set may look at more than the program type. */
const filtered = new Set(["tracing", "lsm", "struct_ops", "kprobe"]);

/** Elsewhere one variant speaks for its program type: check_kfunc_call asks for a set by program type alone. */
function kfuncsMayDiffer(all: readonly Variant[]): (variant: Variant) => boolean {
  return (variant) => filtered.has(variant.progType) || all.find((other) => other.progType === variant.progType) === variant;
}

/** Of a struct_ops with many members three are asked about helpers: get_func_proto of such a struct does not tell them apart (6.12 to 7.3 bpf_scx_get_func_proto). */
function helpersMayDiffer(all: readonly Variant[]): (variant: Variant) => boolean {
  return (variant) => {
    const struct = variant.key.split("/")[0] ?? "";
    const members = all.filter((other) => other.key.startsWith(`${struct}/`));
    const at = members.indexOf(variant);
    return members.length <= 20 || at === 0 || at === members.length - 1 || at === members.length >> 1;
  };
}

/** struct_ops by their value types, struct bpf_struct_ops_NAME. */
function structOpsOf(btfs: readonly { readonly name: string | null; readonly btf: Btf }[]): { name: string; module: string | null }[] {
  const prefix = "bpf_struct_ops_";
  const out: { name: string; module: string | null }[] = [];
  for (const { name: module, btf } of btfs) {
    for (let id = btf.startId; id < btf.count; id++) {
      const type = btf.type(id);
      if (type?.kind !== BtfKind.STRUCT || !type.name.startsWith(prefix)) continue;
      const name = type.name.slice(prefix.length);
      if (btf.named(name).some((other) => btf.type(other)?.kind === BtfKind.STRUCT)) out.push({ name, module });
    }
  }
  return out.sort((a, b) => a.name.localeCompare(b.name));
}

function within<K, L, V>(map: Map<K, Map<L, V>>, key: K): Map<L, V> {
  let inner = map.get(key);
  if (!inner) map.set(key, (inner = new Map()));
  return inner;
}

function parse(bytes: Buffer, name: string, base?: Btf): Btf {
  const result = parseBtf(bytes, { name, base });
  if (!result.ok) throw new Error(`BTF of ${name}: ${result.error.message}`);
  return result.value;
}

/** Kfunc sets by symbol: every `struct btf_kfunc_id_set` variable (owner, set, filter) names one. */
function readSets(seen: KernelView): KernelFacts["sets"] {
  const { symbols, memory, btf } = seen;
  if (!btf.named("btf_kfunc_id_set").length) return [];
  const out: { name: string; module: string | null; ids: number[] }[] = [];
  for (const symbol of symbols.all) {
    if (!/kfunc_set\w*$|kfunc_id_set$/.test(symbol.name)) continue;
    try {
      const set = memory.u64(symbol.address + 8n);
      const name = symbols.at(set).find((entry) => entry.module === symbol.module)?.name;
      const count = memory.u32(set);
      if (name === undefined || count === 0 || count > 1000) continue;
      const pairs = memory.read(set + 8n, 8 * count);
      out.push({ name: symbol.name, module: symbol.module, ids: Array.from({ length: count }, (_, i) => pairs.readUInt32LE(8 * i)) });
    } catch {
      continue; // a function of that name, or initial data that is gone
    }
  }
  return out.sort((a, b) => a.name.localeCompare(b.name));
}
