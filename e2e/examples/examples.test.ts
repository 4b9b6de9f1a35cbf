/** Every example of the page compiles without a warning, gets the verdicts it claims on the kernels it names, and does on its input what it says. */
import { beforeAll, describe, expect, it } from "vitest";
import { fromHex } from "../../src/base/bytes.ts";
import { unwrap } from "../../src/base/result.ts";
import { compileSource } from "../../src/cli/compile-source.ts";
import { Engine } from "../../src/cli/engine.ts";
import type { RunResult } from "../../src/emulator/types.ts";
import { exampleProject, EXAMPLES, type Example } from "../../src/session/examples/index.ts";
import { mainFile } from "../../src/session/project.ts";

const engine = new Engine();
let present: readonly string[] = [];
beforeAll(async () => {
  present = unwrap(await engine.core.kernels()).map((k) => k.kernel);
});

/** What a run on the example's own input must leave. */
const RUNS: Readonly<Record<string, (run: RunResult) => void>> = {
  "xdp-drop-udp": (run) => {
    expect(run.retval).toBe(1);
    expect(run.trace.join()).toContain("dropped 55 bytes");
  },
  "xdp-count": (run) => {
    const tcp = run.maps.find((m) => m.name === "by_protocol")!.entries[6]!;
    expect([...tcp.value.subarray(0, 8)]).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
    expect(tcp.value[8]).toBe(54);
  },
  "xdp-reflect": (run) => {
    expect(run.retval).toBe(3);
    expect([...run.dataOut!.subarray(0, 12)]).toEqual([2, 0, 0, 0, 0, 10, 2, 0, 0, 0, 0, 11]);
  },
  "tc-ttl": (run) => {
    expect(run.retval).toBe(0);
    expect(run.dataOut![22]).toBe(7);
    let sum = 0;
    for (let i = 14; i < 34; i += 2) sum += (run.dataOut![i]! << 8) | run.dataOut![i + 1]!;
    expect((sum & 0xffff) + (sum >>> 16)).toBe(0xffff);
  },
  "socket-filter": (run) => expect(run.retval).toBe(64),
  "lpm-firewall": (run) => expect(run.retval).toBe(1),
  ringbuf: (run) => {
    expect(run.retval).toBe(2);
    expect(run.events?.[0]?.map).toBe("events");
    expect([...run.events![0]!.data.subarray(0, 4)]).toEqual([192, 0, 2, 10]);
  },
  "raw-tracepoint": (run) => expect(run.maps.find((m) => m.name === "calls")!.entries.map((e) => e.key[0])).toEqual([1]),
  loops: (run) => expect(run.retval).toBe(2),
  functions: (run) => expect(run.retval).toBe(2),
};

async function build(example: Example, kernel: string): Promise<{ id: string; program: string }> {
  const project = exampleProject(example);
  const { flags } = project;
  const compiled = unwrap(await compileSource(engine, { files: project.files, main: mainFile(project)! }, kernel, project.overlay, { opt: flags.opt, debug: flags.debug, mcpu: flags.mcpu }));
  expect(compiled.diagnostics, compiled.stderr).toEqual([]);
  const id = `${example.id}-${kernel}`;
  const summary = unwrap(await engine.core.open(id, compiled.object!));
  return { id, program: example.program ?? summary.programs[0]!.name };
}

describe("examples", () => {
  it("are at least twelve, with ids of their own and real text", () => {
    expect(EXAMPLES.length).toBeGreaterThanOrEqual(12);
    expect(new Set(EXAMPLES.map((e) => e.id)).size).toBe(EXAMPLES.length);
    for (const example of EXAMPLES) expect(exampleProject(example).files["main.bpf.c"]).toContain("SEC(");
  });

  for (const example of EXAMPLES) {
    for (const [kernel, expected] of [[example.kernel, example.expect] as const, ...Object.entries(example.elsewhere ?? {})]) {
      it(`${example.id} on ${kernel}: ${expected}`, async () => {
        expect(present).toContain(kernel);
        const project = exampleProject(example);
        const { id, program } = await build(example, kernel);
        const verdict = await engine.core.check(id, program, kernel, project.overlay, { logLevel: 1 });
        expect(verdict.verdict, verdict.message).toBe(expected);
        if (example.id === "deprecated") expect(verdict.warnings?.join()).toContain("7.6");
        if (kernel !== example.kernel || expected !== "accepted" || !RUNS[example.id]) return;
        const bytes = (text: string): Uint8Array | null => (text === "" ? null : fromHex(text)!);
        const maps = Object.fromEntries(Object.entries(project.maps).map(([name, entries]) => [name, entries.map((e) => ({ key: fromHex(e.key)!, value: fromHex(e.value)! }))]));
        const run = unwrap(await engine.core.run(id, project.overlay, { program, kernel, dataIn: bytes(project.input.dataIn), ctxIn: bytes(project.input.ctxIn), repeat: 1, maps }));
        expect(run.outcome, run.message).toBe("exited");
        RUNS[example.id]!(run);
      }, 120_000);
    }
  }
});
