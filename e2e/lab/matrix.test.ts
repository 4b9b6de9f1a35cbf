/** Releases and custom kernels as columns of one matrix, and what the page is told about a custom kernel. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../../src/base/result.ts";
import { compileSource } from "../../src/cli/compile-source.ts";
import { readSources } from "../../src/cli/sources.ts";
import type { ProgramVerdict } from "../../src/workers/kernel-api.ts";
import { engine, overlayFor, SAMPLES } from "./harness.ts";

const ID = "matrix";
beforeAll(async () => {
  const path = fileURLToPath(new URL("programs/clocks.bpf.c", import.meta.url));
  const compiled = unwrap(await compileSource(engine, unwrap(readSources(path)), "6.1", null, {}));
  unwrap(await engine.core.open(ID, compiled.object!));
});

describe("a matrix with columns", () => {
  it("hands each verdict over with its column", async () => {
    const distribution = await overlayFor("distribution-helpers", "5.10");
    const columns = [{ kernel: "5.10", overlay: null }, { kernel: "5.10", overlay: distribution }, { kernel: "6.1", overlay: null }];
    const verdicts: ProgramVerdict[] = [];
    const done = await engine.core.matrix("job", { objectId: ID, programs: ["coarse", "jiffies"], kernels: null, overlay: null, columns }, (v) => verdicts.push(v));
    expect(done).toEqual({ ok: true, value: { judged: 6, cancelled: false } });
    const row = (program: string) => columns.map((_, column) => verdicts.find((v) => v.program === program && v.column === column)?.verdict);
    expect(row("coarse")).toEqual(["rejected", "accepted", "accepted"]);
    expect(row("jiffies")).toEqual(["accepted", "rejected", "accepted"]);
    expect(verdicts.find((v) => v.column === 1)!.lab).toMatchObject({ name: "distro", kernel: "5.10+distro" });
    expect(verdicts.find((v) => v.column === 0)).not.toHaveProperty("lab");
  });
});

describe("what a form shows of a custom kernel", () => {
  it("versions, sets and program types", async () => {
    const policy = async (sample: string) => unwrap(await engine.core.labPolicy("7.3", await overlayFor(sample, "7.3"), "2026-11-20"));
    expect((await policy("api-versions"))!.api).toEqual({ version: 4, oldest: 2, supportWindow: 2 });
    expect((await policy("symbol-versions"))!.symbolSets).toEqual(["LINUX_7.1", "LINUX_7.2", "LINUX_7.3"]);
    expect((await policy("vnic-hash"))!.programTypes).toEqual([{ name: "vnic_hash", section: "vnic/hash", struct: "vnic_hash_md", about: "returns the number of the queue" }]);
    expect((await policy("deprecated"))!.changes[0]!.removal).toMatchObject({ release: "7.6", daysLeft: 163 });
  });

  it("C bodies wait for a compiler and are filled in by path", async () => {
    const text = readFileSync(`${SAMPLES}/added.json`, "utf8");
    const [body, more] = unwrap(await engine.core.labBodies(text));
    expect(more).toBeUndefined();
    expect(body).toMatchObject({ path: "changes[1].body", name: "bpf_lab_bits" });
    const filled = unwrap(await engine.core.withBodies(text, { [body!.path]: Uint8Array.of(1, 2, 3, 4) }));
    expect((JSON.parse(filled) as { changes: { body: { object?: string } }[] }).changes[1]!.body.object).toBe("AQIDBA==");
    expect(unwrap(await engine.core.labBodies(filled))).toEqual([]);
  });
});
