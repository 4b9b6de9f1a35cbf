/** Every sample custom kernel does what its description says: overlay × program → verdict, stage, message, result of a run. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { unwrap } from "../../src/base/result.ts";
import { parseOverlay } from "../../src/kernel/overlay.ts";
import { FRAME, judge, run, SAMPLES } from "./harness.ts";

interface Row {
  sample: string | null;
  kernel?: string;
  file: string;
  args?: readonly string[];
  program: string;
  /** a number: accepted, and returned by a run; "accepted": not run; else the stage that refuses and a part of its message or the loader's note */
  outcome: number | "accepted" | readonly [stage: "resolve" | "verify", part: string];
}

/** syscall and raw tracepoint programs take no packet */
const WITHOUT_DATA = new Set(["looks", "looks_up", "reads", "probes", "asks_type"]);
const poisoned = (name: string): readonly ["verify", string] => ["verify", `kfunc '${name}' is referenced but wasn't resolved`];
const noBtf = ["resolve", "Error loading vmlinux BTF: -ESRCH"] as const;
const price = (api: string | null, sample: string, program: string, outcome: Row["outcome"]): Row => ({ sample, file: "price", args: api === null ? [] : [`-DAPI=${api}`], program, outcome });
const symbols = (args: readonly string[], outcome: Row["outcome"]): Row => ({ sample: "symbol-versions", file: "symbols", args, program: "scales", outcome });
const clock = (kernel: string, sample: string | null, program: string, outcome: Row["outcome"]): Row => ({ sample, kernel, file: "clocks", program, outcome });
const backport = (kernel: string, sample: string | null, program: string, outcome: Row["outcome"]): Row => ({ sample, kernel, file: "backported", program, outcome });

const ROWS: readonly Row[] = [
  // added, with an expression and with C as body
  { sample: null, file: "added", program: "sums", outcome: ["resolve", "extern (func ksym) 'bpf_lab_bits': not found in kernel or module BTFs"] },
  { sample: "added", file: "added", program: "sums", outcome: 18 },
  { sample: "added", file: "added", program: "not_allowed", outcome: ["verify", "calling kernel function bpf_lab_bits is not allowed"] },
  // functions with a map, a variable they share and a function they call
  { sample: null, file: "with-state", program: "limits", outcome: ["resolve", "extern (func ksym) 'bpf_lab_allow': not found in kernel or module BTFs"] },
  { sample: "with-state", file: "with-state", program: "limits", outcome: 32 },
  { sample: "with-state", file: "with-state", program: "for_task", outcome: 111 },
  // same name, same prototype: kfunc and helper
  { sample: null, file: "random", program: "coin", outcome: 2 },
  { sample: "silent", file: "random", program: "coin", outcome: 1 },
  { sample: null, file: "random", program: "looks", outcome: 1 },
  { sample: "silent", file: "random", program: "looks", outcome: 0 },
  // the new name of a renamed one
  { sample: null, file: "lookup", program: "looks_up", outcome: ["resolve", "extern (func ksym) 'bpf_task_lookup': not found in kernel or module BTFs"] },
  { sample: "renamed", file: "lookup", program: "looks_up", outcome: 1 },
  { sample: "renamed-with-alias", file: "lookup", program: "looks_up", outcome: 1 },
  { sample: "renamed", file: "lookup", program: "keeps", outcome: ["verify", "Unreleased reference"] },
  { sample: "renamed-with-alias", file: "lookup", program: "keeps", outcome: ["verify", "Unreleased reference"] },
  // a field that goes
  { sample: null, file: "fields", program: "reads", outcome: 120 },
  { sample: "types-changed", file: "fields", program: "reads", outcome: ["verify", "failed to resolve CO-RE relocation <byte_off> [5] struct task_struct.prio"] },
  { sample: null, file: "fields", program: "probes", outcome: 120 },
  { sample: "types-changed", file: "fields", program: "probes", outcome: 100 },
  { sample: "types-changed", file: "fields", program: "asks_type", outcome: 1 },
  // API versions
  price(null, "api-versions", "asks", ["resolve", "the program declares no API version, which counts as 0; kernel 7.3+api has API version 4 and keeps 2 to 4"]),
  price("1", "api-versions", "asks", ["resolve", "the program is written for API version 1; kernel 7.3+api has API version 4 and keeps 2 to 4"]),
  price("2", "api-versions", "asks", 10),
  price("3", "api-versions", "asks", 16),
  price("4", "api-versions", "asks", 16),
  price("5", "api-versions", "asks", ["resolve", "the program is written for API version 5; kernel 7.3+api has API version 4"]),
  price("3", "api-versions", "ticks", 1),
  price("4", "api-versions", "ticks", 2),
  price(null, "api-window-open", "ticks", 1),
  price(null, "api-window-open", "asks", poisoned("bpf_lab_price")),
  price("1", "api-window-open", "asks", 10),
  price("4", "api-window-open", "asks", 16),
  { sample: "api-versions", file: "price-declared", args: ["-DBPF_API=2"], program: "asks", outcome: 10 },
  { sample: "api-versions", file: "price-declared", args: ["-DBPF_API=4"], program: "asks", outcome: 16 },
  // where no kernel has API versions the declaration changes nothing
  { sample: null, file: "price", args: ["-DAPI=3"], program: "ticks", outcome: 1 },
  // symbol versions
  symbols([], 21),
  symbols(["-DVERSION=LINUX_7_3"], 21),
  symbols(["-DVERSION=LINUX_7_1", "-DONE_ARGUMENT"], 70),
  symbols(["-DONE_ARGUMENT"], ["resolve", "extern (func ksym) 'bpf_lab_scale': func_proto ["]),
  symbols(["-DVERSION=LINUX_7_1"], ["resolve", "extern (func ksym) 'bpf_lab_scale___LINUX_7_1': func_proto ["]),
  symbols(["-DVERSION=LINUX_7_2"], ["resolve", "version LINUX_7.2 of kernel 7.3+symver does not list bpf_lab_scale; bpf_lab_scale has LINUX_7.1, LINUX_7.3"]),
  symbols(["-DVERSION=LINUX_9_9"], ["resolve", "kernel 7.3+symver has no version LINUX_9_9; bpf_lab_scale has LINUX_7.1, LINUX_7.3"]),
  // a distribution's helpers, between what is upstream of it and after it
  clock("5.10", null, "coarse", ["verify", "invalid func unknown#160"]),
  clock("5.10", "distribution-helpers", "coarse", 2),
  clock("6.1", null, "coarse", 2),
  clock("5.10", "distribution-helpers", "tai", ["verify", "invalid func unknown#208"]),
  clock("6.1", null, "tai", 2),
  clock("5.10", "distribution-helpers", "distribution_tai", 2),
  clock("6.1", null, "distribution_tai", ["verify", "unknown func bpf_task_storage_get#156"]),
  clock("5.10", null, "jiffies", 2),
  clock("5.10", "distribution-helpers", "jiffies", ["verify", "invalid func unknown#118"]),
  // its kfuncs
  backport("6.1", null, "keeps", poisoned("bpf_task_from_pid")),
  backport("6.1", "distribution-kfuncs", "keeps", ["verify", "Unreleased reference id=2 alloc_insn=2"]),
  backport("6.1", "distribution-kfuncs", "releases", poisoned("bpf_task_release")),
  backport("6.12", null, "releases", 0),
  backport("6.1", "distribution-kfuncs", "iterates", poisoned("bpf_iter_num_new")),
  backport("6.12", null, "iterates", 6),
  // no BTF: helpers and maps work, what needs a BTF id does not
  { sample: "without-btf", file: "helpers-only", program: "counts", outcome: 2 },
  { sample: "without-btf", file: "helpers-only", program: "task_pointer", outcome: ["verify", "invalid return type 8 of func bpf_get_current_task_btf#158"] },
  { sample: "without-btf", file: "tracing", program: "enters", outcome: noBtf },
  { sample: "without-btf", file: "tracing", program: "switches", outcome: noBtf },
  { sample: "without-btf", file: "tracing", program: "opens", outcome: noBtf },
  { sample: "without-btf", file: "tracing", program: "lists", outcome: noBtf },
  { sample: "without-btf", file: "congestion", program: "threshold", outcome: noBtf },
  { sample: "without-btf", file: "fields", program: "probes", outcome: noBtf },
  // new subsystems
  { sample: "vnic-hash", file: "vnic", program: "spread", outcome: "accepted" },
  { sample: "vnic-hash", file: "vnic", program: "beyond", outcome: ["verify", "R1 min value is outside of the allowed memory range"] },
  { sample: "vnic-hash", file: "vnic", program: "writes", outcome: ["verify", "invalid bpf_context access off=8 size=4"] },
  { sample: "fuse-filter", file: "fuse", program: "pass_reads", outcome: "accepted" },
  { sample: "fuse-filter", file: "fuse", program: "wrong_answer", outcome: ["verify", "At program exit the register R0 has smin=0 smax=4294967295 should have been in [0, 1]"] },
  { sample: "fuse-filter", file: "fuse", program: "wrong_helper", outcome: ["verify", "program of this type cannot use helper bpf_get_prandom_u32#7"] },
  { sample: "hid-report", file: "hid", program: "turn_wheel", outcome: "accepted" },
  { sample: "hid-report", file: "hid", program: "unchecked", outcome: ["verify", "R0 invalid mem access 'mem_or_null'"] },
  { sample: "hid-report", file: "hid", program: "too_far", outcome: ["verify", "R0 min value is outside of the allowed memory range"] },
  // a context with pointers to structs of the kernel
  { sample: "oom-policy", file: "oom", program: "decides", outcome: "accepted" },
  { sample: "oom-policy", file: "oom", program: "keeps", outcome: "accepted" },
  { sample: "oom-policy", file: "oom", program: "not_compared", outcome: ["verify", "R1 invalid mem access 'trusted_ptr_or_null_'"] },
  { sample: "oom-policy", file: "oom", program: "not_trusted", outcome: ["verify", "R1 must be a rcu pointer"] },
  { sample: "oom-policy", file: "oom", program: "half_a_pointer", outcome: ["verify", "invalid bpf_context access off=0 size=4"] },
  { sample: "oom-policy", file: "oom", program: "writes", outcome: ["verify", "only read is supported"] },
  { sample: "oom-policy", file: "oom", program: "another", outcome: ["verify", "invalid bpf_context access off=0 size=8"] },
  // a release whose verifier knew no trusted pointers refuses the same, in other words
  { sample: "oom-policy", kernel: "6.1", file: "oom", args: ["-DBEFORE_6_2"], program: "decides", outcome: "accepted" },
  { sample: "oom-policy", kernel: "6.1", file: "oom", args: ["-DBEFORE_6_2"], program: "not_trusted", outcome: ["verify", "arg#0 pointer type STRUCT task_struct must point to scalar"] },
];

describe.each(ROWS.map((row) => [`${row.kernel ?? "7.3"} ${row.sample ?? "upstream"}: ${row.file} ${(row.args ?? []).join(" ")} ${row.program}`, row] as const))("%s", (_name, row) => {
  it(typeof row.outcome === "number" ? `returns ${row.outcome}` : String(row.outcome), async () => {
    const place = { file: row.file, program: row.program, kernel: row.kernel ?? "7.3", sample: row.sample, ...(row.args ? { args: row.args } : {}) };
    const verdict = await judge(place);
    if (Array.isArray(row.outcome)) {
      const [stage, part] = row.outcome as readonly [string, string];
      expect(verdict).toMatchObject({ verdict: "rejected", stage });
      expect(`${verdict.message}\n${verdict.note ?? ""}`).toContain(part);
      return;
    }
    expect(verdict).toMatchObject({ verdict: "accepted", message: "" });
    if (row.outcome === "accepted") return;
    const result = await run(place, WITHOUT_DATA.has(row.program) ? {} : { dataIn: FRAME });
    expect(result).toMatchObject({ outcome: "exited", retval: row.outcome });
  });
});

it("what functions of the kernel print is in the trace, and what they keep stays while a run is repeated", async () => {
  const result = await run({ file: "with-state", program: "limits", kernel: "7.3", sample: "with-state" }, { dataIn: FRAME });
  expect(result.trace.map((line) => line.replace(/^.*bpf_trace_printk: /, ""))).toEqual(["7 refused: asked 4 times, 3 allowed", "7 refused: asked 5 times, 3 allowed"]);
  // None of it is the program's.
  expect(result.maps).toEqual([]);
  expect((await run({ file: "with-state", program: "limits", kernel: "7.3", sample: "with-state" }, { dataIn: FRAME, repeat: 2 })).retval).toBe(7);
});

describe("program types of one's own run: context and data in, context, data and result out", () => {
  const word = (bytes: Uint8Array, at: number): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
  const context = (size: number, words: Readonly<Record<number, number>>): Uint8Array => {
    const out = new Uint8Array(size);
    for (const [at, value] of Object.entries(words)) new DataView(out.buffer).setUint32(Number(at), value, true);
    return out;
  };

  it("vnic: the hash of the addresses picks one of the queues", async () => {
    const packet = new Uint8Array(64);
    packet.set([0x08, 0x00, 0x45], 12);
    packet.set([10, 0, 0, 1, 10, 0, 0, 2], 26);
    const place = { file: "vnic", program: "spread", kernel: "7.3", sample: "vnic-hash" };
    const result = await run(place, { dataIn: packet, ctxIn: context(20, { 8: 8 }) });
    // FNV-1a of the eight bytes of the addresses
    let hash = 0x811c9dc5;
    for (const byte of packet.subarray(26, 34)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
    expect(result).toMatchObject({ outcome: "exited", retval: hash % 8 });
    expect(word(result.ctxOut!, 12)).toBe(hash);
    expect(result.ctxOut![16]).toBe(1);
    expect(result.dataOut).toEqual(packet);
    expect((await run(place, { dataIn: new Uint8Array(64), ctxIn: context(20, { 8: 8 }) })).retval).toBe(0);
    expect(await run(place, { dataIn: packet, ctxIn: context(24, { 20: 1 }) })).toMatchObject({ outcome: "refused", message: "E2BIG: ctx_in is longer than struct vnic_hash_md (20 bytes) and not zero there" });
  });

  it("fuse: reads pass, writes to a node of another user go to the daemon", async () => {
    const place = { file: "fuse", program: "pass_reads", kernel: "7.3", sample: "fuse-filter" };
    const ask = async (opcode: number, nodeid: number): Promise<number> => (await run(place, { ctxIn: context(48, { 0: opcode, 8: nodeid }) })).retval;
    expect(await ask(15, 5000)).toBe(0);
    expect(await ask(16, 7)).toBe(0);
    expect(await ask(16, 5000)).toBe(1);
    expect(await ask(1, 7)).toBe(1);
  });

  it("oom: pointers lead to objects; the one that may be NULL is, where the context says so; none comes back", async () => {
    const place = { file: "oom", program: "decides", kernel: "7.3", sample: "oom-policy" };
    // pid 1000, priority 120: worse than 100
    expect(await run(place, { ctxIn: context(32, { 24: 500 }) })).toMatchObject({ outcome: "exited", retval: 1, ctxOut: context(32, { 24: 500 }) });
    expect(await run(place, { ctxIn: context(32, { 8: 1, 24: 500 }) })).toMatchObject({ outcome: "exited", retval: 1 });
    expect(await run({ ...place, program: "keeps" })).toMatchObject({ outcome: "exited", retval: 0 });
  });

  it("hid: the report is changed in place; one too short is left alone", async () => {
    const place = { file: "hid", program: "turn_wheel", kernel: "7.3", sample: "hid-report" };
    expect(await run(place, { dataIn: Uint8Array.of(0, 4, 5, 1) })).toMatchObject({ retval: 0, dataOut: Uint8Array.of(0, 4, 5, 255) });
    expect(await run(place, { dataIn: Uint8Array.of(9, 9) })).toMatchObject({ retval: 0, dataOut: Uint8Array.of(9, 9) });
  });
});

describe("the samples", () => {
  const files = readdirSync(SAMPLES).filter((f) => f.endsWith(".json") && f !== "index.json").map((f) => f.slice(0, -5));
  /** shown by consequences.test.ts */
  const ELSEWHERE = new Set(["deprecated", "deprecated-without-date", "deprecation-passed", "removed", "renamed", "renamed-with-alias", "changed"]);
  it.each(files)("%s says what it is about and is in a table", (sample) => {
    const overlay = unwrap(parseOverlay(readFileSync(join(SAMPLES, `${sample}.json`), "utf8")));
    expect(overlay.title?.length).toBeGreaterThan(5);
    expect(overlay.description?.length).toBeGreaterThan(40);
    expect(overlay.base).toBeDefined();
    expect(ELSEWHERE.has(sample) || ROWS.some((row) => row.sample === sample)).toBe(true);
  });
});
