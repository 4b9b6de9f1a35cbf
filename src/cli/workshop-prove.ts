/** The proof that a workshop can be taken: every solution passes, every starter does not yet. */
import { runChecks } from "../workshop/checks.ts";
import { ownKernel } from "../workshop/kernels.ts";
import type { CheckOutcome, Workshop, WorkshopStep } from "../workshop/types.ts";
import type { Bench } from "./workshop-attempt.ts";
import { kernelsOfStep } from "./workshop-problems.ts";
import { missingQuotes } from "./workshop-quotes.ts";

export interface StepProof {
  step: string;
  kernels: readonly string[];
  solution: readonly CheckOutcome[];
  starter: readonly CheckOutcome[];
  /** lines the text quotes from a kernel and no kernel says about the starter */
  quotes: readonly string[];
  /** every check passes with the solution, one or more fail with the starter, and quotes are true; a step without checks proves nothing and is fine */
  proven: boolean;
  /** milliseconds */
  ms: number;
}

/** Runs a step's checks on its solution and on its starter, with the real compiler, verifier and emulator. */
export async function proveStep(bench: Bench, workshop: Workshop, step: WorkshopStep): Promise<StepProof> {
  const start = performance.now();
  const outcomes = async (files: Readonly<Record<string, string>>): Promise<CheckOutcome[]> => runChecks(step, await bench.attempt(workshop, step, files));
  const starter = await outcomes(step.starter);
  const solution = step.checks.length > 0 ? await outcomes(step.solution) : [];
  const quotes = await missingQuotes(bench, workshop, step);
  const proven = quotes.length === 0 && (step.checks.length === 0 || (solution.every((o) => o.passed) && starter.some((o) => !o.passed)));
  return { step: step.id, kernels: kernelsOfStep(step), solution, starter, quotes, proven, ms: performance.now() - start };
}

/** A step without a task still shows a program: it has to compile. */
export async function compileProblem(bench: Bench, workshop: Workshop, step: WorkshopStep): Promise<string | null> {
  const attempt = await bench.attempt(workshop, step, step.starter);
  const built = await attempt.compile(ownKernel(step));
  return built.errors[0] ?? null;
}
