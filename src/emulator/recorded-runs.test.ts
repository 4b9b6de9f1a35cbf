import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { listRunRecordings, readRunObject, readRunRecording, type RecordedRun } from "../../e2e/conformance/recorded-runs.ts";
import { hasPack, realKernel } from "./testing/real-kernel.ts";
import { replay } from "./testing/replay.ts";

// Programs of our own (e2e/programs/run) on packets and contexts, recorded on real kernels: return values, packets, contexts,
// trace lines and map contents must be the same here.
describe.each(listRunRecordings())("runs recorded on kernel %s", (release) => {
  const recording = readRunRecording(release);
  const bySource = new Map<string, RecordedRun[]>();
  for (const run of recording.runs) if (!run.result.failed) bySource.set(run.source, [...(bySource.get(run.source) ?? []), run]);

  test("there is a pack of it", () => {
    expect(hasPack(release)).toBe(true);
  });

  test.each([...bySource].map(([source, runs]) => [source, runs] as const))("%s", async (source, runs) => {
    const object = new Uint8Array(readRunObject(source));
    expect(createHash("sha256").update(object).digest("hex"), "the object is not the recorded one").toBe(recording.objects[source]);
    const kernel = await realKernel(release);
    const wrong = runs.flatMap((run) => replay(run, object, kernel).map((line) => `${run.name}: ${line}`));
    expect(wrong).toEqual([]);
  });
});
