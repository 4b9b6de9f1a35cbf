import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../base/bytes.ts";
import { err, ok } from "../base/result.ts";
import { buildApiDb, kernelApis } from "../kernel/api-life.ts";
import { storeApiDb } from "../kernel/api-store.ts";
import { makeKernel } from "../kernel/kernel.ts";
import { smallPack } from "../kernel/testing/small-pack.ts";
import type { BoundProgram, ObjectSpec } from "../loader/types.ts";
import type { VerifyResult } from "../verifier/types.ts";
import type { Doors } from "./doors.ts";
import { KernelCore } from "./kernel-core.ts";

const kernels = ["6.16", "6.18", "7.2"];
/** 6.18 on lacks bpf_old; "6.19" is listed but damaged. */
const pack = (name: string) => {
  const whole = smallPack(name);
  return name === "6.16" ? whole : { ...whole, manifest: { ...whole.manifest, kfuncs: whole.manifest.kfuncs.filter((k) => k.name !== "bpf_old") } };
};
const db = buildApiDb(kernels.map((k) => { const made = makeKernel(pack(k)); if (!made.ok) throw new Error(made.error); return kernelApis(made.value); }));

const insns = [{ code: 0xb7, dst: 0, src: 0, off: 0, imm: 0 }, { code: 0x85, dst: 0, src: 0, off: 0, imm: 1 }, { code: 0x95, dst: 0, src: 0, off: 0, imm: 0 }];
const program = (name: string) => ({ name, section: "fentry/x", type: "tracing", attachType: null, attachTo: null, sleepable: false, autoload: true, flags: 0, sectionIndex: 1, sectionOffset: 0, insns });
const spec: ObjectSpec = { license: "GPL", kernVersion: 0, btf: null, programs: [program("calls_old"), program("fine"), program("helper"), program("crash")], maps: [], externs: [] };

const accepted: VerifyResult = {
  verdict: "accepted", message: "", log: "", warnings: [], visits: [], logCut: false,
  stats: { insns: 3, maxStatesPerInsn: 0, totalStates: 1, peakStates: 1, stackDepths: [0], ms: 0 },
};
const fetched: string[] = [];
let opened = 0;

function core(overrides: Partial<Doors> = {}): KernelCore {
  const doors: Doors = {
    openPack: async (bytes) => {
      opened++;
      const name = new TextDecoder().decode(bytes);
      return name === "damaged" ? err("its checksum does not fit") : ok(pack(name));
    },
    printVmlinuxH: () => "/* types */\n",
    openObject: (bytes) => (bytes[0] === 0 ? err({ stage: "open", verdict: "rejected", message: "not an ELF", log: [] }) : ok(spec)),
    bindProgram: (_spec, name, kernel) => {
      if (name === "calls_old" && !kernel.kfunc("bpf_old")) {
        return err({ stage: "resolve", verdict: "rejected", message: "extern (func ksym) 'bpf_old': not found in kernel or module BTFs", subject: { kind: "kfunc", name: "bpf_old" }, log: [] });
      }
      const bound = { name, type: "tracing", insns, maps: [], kfuncModules: [null], kfuncs: [], calls: [], funcInfo: [], lineInfo: [{ insn: 1, file: "a.c", line: 7, col: 3, text: "  bpf_map_lookup_elem(…);" }], subprogs: new Map([[0, name]]), warnings: [] };
      return ok(bound as unknown as BoundProgram);
    },
    verify: (bound) => {
      if (bound.name === "crash") throw new Error("boom");
      return bound.name === "helper" ? { ...accepted, verdict: "rejected", message: "program of this type cannot use helper bpf_map_lookup_elem#1" } : accepted;
    },
    runProgram: () => ({ outcome: "exited", retval: 2, dataOut: null, ctxOut: null, maps: [], trace: [], insnsExecuted: 3, nsPerRun: 1 }),
    ...overrides,
  };
  const entry = (kernel: string) => ({ kernel, release: `${kernel}.1`, file: `${kernel}.pack`, bytes: 9, sha256: "", helpers: 2, kfuncs: 2, btf: true });
  return new KernelCore({
    doors, maxPacks: 2, pause: async () => undefined,
    fetch: async (file) => {
      fetched.push(file);
      if (file === "index.json") return ok(encodeUtf8(JSON.stringify({ schema: 1, kernels: [...kernels, "6.19"].map(entry) })));
      if (file === "api.json") return ok(encodeUtf8(storeApiDb(db)));
      return ok(encodeUtf8(file === "6.19.pack" ? "damaged" : file.replace(".pack", "")));
    },
  });
}
const quiet = { logLevel: 0 };

describe("the engine", () => {
  it("lists kernels oldest first", async () => {
    const list = await core().kernels();
    expect(list.ok && list.value.map((k) => k.kernel)).toEqual(["6.16", "6.18", "6.19", "7.2"]);
  });

  it("judges, and explains a kfunc that is gone", async () => {
    const engine = core();
    await engine.open("o", new Uint8Array([1]));
    expect(await engine.check("o", "calls_old", "6.16", null, quiet)).toMatchObject({ verdict: "accepted", verify: { stats: { insns: 3 } } });
    expect(await engine.check("o", "calls_old", "6.18", null, quiet)).toMatchObject({
      verdict: "rejected", stage: "resolve", api: { name: "bpf_old", status: "removed", until: "6.16", sentences: [expect.stringContaining("bpf_old: in 6.16, gone in 6.18"), expect.anything(), expect.anything()] },
    });
    expect(await engine.check("o", "helper", "7.2", null, quiet)).toMatchObject({ verdict: "rejected", stage: "verify", api: { status: "not allowed" } });
  });

  it("explains a weak kfunc that the loader did not find, from what it poisoned", async () => {
    const engine = core({
      verify: () => ({ ...accepted, verdict: "rejected", message: "invalid func unknown#2002000000", insn: 1 }),
      bindProgram: (_spec, name) => ok({ name, type: "tracing", insns, maps: [], kfuncs: [], lineInfo: [], warnings: [], poisoned: new Map([[1, "kfunc 'bpf_old' is referenced but wasn't resolved"]]) } as unknown as BoundProgram),
    });
    await engine.open("o", new Uint8Array([1]));
    expect(await engine.check("o", "fine", "6.18", null, quiet)).toMatchObject({
      stage: "verify", message: "invalid func unknown#2002000000", note: "kfunc 'bpf_old' is referenced but wasn't resolved", api: { name: "bpf_old", status: "removed" },
    });
  });

  it("answers a defect with unsupported, an unknown program or object with a reason", async () => {
    const engine = core();
    expect(await engine.check("o", "fine", "7.2", null, quiet)).toMatchObject({ verdict: "rejected", message: "the object is not open" });
    expect((await engine.open("x", new Uint8Array([0]))).ok).toBe(false);
    await engine.open("o", new Uint8Array([1]));
    expect(await engine.check("o", "crash", "7.2", null, quiet)).toMatchObject({ verdict: "unsupported", message: "a defect in the verifier of this simulation: boom" });
    expect(await engine.check("o", "fien", "7.2", null, quiet)).toMatchObject({ message: 'the object has no program "fien" (nearest: fine)' });
  });

  it("a damaged pack is refused with a reason and others stay usable", async () => {
    const engine = core();
    await engine.open("o", new Uint8Array([1]));
    expect((await engine.loadKernel("7.2", null)).ok).toBe(true);
    expect(await engine.loadKernel("6.19", null)).toEqual({ ok: false, error: "kernel 6.19: its checksum does not fit" });
    expect(await engine.check("o", "fine", "6.19", null, quiet)).toMatchObject({ verdict: "unsupported", message: "kernel 6.19: its checksum does not fit" });
    expect(await engine.check("o", "fine", "7.2", null, quiet)).toMatchObject({ verdict: "accepted" });
    expect(await engine.loadKernel("9.9", null)).toMatchObject({ ok: false, error: expect.stringContaining('no kernel "9.9"') });
  });

  it("opens a pack once and keeps no more than it may", async () => {
    const engine = core();
    opened = 0;
    await engine.loadKernel("7.2", null);
    await engine.loadKernel("7.2", '{"schema":1,"name":"a"}');
    expect(opened).toBe(1);
    await engine.loadKernel("6.16", null);
    await engine.loadKernel("6.18", null);
    await engine.loadKernel("7.2", '{"schema":1,"name":"b"}');
    expect(opened).toBe(4);
  });

  it("takes overlays wherever a kernel goes", async () => {
    const engine = core();
    await engine.open("o", new Uint8Array([1]));
    const overlay = JSON.stringify({ schema: 1, name: "t", simulatedRelease: "7.6", changes: [{ op: "deprecate", kfunc: "bpf_old", removedIn: "7.6", replacement: "bpf_new" }, { op: "remove", kfunc: "zzz" }] });
    expect(await engine.loadKernel("6.16", overlay)).toMatchObject({ ok: true, value: { name: "6.16+t", notes: ["changes[1]: kernel 6.16 has no kfunc zzz to remove"] } });
    expect(await engine.check("o", "calls_old", "6.16", overlay, quiet)).toMatchObject({ verdict: "rejected", api: { status: "removed by policy", replacement: "bpf_new" } });
    expect(await engine.loadKernel("6.16", "{")).toMatchObject({ ok: false, error: expect.stringContaining("custom kernel: not JSON") });
    expect(await engine.vmlinuxH("6.16", '{"schema":1,"name":"t","changes":[{"op":"add","prototype":"int f(u64 a)","programTypes":["tracing"]}]}')).toMatchObject({ ok: true, value: expect.stringContaining('extern int f(u64 a) __attribute__((weak)) __attribute__((section(".ksyms")));') });
    expect(await engine.vmlinuxH("6.16", '{"schema":1,"name":"t","btf":false}')).toEqual({ ok: true, value: "/* types */\n" });
  });

  it("fills a matrix a kernel at a time, and stops when told", async () => {
    const engine = core();
    await engine.open("o", new Uint8Array([1]));
    const seen: string[] = [];
    const request = { objectId: "o", programs: ["fine", "calls_old"], kernels: ["6.16", "6.18", "7.2"], overlay: null };
    expect(await engine.matrix("1", request, (v) => seen.push(`${v.kernel} ${v.program} ${v.verdict}`))).toEqual({ ok: true, value: { judged: 6, cancelled: false } });
    expect(seen).toEqual(["7.2 fine accepted", "7.2 calls_old rejected", "6.18 fine accepted", "6.18 calls_old rejected", "6.16 fine accepted", "6.16 calls_old accepted"]);
    let count = 0;
    const stopped = await engine.matrix("2", request, () => { if (++count === 3) void engine.cancel("2"); });
    expect(stopped).toEqual({ ok: true, value: { judged: 3, cancelled: true } });
  });

  it("disassembles, also what a kernel refuses", async () => {
    const engine = core();
    await engine.open("o", new Uint8Array([1]));
    const lines = await engine.disasm("o", "fine", "7.2", null);
    expect(lines.ok && lines.value[1]).toMatchObject({ insn: 1, text: expect.stringContaining("call bpf_map_lookup_elem#1"), hex: "85 00 00 00 01 00 00 00", source: { file: "a.c", line: 7 }, call: { kind: "helper", name: "bpf_map_lookup_elem" } });
    expect((await engine.disasm("o", "calls_old", "7.2", null)).ok).toBe(true);
  });

  it("tells the life of an API and what changed", async () => {
    const engine = core();
    expect(await engine.api("bpf_old")).toMatchObject({ ok: true, value: { kind: "kfunc", rows: [{ kernel: "6.16" }, { kernel: "6.18", state: null, change: expect.stringContaining("gone") }, { kernel: "7.2", state: null }] } });
    expect(await engine.api("bpf_odl")).toEqual({ ok: false, error: 'no helper or kfunc "bpf_odl" (nearest: bpf_old)' });
    const changes = await engine.apiChanges("6.16", "7.2");
    expect(changes.ok && changes.value.map((c) => `${c.what} ${c.name}`)).toEqual(["removed bpf_old"]);
  });

  it("runs", async () => {
    const engine = core();
    await engine.open("o", new Uint8Array([1]));
    expect(await engine.run("o", null, { program: "fine", kernel: "7.2", dataIn: null, ctxIn: null, repeat: 1, maps: {} })).toMatchObject({ ok: true, value: { retval: 2 } });
  });
});
