/** Programs as people type them: our verdicts, messages and runs against what real kernels answered (README.md). */
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../../src/base/result.ts";
import { Engine } from "../../src/cli/engine.ts";
import { replay } from "../../src/emulator/testing/replay.ts";
import type { LoadError } from "../../src/loader/types.ts";
import { imageRecord } from "../oracle/images.ts";
import { hexDigest } from "../oracle/judge.ts";
import { compareAll, openAll } from "./compare.ts";
import { KNOWN } from "./known.ts";
import { askedOf, compileTyped, listTyped, readTyped, sourceNames } from "./programs.ts";
import { typedRuns } from "./runs.ts";

const engine = new Engine();
let objects: Map<string, Uint8Array>;
let refused: Map<string, LoadError>;
beforeAll(async () => {
  objects = await compileTyped(engine);
  refused = await openAll(engine, objects);
}, 600_000);

describe.each(listTyped())("typed programs on %s", (kernel) => {
  const recording = readTyped(kernel);

  it("the recording is of this image, of these sources, and of these runs", () => {
    expect(recording.release).toBe(imageRecord(kernel).release);
    expect(recording.objects.map((entry) => entry.object)).toEqual(sourceNames().filter((name) => askedOf(kernel, name)));
    expect(recording.objects.filter((entry) => hexDigest(objects.get(entry.object)!) !== entry.sha256).map((entry) => entry.object)).toEqual([]);
    expect(recording.runs.map((entry) => entry.run)).toEqual(typedRuns().filter((run) => askedOf(kernel, run.source)));
  });

  it("verdicts, stages, messages and processed instructions are the same, but for what is known", async () => {
    const different: string[] = [];
    for await (const { object, program, difference } of compareAll(engine, recording, refused)) if (difference) different.push(`${object}:${program} ${difference}`);
    expect(different.sort()).toEqual([...(KNOWN[kernel]?.verdicts ?? [])].sort());
  });

  it("runs leave the same", async () => {
    const real = unwrap(await engine.core.store.kernel(kernel, null));
    const wrong = recording.runs.flatMap(({ run, result }) => (result.failed ? [] : replay({ ...run, result }, objects.get(run.source)!, real).map((line) => `${run.source}: ${run.name}: ${line}`)));
    expect(wrong).toEqual([...(KNOWN[kernel]?.runs ?? [])]);
  });
});
