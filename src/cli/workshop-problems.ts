/** What the parser cannot know: whether kernels, custom kernels, presets, bytes, file names and links of a workshop exist and can be used. */
import { fromHex } from "../base/bytes.ts";
import { nearestNames } from "../kernel/nearest.ts";
import { parseOverlay } from "../kernel/overlay.ts";
import { PRESETS } from "../session/packets/presets.ts";
import { fileNameProblem } from "../session/project.ts";
import { plainHex } from "../workshop/checks.ts";
import { splitKernelName } from "../workshop/kernels.ts";
import { readLink } from "../workshop/links.ts";
import type { StepInput, Workshop, WorkshopProblem, WorkshopStep } from "../workshop/types.ts";

export interface Findings {
  /** have to be mended */
  problems: WorkshopProblem[];
  /** would be better otherwise */
  advice: WorkshopProblem[];
}

/** Releases and custom kernels that a step and its checks name. */
export function kernelsOfStep(step: WorkshopStep): string[] {
  return [...new Set([step.lab === null ? step.kernel : `${step.kernel}+${step.lab}`, ...step.kernels, ...step.checks.flatMap((c) => c.kernels)])];
}

/** Looks a parsed workshop through. `known`: the releases there are. */
export function findProblems(workshop: Workshop, known: readonly string[]): Findings {
  const found: Findings = { problems: [], advice: [] };
  labProblems(workshop, found);
  for (const step of workshop.steps) stepProblems(step, workshop, known, found);
  linkProblems("workshop.md", workshop.about, workshop, found);
  const sum = workshop.steps.reduce((total, step) => total + step.minutes, 0);
  if (sum !== workshop.minutes) found.advice.push({ file: "workshop.md", path: "minutes", message: `says ${workshop.minutes}, and the steps' minutes are ${sum} together` });
  return found;
}

function labProblems(workshop: Workshop, found: Findings): void {
  const used = new Set(workshop.steps.flatMap(kernelsOfStep).map((name) => splitKernelName(name)?.lab));
  for (const [name, text] of Object.entries(workshop.labs)) {
    const file = `labs/${name}.json`;
    const overlay = parseOverlay(text);
    if (!overlay.ok) found.problems.push({ file, path: "", message: overlay.error });
    else if (overlay.value.name !== name) found.problems.push({ file, path: "name", message: `is "${overlay.value.name}"; it has to be "${name}", as the file is called, since it is shown after the release` });
    if (!used.has(name)) found.advice.push({ file, path: "", message: "no step names this custom kernel" });
  }
}

function stepProblems(step: WorkshopStep, workshop: Workshop, known: readonly string[], found: Findings): void {
  const file = `${step.id}/step.md`;
  for (const name of kernelsOfStep(step)) {
    const release = splitKernelName(name)?.release ?? name;
    if (known.includes(release)) continue;
    const near = nearestNames(release, known, 1)[0];
    found.problems.push({ file, path: "kernel", message: `there is no kernel ${release}${near === undefined ? "" : ` (nearest: ${near})`}; there are ${known.join(", ")}` });
  }
  for (const [kind, files] of [["starter", step.starter], ["solution", step.solution]] as const) {
    const names = Object.keys(files);
    for (const name of names) {
      const problem = fileNameProblem(name);
      if (problem !== null) found.problems.push({ file: `${step.id}/${kind}/${name}`, path: "", message: problem });
    }
    if (names.length > 0 && !names.some((n) => n.endsWith(".c"))) found.problems.push({ file: `${step.id}/${kind}`, path: "", message: "holds no .c file" });
  }
  inputProblems(step.input, file, "input", found);
  for (const [i, check] of step.checks.entries()) {
    const path = `checks[${i}]`;
    if ("input" in check) inputProblems(check.input, file, `${path}.input`, found);
    if (check.kind === "map") hexProblems([["key", check.key], ["value", check.value]], file, path, found);
    if (check.kind === "packet_out") hexProblems([["packet_out", check.hex]], file, path, found);
    if (check.kind === "answer" && check.accepted.length === 0) found.problems.push({ file, path: `${path}.answer`, message: "names no accepted answer" });
  }
  linkProblems(file, step.text, workshop, found);
  linkProblems(`${step.id}/notes.md`, step.notes, workshop, found);
  step.hints.forEach((hint, i) => linkProblems(`${file}: hints[${i}]`, hint, workshop, found));
  const advise = (path: string, message: string): void => void found.advice.push({ file, path, message });
  if (step.goal === "") advise("goal", "is missing: one sentence, what is true when the step is done");
  if (step.checks.length > 0 && step.hints.length === 0) advise("hints", "there are none: two or three keep people from being stuck");
  if (step.notes.trim() === "") advise("", `there are no notes for whoever gives the workshop (${step.id}/notes.md)`);
}

function inputProblems(input: StepInput | null, file: string, path: string, found: Findings): void {
  if (!input) return;
  if (input.preset !== null && !PRESETS.some((p) => p.id === input.preset)) {
    found.problems.push({ file, path: `${path}.preset`, message: `"${input.preset}" is no packet; there are ${PRESETS.map((p) => p.id).join(", ")}` });
  }
  hexProblems([["data", input.dataIn], ["ctx", input.ctxIn]], file, path, found);
  for (const [map, entries] of Object.entries(input.maps)) {
    for (const [i, entry] of entries.entries()) hexProblems([["key", entry.key], ["value", entry.value]], file, `${path}.maps.${map}[${i}]`, found);
  }
}

function hexProblems(fields: readonly (readonly [string, string | null])[], file: string, path: string, found: Findings): void {
  for (const [name, text] of fields) {
    if (text === null || fromHex(plainHex(text))) continue;
    found.problems.push({ file, path: `${path}.${name}`, message: `"${text.length > 40 ? `${text.slice(0, 37)}…` : text}" is neither hexadecimal ("0a 00") nor numbers with a width ("u32 10, u64 1")` });
  }
}

/** Links that the page would not follow, and links to steps that are not there. */
function linkProblems(file: string, text: string, workshop: Workshop, found: Findings): void {
  for (const [, href = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    const link = readLink(href);
    if (!link) found.problems.push({ file, path: "", message: `the link "${href}" is not followed: an address of the web, or an action such as do:kernel/7.2` });
    else if (link.kind === "step" && !workshop.steps.some((s) => s.id === link.step)) found.problems.push({ file, path: "", message: `the link "${href}" leads to no step` });
  }
}
