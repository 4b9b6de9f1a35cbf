import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { parseWorkshop } from "../workshop/parse.ts";
import type { CheckOutcome, Workshop, WorkshopProblem } from "../workshop/types.ts";
import { parseArgs } from "./args.ts";
import { Engine } from "./engine.ts";
import { Exit, usageError } from "./exit.ts";
import type { UsageError } from "./exit.ts";
import { paint } from "./output.ts";
import type { Output } from "./output.ts";
import { Bench } from "./workshop-attempt.ts";
import { readWorkshopFolder } from "./workshop-files.ts";
import { findProblems } from "./workshop-problems.ts";
import { compileProblem, proveStep } from "./workshop-prove.ts";
import type { StepProof } from "./workshop-prove.ts";

/**
 * `workshop check DIR…`: every problem of the files with its place, then the proof step by step. Exit status: 0 all proven,
 * 1 a solution fails or a starter passes, 2 a folder that cannot be read or is no workshop.
 */
export async function workshopCheck(args: readonly string[], out: Output): Promise<Result<Exit, UsageError>> {
  const parsed = parseArgs(args, { "--step": "value", "--json": "flag", "--files-only": "flag" });
  if (!parsed.ok) return err(usageError(parsed.error));
  const { files: folders, options } = parsed.value;
  if (folders.length === 0) return err(usageError("check takes at least one folder with a workshop.md"));
  const engine = new Engine();
  const bench = new Bench(engine);
  const kernels = await engine.core.kernels();
  if (!kernels.ok) return err(usageError(kernels.error));
  const report = options.has("--json") ? jsonReport(out) : textReport(out);
  let exit: Exit = Exit.ACCEPTED;
  for (const folder of folders) {
    const files = await readWorkshopFolder(folder);
    if (!files.ok) return err(usageError(files.error));
    const read = parseWorkshop(files.value);
    const found = read.ok ? findProblems(read.value, kernels.value.map((k) => k.kernel)) : { problems: read.error, advice: [] };
    for (const problem of found.problems) report.problem(folder, "problem", problem);
    for (const advice of found.advice) report.problem(folder, "advice", advice);
    if (!read.ok || found.problems.length > 0) {
      exit = Exit.USAGE;
      continue;
    }
    const workshop = read.value;
    const only = options.get("--step");
    const steps = workshop.steps.filter((s) => only === undefined || s.id === only);
    if (steps.length === 0) return err(usageError(`${folder}: no step "${only}"; there are ${workshop.steps.map((s) => s.id).join(", ")}`));
    if (options.has("--files-only")) {
      report.done(folder, workshop, null);
      continue;
    }
    const proofs: StepProof[] = [];
    for (const step of steps) {
      const proof = await proveStep(bench, workshop, step);
      proofs.push(proof);
      report.step(folder, proof);
      const broken = step.checks.length === 0 ? await compileProblem(bench, workshop, step) : null;
      if (broken !== null) report.problem(folder, "problem", { file: `${step.id}/starter`, path: "", message: `does not compile: ${broken}` });
      if (!proof.proven || broken !== null) exit = exit === Exit.USAGE ? exit : Exit.REJECTED;
    }
    report.done(folder, workshop, proofs);
  }
  return ok(exit);
}

interface Report {
  problem(folder: string, kind: "problem" | "advice", problem: WorkshopProblem): void;
  step(folder: string, proof: StepProof): void;
  /** proofs: null when only the files were looked at */
  done(folder: string, workshop: Workshop, proofs: readonly StepProof[] | null): void;
}

function textReport(out: Output): Report {
  return {
    problem: (folder, kind, p) => {
      const place = `${folder}${p.file === "" ? "" : `/${p.file}`}${p.path === "" ? "" : `: ${p.path}`}`;
      out.error(`${place}: ${kind === "advice" ? "advice: " : ""}${p.message}`);
    },
    step: (_folder, proof) => {
      const mark = proof.proven ? paint(out, "green", "✓") : paint(out, "red", "✗");
      const failing = proof.starter.filter((o) => !o.passed).length;
      const what = proof.solution.length === 0 ? "no task" : `${proof.solution.length} checks; the starter fails ${failing}`;
      out.line(`${mark} ${paint(out, "bold", proof.step)}  ${what}  ${paint(out, "grey", `${proof.kernels.join(", ")}; ${(proof.ms / 1000).toFixed(1)} s`)}`);
      for (const o of proof.solution) if (!o.passed) out.line(`    the solution fails "${o.title}": ${o.detail}`);
      for (const quote of proof.quotes) out.line(`    the text quotes "${quote}", which no kernel it names says about the starter`);
      if (proof.solution.length > 0 && failing === 0) out.line("    the starter passes every check: there is nothing to do");
    },
    done: (folder, workshop, proofs) => {
      const good = proofs?.filter((p) => p.proven).length;
      out.line(`${folder}: ${workshop.kind} "${workshop.title}", ${workshop.minutes} minutes, ${proofs === null ? `${workshop.steps.length} steps, files only` : `${good} of ${proofs.length} steps proven`}`);
    },
  };
}

/** One JSON object a line: problems, steps, and a closing line a folder. */
function jsonReport(out: Output): Report {
  const line = (value: object): void => out.line(JSON.stringify({ schema: 1, ...value }));
  const plain = (outcomes: readonly CheckOutcome[]): object[] => outcomes.map(({ title, passed, detail }) => ({ title, passed, ...(detail === "" ? {} : { detail }) }));
  return {
    problem: (folder, kind, problem) => line({ kind, folder, ...problem }),
    step: (folder, p) => line({ kind: "step", folder, step: p.step, proven: p.proven, kernels: p.kernels, solution: plain(p.solution), starter: plain(p.starter), ...(p.quotes.length > 0 ? { quotes: p.quotes } : {}), ms: Math.round(p.ms) }),
    done: (folder, workshop, proofs) =>
      line({ kind: "workshop", folder, id: workshop.id, title: workshop.title, steps: workshop.steps.length, proven: proofs?.filter((p) => p.proven).length ?? null }),
  };
}
