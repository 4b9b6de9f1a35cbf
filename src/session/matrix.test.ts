import { describe, expect, it } from "vitest";
import { cellKey, Matrix, minimumKernel, type Cell } from "./matrix.ts";
import { FakeClock, FakeKernel } from "./testing/fakes.ts";

const kernels = ["5.10", "6.1", "7.2", "7.3"];
const row = (text: string): Cell[] => [...text].map((c, i) => ({ kind: "done", verdict: { program: "p", kernel: kernels[i]!, verdict: c === "+" ? "accepted" : "rejected", stage: "verify", message: "", ms: 1 } }));

describe("the matrix", () => {
  it("fills every cell, newest kernel first", async () => {
    const kernel = new FakeKernel();
    const matrix = new Matrix(() => kernel, new FakeClock());
    await matrix.fill({ object: { id: "o", name: "o", bytes: new Uint8Array(), from: "source" }, programs: ["first", "second"], kernels, overlay: null, first: "second" });
    expect(matrix.cells.value.size).toBe(8);
    expect(matrix.cells.value.get(cellKey("first", "5.10"))).toMatchObject({ kind: "done", verdict: { verdict: "accepted" } });
    expect(kernel.calls.slice(0, 3)).toEqual(["open o", "check o second 7.3", "check o first 7.3"]);
    expect(matrix.progress.value).toBeNull();
  });

  it("gives way to a newer job", async () => {
    const kernel = new FakeKernel();
    const matrix = new Matrix(() => kernel, new FakeClock());
    const job = (id: string) => ({ object: { id, name: "o", bytes: new Uint8Array(), from: "source" as const }, programs: ["first"], kernels, overlay: null, first: null });
    await Promise.all([matrix.fill(job("a")), matrix.fill(job("b"))]);
    expect(matrix.objectId.value).toBe("b");
    expect(kernel.calls.filter((c) => c.startsWith("check b"))).toHaveLength(4);
    expect(kernel.calls.filter((c) => c.startsWith("check a")).length).toBeLessThan(3);
  });

  it.each([["++++", "all, from 5.10"], ["--++", "needs 7.2"], ["++--", "up to 6.1"], ["----", "none"], ["-+-+", "6.1, 7.3 only"], ["-++-", "from 6.1 to 7.2"], ["-+--", "6.1 only"]])("in words: %s", (text, words) => {
    expect(minimumKernel(row(text), kernels)).toContain(words);
  });
  it("does not count what is not simulated as a refusal", () => {
    const cells = row("-+++");
    const unknown = cells.map((cell, i): Cell => (i === 1 && cell.kind === "done" ? { kind: "done", verdict: { ...cell.verdict, verdict: "unsupported" } } : cell));
    expect(minimumKernel(unknown, kernels)).toBe("needs 7.2 or newer; not known for 6.1");
  });
  it("waits for all cells", () => expect(minimumKernel([...row("++"), { kind: "waiting" }], kernels)).toBeNull());
});
