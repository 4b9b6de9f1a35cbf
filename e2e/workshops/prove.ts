import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { unwrap } from "../../src/base/result.ts";
import { Engine } from "../../src/cli/engine.ts";
import { Bench } from "../../src/cli/workshop-attempt.ts";
import { readWorkshopFolder, WORKSHOPS } from "../../src/cli/workshop-files.ts";
import { findProblems } from "../../src/cli/workshop-problems.ts";
import { compileProblem, proveStep } from "../../src/cli/workshop-prove.ts";
import { parseWorkshop } from "../../src/workshop/parse.ts";
import type { Workshop } from "../../src/workshop/types.ts";

/** The shipped workshops whose names are wanted, read; throws with the first problem of one that is none. */
export async function shipped(names: readonly string[]): Promise<Workshop[]> {
  const out: Workshop[] = [];
  for (const name of names) {
    const read = parseWorkshop(unwrap(await readWorkshopFolder(join(WORKSHOPS, name))));
    if (!read.ok) throw new Error(`${name}: ${JSON.stringify(read.error[0])}`);
    out.push(read.value);
  }
  return out;
}

/** Tests for workshops: no problem and no advice, and for each step the proof that it can be done and is not done yet. */
export function proveAll(workshops: readonly Workshop[]): void {
  const engine = new Engine();
  const bench = new Bench(engine);
  let known: readonly string[] = [];
  beforeAll(async () => {
    known = unwrap(await engine.core.kernels()).map((k) => k.kernel);
  });
  for (const workshop of workshops) {
    it(`${workshop.id}: the files`, () => {
      expect(findProblems(workshop, known)).toEqual({ problems: [], advice: [] });
    });
    for (const step of workshop.steps) {
      it(`${workshop.id}: ${step.id}`, async () => {
        const proof = await proveStep(bench, workshop, step);
        expect(proof.solution.filter((o) => !o.passed), "the solution passes").toEqual([]);
        expect(proof.quotes, "what the text quotes is said").toEqual([]);
        if (step.checks.length > 0) expect(proof.starter.some((o) => !o.passed), "the starter does not yet pass").toBe(true);
        else expect(await compileProblem(bench, workshop, step)).toBeNull();
      });
    }
  }
}
