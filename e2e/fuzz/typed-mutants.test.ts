/** Mutants of the typed programs: our verdicts, messages and processed instructions against what real kernels answered (README.md). */
import { beforeAll, describe, expect, it } from "vitest";
import { Engine } from "../../src/cli/engine.ts";
import { imageRecord } from "../oracle/images.ts";
import { hexDigest } from "../oracle/judge.ts";
import { compareAll, openAll } from "../typed/compare.ts";
import { compileTyped } from "../typed/programs.ts";
import { listMutantRecordings, origin, readMutants, typedMutants } from "./typed-mutants.ts";

const engine = new Engine();
let mutants: Map<string, Uint8Array>;
let refused: Awaited<ReturnType<typeof openAll>>;
beforeAll(async () => {
  mutants = typedMutants(await compileTyped(engine));
  refused = await openAll(engine, mutants);
}, 600_000);

describe.each(listMutantRecordings())("mutants of the typed programs on %s", (kernel) => {
  const recording = readMutants(kernel);

  it("the recording is of this image and of these mutants", () => {
    expect(recording.release).toBe(imageRecord(kernel).release);
    expect(recording.objects.length).toBeGreaterThan(200);
    expect(recording.objects.filter(({ object, sha256 }) => hexDigest(mutants.get(object) ?? new Uint8Array()) !== sha256).map(({ object }) => origin(object))).toEqual([]);
  });

  it("the verifier answers the same", async () => {
    let verified = 0;
    const different: string[] = [];
    for await (const { object, program, want, got, difference } of compareAll(engine, { ...recording, runs: [] }, refused)) {
      if (want.stage !== "verify") continue;
      verified++;
      if (difference) different.push(`${object}:${program} ${difference}: ${want.message || want.verdict} / ${got.message || got.verdict}`);
    }
    expect(verified).toBeGreaterThan(1000);
    expect(different).toEqual([]);
  });
});
