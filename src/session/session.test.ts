import { beforeEach, describe, expect, it } from "vitest";
import { emptyProject } from "./project.ts";
import { Session } from "./session.ts";
import { FakeClock, FakeCompiler, FakeKernel, outcome, settle } from "./testing/fakes.ts";
import type { ProgramVerdict } from "../workers/kernel-api.ts";

const MAIN = "main.bpf.c";
const source = (text: string) => ({ ...emptyProject(), files: { [MAIN]: text } });

let compiler: FakeCompiler;
let kernel: FakeKernel;
let clock: FakeClock;
let session: Session;

beforeEach(() => {
  compiler = new FakeCompiler();
  kernel = new FakeKernel();
  clock = new FakeClock();
  session = new Session({ compiler, kernel, clock, project: source("int a; // vmlinux.h") });
});

async function built(): Promise<void> {
  session.start();
  compiler.requests.at(-1)!.answer(outcome());
  await settle();
}

describe("compile, open, check", () => {
  it("goes the whole way at the start", async () => {
    session.start();
    expect(session.compile.value.kind).toBe("compiling");
    compiler.requests[0]!.answer(outcome());
    await settle();
    expect(session.compile.value).toMatchObject({ kind: "done", errors: 0 });
    expect(session.object.value?.name).toBe("main.bpf.o");
    expect(session.program.value?.name).toBe("first");
    expect(session.verdict.value?.verdict).toBe("accepted");
    expect(session.disasm.value?.ok).toBe(true);
    expect(session.kernels.value).toMatchObject({ ok: true });
  });

  it("waits for a pause in typing and compiles the newest text once", async () => {
    await built();
    for (const text of ["int ab; // vmlinux.h", "int abc; // vmlinux.h", "int abcd; // vmlinux.h"]) {
      session.update({ files: { [MAIN]: text } });
      clock.advance(100);
    }
    expect(compiler.requests).toHaveLength(1);
    expect(session.compile.value.kind).toBe("waiting");
    expect(session.check.value).toMatchObject({ kind: "done", stale: true });
    clock.advance(400);
    expect(compiler.requests).toHaveLength(2);
    expect(compiler.requests[1]!.request.files[MAIN]).toContain("abcd");
  });

  it("cancels the compile in flight and drops its answer", async () => {
    session.start();
    session.update({ files: { [MAIN]: "newer" } });
    clock.advance(400);
    expect(compiler.cancelled).toBe(1);
    compiler.requests[1]!.answer(outcome(new Uint8Array([2])));
    await settle();
    compiler.requests[0]!.answer(outcome(new Uint8Array([9])));
    await settle();
    expect(session.object.value?.bytes).toEqual(new Uint8Array([2]));
  });

  it("does not compile while typing when that is switched off, and does on a run", async () => {
    session.autoCompile.value = false;
    session.update({ files: { [MAIN]: "int x;" } });
    clock.advance(5000);
    expect(compiler.requests).toHaveLength(0);
    const run = session.runNow();
    compiler.requests[0]!.answer(outcome());
    await run;
    expect(session.run.value).toMatchObject({ kind: "done", program: "first", result: { retval: 2 } });
  });

  it("shows errors and no object when the text does not compile", async () => {
    await built();
    session.update({ files: { [MAIN]: "broken" } });
    clock.advance(400);
    compiler.requests.at(-1)!.answer(outcome(null, [{ severity: "error", file: MAIN, line: 1, col: 1, endLine: 1, endCol: 2, message: "no", flag: null, fixits: [], notes: [] }]));
    await settle();
    expect(session.compile.value).toMatchObject({ kind: "done", errors: 1 });
    expect(session.object.value).toBeNull();
    expect(session.check.value.kind).toBe("none");
    await session.runNow();
    expect(session.run.value.kind).toBe("none");
  });

  it("says so when there is no compiler, and goes on with uploads", async () => {
    session.start();
    compiler.requests[0]!.answer({ ok: false, error: "offline" });
    await settle();
    expect(session.compile.value).toEqual({ kind: "broken", message: "offline" });
    await session.upload("x.o", new Uint8Array([3]));
    expect(session.verdict.value?.verdict).toBe("accepted");
    session.update({ kernel: "6.1" });
    await settle();
    expect(session.verdict.value?.kernel).toBe("6.1");
    expect(compiler.requests).toHaveLength(1);
  });

  it("compiles at once for another kernel when its vmlinux.h is used, and only checks when it is not", async () => {
    await built();
    session.update({ kernel: "6.12" });
    expect(compiler.requests).toHaveLength(2);
    expect(compiler.requests[1]!.request.kernel).toBe("6.12");
    compiler.requests[1]!.answer(outcome());
    await settle();
    session.update({ files: { [MAIN]: "int no_header;" } });
    clock.advance(400);
    compiler.requests[2]!.answer(outcome());
    await settle();
    session.update({ kernel: "6.1" });
    await settle();
    expect(compiler.requests).toHaveLength(3);
    expect(session.verdict.value).toMatchObject({ kernel: "6.1" });
  });

  it("checks again for another program or log level without compiling", async () => {
    await built();
    session.update({ program: "second" });
    await settle();
    expect(session.verdict.value?.program).toBe("second");
    session.update({ logLevel: 2 });
    await settle();
    expect(compiler.requests).toHaveLength(1);
    expect(kernel.calls.filter((c) => c.startsWith("check"))).toHaveLength(3);
  });
});

describe("slow and dying workers", () => {
  it("ends a slow check when a newer one is wanted, and opens the object again", async () => {
    await built();
    let answer: (v: ProgramVerdict) => void = () => undefined;
    kernel.verdictOf = () => new Promise((resolve) => { answer = resolve; });
    session.update({ program: "second" });
    await settle();
    expect(session.check.value.kind).toBe("checking");
    clock.advance(1000);
    kernel.verdictOf = async (program, k) => ({ program, kernel: k, verdict: "rejected", stage: "verify", message: "no", ms: 1 });
    session.update({ program: "first" });
    await settle();
    expect(kernel.restarts).toBe(1);
    expect(session.verdict.value).toMatchObject({ program: "first", verdict: "rejected" });
    answer({ program: "second", kernel: "7.2", verdict: "accepted", stage: "verify", message: "", ms: 1 });
    await settle();
    expect(session.verdict.value).toMatchObject({ program: "first", verdict: "rejected" });
  });

  it("stops on request", async () => {
    await built();
    kernel.verdictOf = () => new Promise(() => undefined);
    session.update({ logLevel: 2 });
    await settle();
    session.stop();
    await settle();
    expect(session.verdict.value?.verdict).toBe("stopped");
  });

  it("stops a run on request", async () => {
    await built();
    kernel.api.run = () => new Promise(() => undefined);
    void session.runNow();
    await settle();
    expect(session.run.value.kind).toBe("running");
    session.stop();
    await settle();
    expect(session.run.value.kind).toBe("stopped");
  });

  it("survives a worker that throws", async () => {
    await built();
    kernel.verdictOf = async () => { throw new Error("crash"); };
    session.update({ logLevel: 2 });
    await settle();
    expect(session.verdict.value?.verdict).toBe("stopped");
    kernel.verdictOf = async (program, k) => ({ program, kernel: k, verdict: "accepted", stage: "verify", message: "", ms: 1 });
    session.update({ logLevel: 1 });
    await settle();
    expect(session.verdict.value?.verdict).toBe("accepted");
  });
});

describe("inputs of a run", () => {
  it("names the field that is not hexadecimal", async () => {
    await built();
    session.update({ input: { ...session.project.value.input, dataIn: "zz" } });
    await session.runNow();
    expect(session.run.value).toMatchObject({ kind: "refused", message: expect.stringContaining("packet") });
    session.update({ input: { ...session.project.value.input, dataIn: "00" }, maps: { counts: [{ key: "0", value: "00" }] } });
    await session.runNow();
    expect(session.run.value).toMatchObject({ kind: "refused", message: expect.stringContaining("entry 1 of map counts") });
  });
});

describe("projects", () => {
  it("drops everything of the old project when another is opened", async () => {
    await built();
    session.replaceProject(source("other"));
    expect(session.object.value).toBeNull();
    expect(session.verdict.value).toBeNull();
    expect(compiler.requests.at(-1)!.request.files[MAIN]).toBe("other");
  });

  it("is idle on an empty file", async () => {
    session.replaceProject(source("  \n"));
    await settle();
    expect(session.compile.value.kind).toBe("idle");
    expect(compiler.requests).toHaveLength(0);
  });
});
