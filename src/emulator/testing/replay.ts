import { fromHex, toHex } from "../../base/bytes.ts";
import type { Kernel } from "../../kernel/types.ts";
import { bindProgram } from "../../loader/bind.ts";
import { openObject } from "../../loader/open.ts";
import type { BoundProgram } from "../../loader/types.ts";
import { Errno } from "../errno.ts";
import { createMachine } from "../run.ts";
import type { MachineOptions, RunResult } from "../types.ts";

/** A run recorded on a real kernel (e2e/conformance/recorded-runs.ts has the full shape); byte strings are hexadecimal. */
export interface Recorded {
  source: string;
  name: string;
  programs?: readonly string[];
  maps?: Readonly<Record<string, readonly { key: string; value: string }[]>>;
  steps: readonly { program: string; dataIn?: string; ctxIn?: string; repeat?: number; flags?: number }[];
  result: {
    failed?: { errno: number; messages: readonly string[] };
    steps: readonly { errno: number; retval: number; dataOut?: string; ctxOut?: string; trace: readonly string[] }[];
    maps: readonly { name: string; type: number; keySize: number; valueSize: number; entries: readonly { key: string; value: string }[] }[];
  };
}

/** The machine the recordings were made on: one processor, only the loopback device, /init as the task. */
export const RECORDED_WORLD: MachineOptions = {
  cpus: 1,
  readers: false,
  devices: [{ ifindex: 1, name: "lo", mac: new Uint8Array(6), mtu: 65536 }],
  task: { pid: 1, tgid: 1, uid: 0, gid: 0, comm: "init" },
};

const boundBefore = new WeakMap<Uint8Array, Map<string, BoundProgram[] | string>>();

/** The programs of a case, bound; or why they do not bind. Kept for the next case of the same object. */
function bindAll(run: Recorded, object: Uint8Array, kernel: Kernel): BoundProgram[] | string {
  const key = `${kernel.name} ${run.programs?.join() ?? ""}`;
  const kept = boundBefore.get(object) ?? new Map<string, BoundProgram[] | string>();
  boundBefore.set(object, kept);
  const found = kept.get(key);
  if (found) return found;
  const opened = openObject(object);
  if (!opened.ok) return `object does not open: ${opened.error.message}`;
  const programs: BoundProgram[] = [];
  for (const name of run.programs ?? opened.value.programs.map((p) => p.name)) {
    const bound = bindProgram(opened.value, name, kernel);
    if (!bound.ok) return `${name} does not bind: ${bound.error.message}`;
    programs.push(bound.value);
  }
  kept.set(key, programs);
  return programs;
}

/** Runs a recorded case here and says what differs, one line each; empty when nothing does. */
export function replay(run: Recorded, object: Uint8Array, kernel: Kernel): string[] {
  const programs = bindAll(run, object, kernel);
  if (typeof programs === "string") return [programs];
  const names = programs.map((p) => p.name);
  const machine = createMachine(programs[0]!, kernel, { ...RECORDED_WORLD, programs });
  const out: string[] = [];
  for (const [map, entries] of Object.entries(run.maps ?? {})) {
    for (const e of entries) {
      const done = machine.updateMap(map, { key: bytes(e.key), value: bytes(e.value) });
      if (!done.ok) out.push(`map ${map} cannot be set: ${done.message}`);
    }
  }
  run.steps.forEach((step, i) => {
    const want = run.result.steps[i];
    if (!want || !names.includes(step.program)) return;
    const got = machine.run({
      program: step.program, repeat: step.repeat,
      dataIn: step.dataIn === undefined ? undefined : bytes(step.dataIn), ctxIn: step.ctxIn === undefined ? (step.dataIn === undefined ? new Uint8Array(0) : undefined) : bytes(step.ctxIn),
    });
    const where = run.steps.length > 1 ? `step ${i} ${step.program}: ` : "";
    if (want.errno !== 0) {
      if (errnoOf(got) !== want.errno) out.push(`${where}errno ${want.errno}, here ${got.outcome} ${got.message ?? ""}`);
      return;
    }
    if (got.outcome !== "exited") {
      out.push(`${where}${got.outcome}: ${got.message}`);
      return;
    }
    if (got.retval !== want.retval) out.push(`${where}retval ${want.retval}, here ${got.retval}`);
    if (want.dataOut !== undefined && got.dataOut && toHex(got.dataOut) !== want.dataOut) out.push(`${where}dataOut ${want.dataOut}, here ${toHex(got.dataOut)}`);
    if (want.ctxOut !== undefined && want.ctxOut !== "" && toHex(got.ctxOut ?? new Uint8Array(0)) !== want.ctxOut) out.push(`${where}ctxOut ${want.ctxOut}, here ${toHex(got.ctxOut ?? new Uint8Array(0))}`);
    const lines = got.trace.map((line) => line.replace(/^.*?bpf_trace_printk: /, ""));
    if (JSON.stringify(lines) !== JSON.stringify(want.trace)) out.push(`${where}trace ${JSON.stringify(want.trace)}, here ${JSON.stringify(lines)}`);
  });
  out.push(...compareMaps(run, machine.dumpMaps(1 << 20)));
  return out;
}

function compareMaps(run: Recorded, dumps: ReturnType<ReturnType<typeof createMachine>["dumpMaps"]>): string[] {
  const out: string[] = [];
  for (const want of run.result.maps) {
    const got = dumps.find((d) => kernelName(d.name) === want.name || (d.name.includes(".") && want.name.indexOf(".") > 0 && want.name.endsWith(d.name.slice(d.name.indexOf(".")))));
    if (!got) {
      out.push(`map ${want.name} is missing here`);
      continue;
    }
    if (UNCOMPARABLE.has(got.type)) continue;
    const entries = got.entries.map((e) => `${toHex(e.key)}=${withoutPointers(toHex(e.value))}`);
    const expected = want.entries.map((e) => `${e.key}=${withoutPointers(e.value.slice(0, got.valueSize * 2))}`);
    const ordered = ["queue", "stack"].includes(got.type);
    if (!ordered) {
      entries.sort();
      expected.sort();
    }
    if (entries.join() !== expected.join()) out.push(`map ${want.name}: ${diff(expected, entries)}`);
  }
  return out;
}

/** Types whose contents are ids or positions that mean nothing here. */
const UNCOMPARABLE = new Set(["ringbuf", "perf_event_array", "prog_array", "array_of_maps", "hash_of_maps", "bloom_filter", "cgroup_array", "sockmap", "sockhash", "stack_trace"]);

/** Lists and trees in a value hold kernel addresses (0xff11… and 0xffa0… on the recorded machines), which mean nothing here. */
function withoutPointers(value: string): string {
  return value.replace(/.{16}/g, (word) => (/^.{10}[0-9a-f]{2}(11|a0)ff$/.test(word) ? "0".repeat(16) : word));
}

/** Where two lists of entries differ: the first differing 8 bytes of the first entry, or the entries that only one has. */
function diff(want: readonly string[], got: readonly string[]): string {
  const missing = want.filter((e) => !got.includes(e));
  const extra = got.filter((e) => !want.includes(e));
  const a = missing[0], b = extra[0];
  if (a && b && a.split("=")[0] === b.split("=")[0]) {
    const from = a.indexOf("=") + 1;
    const places: string[] = [];
    for (let i = from; i < a.length; i += 16) if (a.slice(i, i + 16) !== b.slice(i, i + 16)) places.push(`at byte ${(i - from) / 2}: ${a.slice(i, i + 16)}, here ${b.slice(i, i + 16)}`);
    return `key ${a.slice(0, from - 1)} ${places.slice(0, 4).join("; ")}`;
  }
  return `missing ${missing.slice(0, 3).join(" ")}; only here ${extra.slice(0, 3).join(" ")}`;
}

/** Kernel names have 15 characters; before the name of a section libbpf puts the start of the object's. */
function kernelName(name: string): string {
  return name.slice(0, 15);
}

function errnoOf(result: RunResult): number {
  const name = result.outcome === "refused" ? result.message?.split(":")[0] : undefined;
  return name !== undefined && name in Errno ? Errno[name as keyof typeof Errno] : 0;
}

function bytes(text: string): Uint8Array {
  return fromHex(text) ?? new Uint8Array(0);
}
