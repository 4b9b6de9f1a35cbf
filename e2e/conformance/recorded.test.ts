import { describe, expect, it } from "vitest";
import { hexDigest } from "../oracle/judge.ts";
import { imageRecord } from "../oracle/images.ts";
import { listRecordings, readRecording } from "./recorded.ts";
import { listRunRecordings, readRunObject, readRunRecording } from "./recorded-runs.ts";

describe.each(listRecordings())("answers of %s about the tests of %s", (kernel, tests) => {
  const recording = readRecording(kernel, tests);

  it("come from the recorded image", () => {
    expect(recording.release).toBe(imageRecord(kernel).release);
  });

  it("are complete, in order, and of one form", () => {
    const names = recording.objects.map((object) => object.object);
    expect(names).toEqual([...new Set(names)].sort());
    for (const object of recording.objects) {
      expect(object.sha256).toMatch(/^[0-9a-f]{64}$/);
      for (const program of object.programs) {
        const where = `${object.object} ${program.program}`;
        if (program.verdict === "accepted") {
          expect(program.insns, where).toBeGreaterThan(0);
          expect(program.errno, where).toBeUndefined();
        } else if (program.verdict === "rejected") {
          expect(program.errno, where).toBeGreaterThan(0);
        }
      }
    }
  });
});

describe.each(listRunRecordings())("runs on %s", (kernel) => {
  const recording = readRunRecording(kernel);

  it("belong to the objects in the tree", () => {
    for (const [source, sha256] of Object.entries(recording.objects)) expect(hexDigest(readRunObject(source)), source).toBe(sha256);
  });

  it("have a result for each step, or a reason", () => {
    for (const run of recording.runs) {
      if (!run.result.failed) expect(run.result.steps.length, run.name).toBe(run.steps.length);
      else expect(run.result.failed.messages.length, run.name).toBeGreaterThan(0);
    }
  });
});
