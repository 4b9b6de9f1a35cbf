import { beforeEach, describe, expect, it } from "vitest";
import { parseWorkshop } from "../workshop/parse.ts";
import { exportProgress } from "../workshop/progress.ts";
import { tinyFiles } from "../workshop/testing/tiny.ts";
import { memoryStore, type Store } from "./documents.ts";
import { Session } from "./session.ts";
import { progressKey, Taking } from "./taking.ts";
import { emptyProject } from "./project.ts";
import { FakeClock, FakeCompiler, FakeKernel, outcome, settle } from "./testing/fakes.ts";

const MAIN = "main.bpf.c";
const parsed = parseWorkshop(tinyFiles());
if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
const workshop = parsed.value;
const source = { kind: "own", id: "tiny" } as const;

let compiler: FakeCompiler;
let clock: FakeClock;
let kernel: FakeKernel;
let checker: FakeKernel;
let session: Session;
let store: Store;

beforeEach(() => {
  compiler = new FakeCompiler();
  clock = new FakeClock();
  kernel = new FakeKernel();
  checker = new FakeKernel();
  for (const k of [kernel, checker]) k.programs = [{ name: "gate", section: "xdp", type: "xdp", insns: 4 }];
  session = new Session({ compiler, kernel, clock, project: emptyProject() });
  store = memoryStore();
});

function take(step: string | null = null): Taking {
  const taking = new Taking({ session, compiler, store, clock, workshop, source, makePort: () => checker });
  taking.start(step);
  return taking;
}
const type = (text: string): void => session.update({ files: { ...session.project.value.files, [MAIN]: text } });
/** Lets the compile in flight come to an end and everything after it happen. */
async function arrive(answer = outcome()): Promise<void> {
  clock.advance(500);
  compiler.requests.at(-1)!.answer(answer);
  await settle();
  clock.advance(500);
  await settle();
  await settle();
}

describe("taking a workshop", () => {
  it("opens a step on its own kernel, flags, program and input, without clang", () => {
    const taking = take();
    expect(taking.step.value.id).toBe("01-pass");
    expect(session.project.value).toMatchObject({ kernel: "7.2", program: "gate", files: workshop.steps[0]!.starter, input: { preset: "udp-9999" } });
    expect(session.project.value.input.dataIn).toMatch(/^([0-9a-f]{2} )+/);
    expect(taking.checks.value.kind).toBe("none");
  });

  it("checks on every kernel the checks name, with what was found", async () => {
    checker.verdictOf = async (program, k) => ({ program, kernel: k, verdict: k === "5.10" ? "rejected" : "accepted", stage: "verify", message: k === "5.10" ? "invalid access to packet" : "", ms: 1 });
    const taking = take();
    type("int better;");
    await arrive();
    expect(taking.checks.value).toMatchObject({ kind: "done", stale: false, outcomes: [{ passed: false, detail: "5.10: rejected: invalid access to packet" }, { passed: true }] });
    expect(checker.calls.filter((c) => c.startsWith("check")).map((c) => c.split(" ").at(-1))).toEqual(expect.arrayContaining(["5.10", "7.2"]));
    expect(taking.own.value).toMatchObject({ passed: false, attempts: 1, files: { [MAIN]: "int better;" } });

    checker.verdictOf = async (program, k) => ({ program, kernel: k, verdict: "accepted", stage: "verify", message: "", ms: 1 });
    type("int good;");
    expect(taking.checks.value).toMatchObject({ kind: "done", stale: true });
    await arrive();
    expect(taking.own.value).toMatchObject({ passed: true, attempts: 2 });
  });

  it("shows each answer as it comes", async () => {
    let release: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => { release = resolve; });
    checker.verdictOf = async (program, k) => {
      if (k === "7.2") await slow;
      return { program, kernel: k, verdict: k === "5.10" ? "rejected" : "accepted", stage: "verify", message: "no", ms: 1 };
    };
    const taking = take();
    type("int better;");
    await arrive();
    expect(taking.checks.value).toMatchObject({ kind: "checking", fresh: [{ passed: false, detail: "5.10: rejected: no" }], last: null });
    release();
    await settle();
    expect(taking.checks.value).toMatchObject({ kind: "done", outcomes: [{ passed: false }, { passed: true }] });
  });

  it("an answer to an older text is dropped", async () => {
    let release: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => { release = resolve; });
    checker.verdictOf = async (program, k) => {
      await slow;
      return { program, kernel: k, verdict: "accepted", stage: "verify", message: "", ms: 1 };
    };
    const taking = take();
    type("int older;");
    await arrive();
    type("int newer;");
    const asked = checker.calls.length;
    release();
    await settle();
    expect(taking.own.value.passed).toBe(false);
    // Nothing more is asked about it, and the worker with its open packs goes on.
    expect(checker.calls.length).toBe(asked);
    expect(checker.restarts).toBe(0);
  });

  it("what does not compile fails with clang's words", async () => {
    const taking = take();
    type("oops");
    const said = { file: MAIN, line: 3, col: 1, endLine: 3, endCol: 2, severity: "error" as const, message: "unknown type name 'oops'", flag: null, fixits: [], notes: [] };
    await arrive(outcome(null, [said]));
    expect(taking.checks.value).toMatchObject({ kind: "done", outcomes: [{ passed: false, detail: "it does not compile: line 3: unknown type name 'oops'" }, { passed: false }] });
  });

  it("is judged for the step's kernel and flags whatever the rail shows", async () => {
    take();
    type("int x; // vmlinux.h");
    await arrive();
    const before = compiler.requests.length;
    session.update({ kernel: "6.12" });
    await settle();
    compiler.requests.at(-1)!.answer(outcome());
    await settle();
    clock.advance(500);
    await settle();
    expect(compiler.requests.slice(before).map((r) => r.request.kernel)).toEqual(["6.12", "7.2"]);
  });

  it("each step has its own files; they come back after a reload", async () => {
    const first = take();
    type("int one;");
    first.goTo("02-count");
    expect(session.project.value.files).toEqual(workshop.steps[1]!.starter);
    type("int two;");
    first.goTo("01-pass");
    expect(session.project.value.files[MAIN]).toBe("int one;");
    first.stop();
    session.replaceProject(emptyProject());
    const again = take();
    expect(again.step.value.id).toBe("01-pass");
    expect(session.project.value.files[MAIN]).toBe("int one;");
    again.goTo("02-count");
    expect(session.project.value.files[MAIN]).toBe("int two;");
  });

  it("a reset gives the starter back and can be undone, and leaves the other steps", async () => {
    const taking = take("02-count");
    type("int two;");
    taking.goTo("01-pass");
    type("int one;");
    await arrive();
    expect(taking.own.value.passed).toBe(true);
    const undo = taking.reset();
    expect(session.project.value.files).toEqual(workshop.steps[0]!.starter);
    expect(taking.own.value.passed).toBe(false);
    expect(taking.own.value.files).toBeUndefined();
    expect(taking.progress.value.steps["02-count"]!.files).toEqual({ [MAIN]: "int two;" });
    undo();
    expect(session.project.value.files[MAIN]).toBe("int one;");
    expect(taking.own.value).toMatchObject({ passed: true, files: { [MAIN]: "int one;" } });
  });

  it("takes a solution and takes it back", () => {
    const taking = take();
    type("int mine;");
    const undo = taking.takeSolution();
    expect(session.project.value.files).toEqual(workshop.steps[0]!.solution);
    undo();
    expect(session.project.value.files[MAIN]).toBe("int mine;");
  });

  it("reveals hints one by one and no more than there are", () => {
    const taking = take();
    for (let i = 0; i < 5; i++) taking.revealHint();
    expect(taking.own.value.hintsSeen).toBe(2);
  });

  it("exports, imports elsewhere, refuses another workshop's file and keeps what is here", () => {
    const taking = take();
    type("int one;");
    const file = exportProgress(taking.progress.value);
    taking.stop();
    store = memoryStore();
    const other = take();
    expect(other.import("{}").ok).toBe(false);
    expect(session.project.value.files).toEqual(workshop.steps[0]!.starter);
    type("int typed before the import;");
    expect(other.import(file)).toEqual({ ok: true, value: undefined });
    expect(session.project.value.files[MAIN]).toBe("int one;");
    expect(other.own.value.files).toEqual({ [MAIN]: "int one;" });
  });

  it("two tabs on two steps do not undo each other", () => {
    const one = take("01-pass");
    type("int one;");
    one.save();
    const otherSession = new Session({ compiler: new FakeCompiler(), kernel: new FakeKernel(), clock, project: emptyProject() });
    const two = new Taking({ session: otherSession, compiler, store, clock, workshop, source, makePort: () => checker });
    two.start("02-count");
    otherSession.update({ files: { [MAIN]: "int two;" } });
    two.save();
    type("int one more;");
    one.save();
    const kept = JSON.parse(store.get(progressKey(workshop, source))!) as { steps: Record<string, { files: Record<string, string> }> };
    expect(kept.steps["01-pass"]!.files[MAIN]).toBe("int one more;");
    expect(kept.steps["02-count"]!.files[MAIN]).toBe("int two;");
  });

  it("a foreign workshop with the id of one of ours has progress of its own", () => {
    expect(progressKey({ id: "tiny" }, { kind: "url", url: "https://x/y.zip" })).not.toBe(progressKey({ id: "tiny" }, source));
  });
});
