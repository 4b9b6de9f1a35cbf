import type { InsnIdx } from "../base/brand.ts";
import type { FunctionBody } from "../kernel/lab/types.ts";
import { kernelFor } from "../kernel/lab/views.ts";
import type { Kernel } from "../kernel/types.ts";
import { Pseudo, type BoundMap, type BoundProgram, type MapSpec } from "../loader/types.ts";
import { BtfKind } from "../btf/types.ts";
import { Clock, Random } from "./clock.ts";
import type { Redirect, RunEnv, SimDevice, SimRoute } from "./env.ts";
import { errnoName } from "./errno.ts";
import { badAccess, Fault, unsupported } from "./fault.ts";
import { setResult, type HelperImpl } from "./helpers/args.ts";
import { lookupCall } from "./helpers/fast-lookup.ts";
import { helperImpl } from "./helpers/table.ts";
import type { BodyCode } from "../loader/body.ts";
import { bodyImpl } from "./lab/body-call.ts";
import { BodyMaps } from "./lab/body-maps.ts";
import { Cpu, MAX_TAIL_CALLS, type Image } from "./interp/cpu.ts";
import { predecode } from "./interp/predecode.ts";
import { ProgramThrow } from "./kfuncs/general.ts";
import { kfuncImpl } from "./kfuncs/table.ts";
import { ArrayMap } from "./maps/array.ts";
import { createMap } from "./maps/create.ts";
import { MapInMap, ReferenceArrayMap } from "./maps/reference-maps.ts";
import { RingbufMap } from "./maps/ringbuf.ts";
import { keyU32, MapFlag, u32Key, type MapEnv, type SimMap } from "./maps/sim-map.ts";
import { specialFields } from "./maps/special-fields.ts";
import { Memory, type Region } from "./memory/memory.ts";
import { KernelObjects } from "./objects.ts";
import { prepare } from "./programs/prepare.ts";
import { describeAction } from "./programs/actions.ts";
import { TimerQueue } from "./timers.ts";
import { formatTraceLine } from "./trace-pipe.ts";
import type { Machine, MachineOptions, MapDump, MapEntryInput, RunRequest, RunResult, TraceStep } from "./types.ts";

const DEFAULT_BUDGET = 100_000_000;
const PROGRESS_EVERY = 100_000;
const MAX_TRACE_LINES = 10_000;
const MAX_EVENTS = 10_000;
const DUMP_LIMIT = 4096;
const MAX_TIMER_RUNS = 1000;
/** for functions of a custom kernel, which call each other without a verifier to say how deep */
const KERNEL_FRAMES = 16;

declare const performance: { now(): number };

export const DEFAULT_DEVICES: readonly SimDevice[] = [
  { ifindex: 1, name: "lo", mac: new Uint8Array(6), mtu: 65536 },
  { ifindex: 2, name: "eth0", mac: Uint8Array.of(0x02, 0, 0, 0, 0, 0x02), mtu: 1500 },
  { ifindex: 3, name: "eth1", mac: Uint8Array.of(0x02, 0, 0, 0, 0, 0x03), mtu: 1500 },
];

/** Types whose programs may hold BTF pointers; the kernel lets their loads miss and gives 0. */
const PROBING = new Set(["tracing", "lsm", "struct_ops", "raw_tracepoint", "raw_tracepoint_writable", "kprobe", "tracepoint", "perf_event", "syscall", "sched_cls", "xdp", "cgroup_skb"]);

interface Output { trace: string[]; events: { map: string; data: Uint8Array }[]; notes: string[]; dropped: number }

/** The machine behind createMachine and runProgram. Nothing it does throws for what a program or a request contains. */
export class SimMachine implements Machine, RunEnv {
  readonly mem = new Memory();
  readonly kernel: Kernel;
  readonly clock = new Clock();
  random = new Random(1);
  readonly objects: KernelObjects;
  readonly timers = new TimerQueue();
  readonly devices: readonly SimDevice[];
  readonly routes: SimRoute[];
  readonly cpus: number;
  private readonly readers: boolean;
  readonly task: { pid: number; tgid: number; uid: number; gid: number; comm: string };
  /** the one that runs */
  program: BoundProgram;
  cpuId = 0;
  cpu!: Cpu;
  packet: RunEnv["packet"] = null;
  data: RunEnv["data"] = null;
  ctx = 0n;
  redirect: Redirect | null = null;
  attach: RunEnv["attach"] = { functionIp: 0n, cookie: 0n, args: 0, hasReturn: false };
  problem: { outcome: "refused" | "unsupported"; message: string } | null = null;

  private readonly simMaps = new Map<string, SimMap>();
  private readonly programs = new Map<string, BoundProgram>();
  private readonly main: BoundProgram;
  private readonly images = new Map<string, Image>();
  private readonly inner: SimMap[] = [];
  /** of a custom kernel's functions */
  private readonly bodyMaps = new BodyMaps();
  private readonly bodyCalls = new Map<FunctionBody, (cpu: Cpu) => void>();
  /** maps that are not simulated, and why */
  private readonly missing = new Map<string, string>();
  private readonly jumpTables = new Map<BoundMap, Region>();
  private out: Output = { trace: [], events: [], notes: [], dropped: 0 };
  private busy = false;
  /** instructions that functions of a custom kernel took: none of the program's */
  private kernelInsns = 0;
  /** how many of them are being run, one called by the other */
  private bodyDepth = 0;

  constructor(program: BoundProgram, kernel: Kernel, options: MachineOptions) {
    this.program = this.main = program;
    const view = kernelFor(kernel, program.apiVersion ?? 0);
    this.kernel = view.ok ? view.value : kernel;
    this.devices = options.devices ?? DEFAULT_DEVICES;
    this.routes = [...(options.routes ?? [])];
    this.cpus = options.cpus ?? 2;
    this.readers = options.readers ?? true;
    this.task = options.task ?? { pid: 1000, tgid: 1000, uid: 0, gid: 0, comm: "playground" };
    this.objects = new KernelObjects(this.mem, this.kernel.btf, this.task);
    for (const p of [...(options.programs ?? []), program]) this.programs.set(p.name, p);
    try {
      for (const p of [program, ...(options.programs ?? [])]) for (const map of p.maps) this.addMap(map, p);
      for (const p of [program, ...(options.programs ?? [])]) for (const map of p.maps) this.fillSlots(map);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.problem ??= { outcome: error.outcome === "refused" ? "refused" : "unsupported", message: error.message };
    }
  }

  // maps

  private get mapEnv(): MapEnv {
    return {
      mem: this.mem, cpus: this.cpus, handleBytes: this.objects.sizeOfStruct("bpf_map", 256), random: () => this.random.next(),
      createInner: (spec) => {
        const map = this.make(spec, this.program);
        this.inner.push(map);
        return map;
      },
    };
  }

  private make(spec: MapSpec, program: BoundProgram): SimMap {
    const adjusted = spec.type === "perf_event_array" && spec.maxEntries === 0 ? { ...spec, maxEntries: this.cpus } : spec;
    const made = createMap(adjusted, this.mapEnv, (ifindex) => this.devices.some((d) => d.ifindex === ifindex));
    if (!made.ok) throw new Fault(made.error.kind, made.error.kind === "refused" ? `${errnoName(made.error.errno)}: ${made.error.message}` : made.error.message);
    made.value.special = specialFields(program.btf, spec.valueTypeId).filter((f) => f.off + f.size <= spec.valueSize);
    this.objects.describeMap(made.value, this.simMaps.size + this.inner.length + 1);
    return made.value;
  }

  private addMap(map: BoundMap, program: BoundProgram): void {
    if (map.type === "struct_ops" || map.structOps || map.type === "insn_array" || this.simMaps.has(map.name)) return;
    try {
      this.simMaps.set(map.name, this.make(map, program));
    } catch (error) {
      // what is not simulated matters only to programs that use it
      if (!(error instanceof Fault) || error.outcome !== "unsupported") throw error;
      this.missing.set(map.name, error.message);
    }
  }

  /** What libbpf puts into maps when it loads an object: inner maps and programs of prog arrays. */
  private fillSlots(spec: BoundMap): void {
    const map = this.simMaps.get(spec.name);
    for (const slot of spec.initialSlots ?? []) {
      if (map instanceof MapInMap) {
        const target = this.simMaps.get(slot.target);
        const key = u32Key(slot.index);
        if (target) map.put(key, target);
        else map.ensure(key);
      } else if (map instanceof ReferenceArrayMap) {
        map.set(slot.index, { name: slot.target });
      }
    }
  }

  mapByName(name: string): SimMap | undefined {
    return this.simMaps.get(name);
  }

  dumpMaps(limit = DUMP_LIMIT): MapDump[] {
    return [...this.simMaps.values(), ...this.inner].map((map) => map.dump(limit));
  }

  updateMap(name: string, entry: MapEntryInput, flags = 0n): { ok: true } | { ok: false; errno: string; message: string } {
    const fail = (errno: string, message: string): { ok: false; errno: string; message: string } => ({ ok: false, errno, message: `map ${name}: ${message}` });
    const map = this.simMaps.get(name) ?? this.inner.find((m) => m.name === name);
    if (!map) return fail("ENOENT", "there is no such map");
    if (entry.key.length !== map.keySize && !(map.keySize === 0 && entry.key.length === 0)) return fail("EINVAL", `the key has ${entry.key.length} bytes, the map's keys ${map.keySize}`);
    if (entry.value.length !== map.valueSize) return fail("EINVAL", `the value has ${entry.value.length} bytes, the map's values ${map.valueSize}`);
    if (map.spec.readonly || (map.spec.flags & MapFlag.RDONLY) !== 0) return fail("EPERM", "it is read-only");
    return this.guard(name, () => map.userUpdate(entry.key, entry.value, flags, entry.cpu));
  }

  deleteFromMap(name: string, key: Uint8Array): { ok: true } | { ok: false; errno: string; message: string } {
    const map = this.simMaps.get(name) ?? this.inner.find((m) => m.name === name);
    if (!map || key.length !== map.keySize) return { ok: false, errno: "EINVAL", message: `map ${name}: no such map, or a key of another size` };
    return this.guard(name, () => map.remove(key));
  }

  private guard(name: string, change: () => number): { ok: true } | { ok: false; errno: string; message: string } {
    try {
      const result = change();
      return result >= 0 ? { ok: true } : { ok: false, errno: errnoName(result), message: `map ${name}: ${errnoName(result)}` };
    } catch (error) {
      if (error instanceof Fault) return { ok: false, errno: "ENOMEM", message: `map ${name}: ${error.message}` };
      throw error;
    }
  }

  // programs

  private image(program: BoundProgram): Image {
    let image = this.images.get(program.name);
    if (!image) this.images.set(program.name, (image = this.makeImage(program)));
    return image;
  }

  private makeImage(program: BoundProgram): Image {
    const text = this.mem.create(`the instructions of ${program.name}`, 0, { readable: false, writable: false });
    const calls: ((cpu: Cpu) => void)[] = [];
    const decoded = predecode(program.insns, {
      pseudo: (slot, src, imm, imm2) => this.pseudo(program, text, slot, src, imm, imm2),
      helper: (slot, id) => {
        const poison = program.poisoned.get(slot);
        if (poison !== undefined) return calls.push(() => { throw badAccess(poison); }) - 1;
        const entry = this.kernel.helper(id);
        if (entry?.body) return calls.push(this.bodyCall(entry.name, entry.body, helperImpl(entry.name))) - 1;
        if (entry?.name === "bpf_tail_call") return "tail";
        return calls.push(this.helperCall(entry?.name, id)) - 1;
      },
      kfunc: (_slot, id, off) => calls.push(this.kfuncCall(program, id, off)) - 1,
    });
    const image: Image = { name: program.name, index: this.images.size, decoded, calls, text };
    text.object = image;
    return image;
  }

  /** A function that the custom kernel gives a body: its instructions are not the program's. */
  private bodyCall(name: string, body: FunctionBody, original: HelperImpl | undefined): (cpu: Cpu) => void {
    const known = this.bodyCalls.get(body);
    if (known) return known;
    const impl = bodyImpl(name, body, original, this.kernel, (what, code) => this.kernelImage(what, code));
    // One body may call another: only the outermost counts what is not the program's.
    const call = (cpu: Cpu): void => {
      const before = cpu.n;
      const outermost = this.bodyDepth === 0;
      this.bodyDepth++;
      try {
        setResult(cpu, impl(this));
      } finally {
        this.bodyDepth--;
      }
      if (outermost) this.kernelInsns += cpu.n - before;
    };
    this.bodyCalls.set(body, call);
    return call;
  }

  private kernelImage(name: string, code: BodyCode): Image {
    const program: BoundProgram = {
      ...this.main, name: `${name} (kernel)`, insns: code.insns, maps: [], kfuncs: code.kfuncs, kfuncModules: code.kfuncModules, calls: [], funcInfo: [], lineInfo: [],
      unseenLineInfo: undefined, subprogs: new Map(), poisoned: code.poisoned, btf: code.btf, warnings: [],
    };
    const maps = this.bodyMaps.bind(name, code.maps, (spec) => this.make(spec, program));
    const image: Image = { ...this.makeImage({ ...program, maps }), kernel: true };
    image.text.object = image;
    return image;
  }

  private helperCall(name: string | undefined, id: number): (cpu: Cpu) => void {
    if (name === undefined) return () => { throw unsupported(`helper number ${id} does not exist in kernel ${this.kernel.name}`); };
    const impl = helperImpl(name);
    if (!impl) return () => { throw unsupported(`helper ${name} is not simulated`); };
    if (name === "bpf_map_lookup_elem") return lookupCall(this, impl);
    return (cpu) => setResult(cpu, impl(this));
  }

  private kfuncCall(program: BoundProgram, id: number, off: number): (cpu: Cpu) => void {
    const module = program.kfuncModules[off] ?? null;
    const entry = program.kfuncs.find((k) => k.btfId === id && k.module === module) ?? this.kernel.kfuncById(module, id);
    if (!entry) return () => { throw unsupported(`the kfunc with BTF id ${id} does not exist in kernel ${this.kernel.name}`); };
    const impl = kfuncImpl(entry.name, this.kernel, entry.origin);
    if (entry.body) return this.bodyCall(entry.name, entry.body, impl);
    if (!impl) return () => { throw unsupported(`kfunc ${entry.name} is not simulated`); };
    return (cpu) => setResult(cpu, impl(this));
  }

  private pseudo(program: BoundProgram, text: Image["text"], slot: number, src: number, imm: number, imm2: number): bigint | string {
    switch (src) {
      case Pseudo.MAP_FD: case Pseudo.MAP_VALUE: {
        const bound = program.maps[imm];
        if (bound?.type === "insn_array" && src === Pseudo.MAP_VALUE) return this.mem.address(this.jumpTable(bound, text)) + BigInt(imm2);
        const map = bound && (this.bodyMaps.of(bound) ?? this.simMaps.get(bound.name));
        if (!map) return `map number ${imm} does not exist`;
        if (src === Pseudo.MAP_FD) return map.address;
        if (!(map instanceof ArrayMap) || imm2 < 0 || imm2 >= map.valueSize) return `map ${map.name} has no value at offset ${imm2}`;
        return map.elementAddress(0, this.cpuId) + BigInt(imm2);
      }
      case Pseudo.BTF_ID: {
        const module = program.kfuncModules[imm2] ?? null;
        const btf = imm2 === 0 ? this.kernel.btf : module ? this.kernel.modules.get(module) : undefined;
        const type = btf?.type(imm);
        if (type?.kind === BtfKind.VAR) return this.objects.symbol(type.name, btf?.sizeOf(type.type) ?? 8);
        return type?.kind === BtfKind.FUNC ? this.objects.symbol(type.name) : `BTF id ${imm} is no variable of the kernel`;
      }
      case Pseudo.FUNC: return this.mem.address(text, (slot + 1 + imm) * 8);
      default: return `ld_imm64 of kind ${src} is not simulated`;
    }
  }

  /** Addresses of the instructions a jump table names, as programs see the map's contents (kernel insn_array_map_direct_value_addr). */
  private jumpTable(map: BoundMap, text: Image["text"]): Region {
    const known = this.jumpTables.get(map);
    if (known) return known;
    const region = this.mem.create("the jump table", map.maxEntries * 8, { writable: false });
    const from = map.initialData ? new DataView(map.initialData.buffer, map.initialData.byteOffset, map.initialData.length) : null;
    const to = this.mem.regionBytes(region);
    const view = new DataView(to.buffer, to.byteOffset, to.length);
    for (let i = 0; i < map.maxEntries && from; i++) view.setBigUint64(i * 8, this.mem.address(text, from.getUint32(i * 16, true) * 8), true);
    this.jumpTables.set(map, region);
    return region;
  }

  /** Why a program cannot run: it uses a map that is not simulated. */
  private usesMissing(program: BoundProgram): string | undefined {
    if (this.missing.size === 0) return undefined;
    for (const insn of program.insns) {
      const map = insn.code === 0x18 && (insn.src === Pseudo.MAP_FD || insn.src === Pseudo.MAP_VALUE) ? program.maps[insn.imm] : undefined;
      const why = map && this.missing.get(map.name);
      if (why !== undefined) return why;
    }
    return undefined;
  }

  private tailCall(cpu: Cpu): Image | null {
    const map = this.mem.objectAt(cpu.R[2]!);
    if (!(map instanceof ReferenceArrayMap) || map.spec.type !== "prog_array") throw badAccess("bpf_tail_call: argument 2 is no program array");
    const index = cpu.r[6]! >>> 0;
    if (index >= map.maxEntries || cpu.tailCalls >= MAX_TAIL_CALLS) return null;
    cpu.tailCalls++;
    const target = map.targets.get(index);
    if (!target) return null;
    const program = this.programs.get(target.name);
    if (!program) throw unsupported(`the program ${target.name} in slot ${index} of ${map.name} was not given to the simulation`);
    return this.image(program);
  }

  // output

  printk(text: string): void {
    const now = this.clock.monotonic();
    for (const line of text.replace(/\n$/, "").split("\n")) {
      if (this.out.trace.length >= MAX_TRACE_LINES) this.out.dropped++;
      else this.out.trace.push(formatTraceLine(this.task, this.cpuId, now, this.program.type, line));
    }
  }

  event(map: string, data: Uint8Array): void {
    if (this.out.events.length < MAX_EVENTS) this.out.events.push({ map, data });
    else this.out.dropped++;
  }

  note(text: string): void {
    if (this.out.notes.length < 100) this.out.notes.push(text);
  }

  // runs

  run(request: RunRequest): RunResult {
    return this.execute(request, null);
  }

  /** The run again with every step recorded: the registers before each instruction, at most `maxSteps`. */
  trace(request: RunRequest, maxSteps = 10_000): { result: RunResult; steps: readonly TraceStep[] } {
    const steps: TraceStep[] = [];
    const result = this.execute(request, (cpu) => {
      if (cpu.image.kernel) return true;
      if (steps.length < maxSteps) steps.push({ program: cpu.image.name, insn: cpu.pc as InsnIdx, frame: cpu.depth, regs: cpu.R.slice(0, 11) });
      return steps.length < maxSteps;
    });
    return { result, steps };
  }

  private execute(request: RunRequest, record: ((cpu: Cpu) => boolean) | null): RunResult {
    this.out = { trace: [], events: [], notes: [], dropped: 0 };
    const fail = (outcome: RunResult["outcome"], message: string, insn?: number, executed = 0): RunResult => ({
      outcome, retval: 0, dataOut: null, ctxOut: null, maps: this.dumpMaps(), trace: this.out.trace, insnsExecuted: executed, nsPerRun: 0, message, insn: insn as InsnIdx | undefined, events: this.out.events,
    });
    if (this.busy) return fail("refused", "EBUSY: the machine runs already");
    const chosen = request.program === undefined ? this.main : this.programs.get(request.program);
    if (!chosen) return fail("refused", `ENOENT: there is no program ${request.program}`);
    if (this.problem) return fail(this.problem.outcome, this.problem.message);
    const missing = this.usesMissing(chosen);
    if (missing !== undefined) return fail("unsupported", missing);
    this.program = chosen;
    this.busy = true;
    this.random = new Random(request.seed ?? 1);
    this.redirect = null;
    this.packet = null;
    this.data = null;
    this.kernelInsns = 0;
    this.bodyDepth = 0;
    this.attach = { functionIp: 0n, cookie: 0n, args: 0, hasReturn: false };
    this.mem.probeLoads = PROBING.has(this.program.type);
    const budget = Math.max(1, Math.min(request.insnBudget ?? DEFAULT_BUDGET, Number.MAX_SAFE_INTEGER));
    let cpu: Cpu | undefined;
    let dispose = (): void => {};
    try {
      const wrong = this.applyMaps(request);
      if (wrong) return fail("refused", wrong);
      const prepared = prepare(this, this.program, request);
      if (!prepared.ok) return fail(prepared.error.outcome, prepared.error.message);
      dispose = prepared.value.dispose;
      const image = this.image(this.program);
      cpu = new Cpu(this.mem, image, (this.kernel.manifest.limits.callFrames || 8) + (this.kernel.policy ? KERNEL_FRAMES : 0), (c) => this.checkpoint(c, budget, request, record));
      cpu.tailCall = (c) => this.tailCall(c);
      this.cpu = cpu;
      const running = cpu;
      this.clock.follow(() => running.n);
      this.packet = prepared.value.packet;
      if (this.packet?.kind === "xdp") this.data = { base: this.packet.address(this.packet.data), length: this.packet.dataEnd - this.packet.data };
      this.ctx = prepared.value.ctx;
      const repeat = prepared.value.once ? 1 : Math.max(1, Math.min(request.repeat ?? 1, 0xffff_ffff));
      const started = performance.now();
      let retval = 0n;
      for (let i = 0; i < repeat; i++) {
        if (i > 0) prepared.value.again?.();
        retval = this.runOnce(cpu, image, prepared.value.ctx);
      }
      retval = prepared.value.retval?.(retval) ?? retval;
      const elapsed = performance.now() - started;
      this.fireTimers(cpu);
      const result: RunResult = {
        outcome: "exited",
        retval: Number(retval & 0xffff_ffffn),
        dataOut: prepared.value.dataOut(), ctxOut: prepared.value.ctxOut(),
        maps: [], trace: this.out.trace,
        insnsExecuted: cpu.n - this.kernelInsns,
        nsPerRun: (elapsed * 1e6) / repeat,
        action: describeAction(this.program.type, Number(retval & 0xffff_ffffn), this.redirect, this.devices, this.out.notes),
      };
      this.drain();
      return { ...result, maps: this.dumpMaps(), events: this.out.events };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.drain();
      const insn = error.insn ?? cpu?.pc;
      const where = cpu && insn !== undefined ? ` at instruction ${insn}${this.place(cpu, insn)}` : "";
      return fail(error.outcome, error.outcome === "fault" ? `${error.message}${where}` : error.message, cpu ? insn : undefined, cpu?.n ?? 0);
    } finally {
      this.clock.settle();
      cpu?.dispose();
      dispose();
      this.busy = false;
    }
  }

  private runOnce(cpu: Cpu, image: Image, ctx: bigint): bigint {
    this.redirect = null;
    try {
      return cpu.run(image, ctx);
    } catch (error) {
      if (error instanceof ProgramThrow) return error.cookie;
      throw error;
    }
  }

  /** Timers and work that the run armed, in the order of their times; each callback runs like a program of its own. */
  private fireTimers(cpu: Cpu): void {
    for (let fired = 0; fired < MAX_TIMER_RUNS; fired++) {
      const timer = this.timers.take();
      if (!timer) return;
      const late = timer.expires! - this.clock.monotonic();
      timer.expires = undefined;
      if (late > 0n) this.clock.advance(late);
      const key = this.mem.create(`key of map ${timer.map.name}`, timer.map.keySize, { writable: false });
      this.mem.regionBytes(key).set(timer.key);
      const image = cpu.imageAt(timer.callback);
      if (!image) throw badAccess("a timer's callback is no function of the program");
      cpu.depth = 0;
      cpu.callback(timer.callback, [timer.map.address, this.mem.address(key), timer.value]);
      this.mem.release(key);
    }
    this.note(`timers still armed after ${MAX_TIMER_RUNS} callbacks`);
  }

  private checkpoint(cpu: Cpu, budget: number, request: RunRequest, record: ((cpu: Cpu) => boolean) | null): number {
    if (cpu.n >= budget) throw new Fault("budget", `the budget of ${budget} instructions is used up`);
    if (record?.(cpu)) return cpu.n + 1;
    if (cpu.n > 0 && request.onProgress?.(cpu.n)) throw new Fault("stopped", "stopped");
    return Math.min(budget, cpu.n + PROGRESS_EVERY);
  }

  private applyMaps(request: RunRequest): string | null {
    for (const [name, entries] of Object.entries(request.maps ?? {})) {
      const map = this.simMaps.get(name);
      for (const entry of entries) {
        if (map instanceof ReferenceArrayMap && entry.key.length === 4) {
          return `map ${name}: entries of a ${map.spec.type} map are file descriptors, which cannot be given (index ${keyU32(entry.key)})`;
        }
        const done = this.updateMap(name, entry);
        if (!done.ok) return `${done.errno}: ${done.message}`;
      }
    }
    return null;
  }

  /** A reader in user space takes what ring buffers hold. */
  private drain(): void {
    if (!this.readers) return;
    for (const map of [...this.simMaps.values(), ...this.inner]) {
      if (map instanceof RingbufMap) for (const data of map.drain()) this.event(map.name, data);
    }
  }

  private place(cpu: Cpu, insn: number): string {
    if (cpu.image.name !== this.program.name) return ` of ${cpu.image.name}`;
    let best: { file: string; line: number } | undefined;
    for (const line of this.program.lineInfo) if (line.insn <= insn) best = line;
    return best ? ` (${best.file}:${best.line})` : "";
  }
}
