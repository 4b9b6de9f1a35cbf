import { err, ok, type Result } from "../base/result.ts";
import { splitFrontMatter } from "./front-matter.ts";
import { splitKernelName } from "./kernels.ts";
import { parseCheck, parseInput } from "./parse-check.ts";
import { FieldReader } from "./reader.ts";
import type { Source, Workshop, WorkshopProblem, WorkshopStep } from "./types.ts";

/** Caps against hostile workshops. */
export const LIMITS = { files: 500, fileBytes: 256 * 1024, totalBytes: 4 * 1024 * 1024, steps: 60, checksPerStep: 40, labs: 40 } as const;

const ID = /^[a-z0-9][a-z0-9-]{0,63}$/i;
const KINDS = ["workshop", "essay"] as const;

/**
 * Reads a workshop from its files, path → text, paths relative to the workshop's folder with "/" between names:
 * `workshop.md` (front matter: title, summary, …), custom kernels `labs/NAME.json`, then per step a folder with `step.md`,
 * `notes.md`, `starter/…`, `solution/…`. All problems are found at once. Never throws; hostile sizes are refused by LIMITS.
 */
export function parseWorkshop(files: Readonly<Record<string, string>>): Result<Workshop, WorkshopProblem[]> {
  const problems: WorkshopProblem[] = [];
  const paths = Object.keys(files).sort();
  const tooMuch = sizeProblem(files, paths);
  if (tooMuch !== null) return err([{ file: "", path: "", message: tooMuch }]);
  for (const p of paths) {
    if ((files[p]?.length ?? 0) > LIMITS.fileBytes) problems.push({ file: p, path: "", message: `is larger than ${LIMITS.fileBytes} bytes` });
    if (p.startsWith("/") || p.split("/").includes("..")) problems.push({ file: p, path: "", message: "paths stay inside the workshop's folder" });
  }
  const main = Object.hasOwn(files, "workshop.md") ? files["workshop.md"] : undefined;
  if (main === undefined) return err([...problems, { file: "workshop.md", path: "", message: "is missing: a workshop begins with workshop.md" }]);

  const labs = labsOf(files, paths, problems);
  const { data, body } = splitFrontMatter(main, "workshop.md", problems);
  const head = new FieldReader(data, "workshop.md", "", problems);
  const schema = head.number("schema");
  if (schema !== 1) head.fail("schema", `is ${schema}; this program reads schema 1`);
  const id = head.text("id");
  if (!ID.test(id)) head.fail("id", `"${id}" is not made of letters, digits and dashes`);
  const about = body.trim();
  const workshop = {
    schema: 1 as const, id,
    kind: head.choice("kind", KINDS, "workshop"),
    title: head.text("title"),
    summary: head.text("summary", about),
    about,
    minutes: head.positive("minutes"),
    language: head.text("language", "en"),
    authors: head.texts("authors"),
    license: head.text("license", ""),
    sources: sourcesOf(head, problems),
    labs,
  };
  const order = stepOrder(head, paths, problems);
  head.close();
  const steps = order.map((name) => parseStep(name, files, workshop.kind, labs, problems));
  return problems.length > 0 ? err(problems) : ok({ ...workshop, steps });
}

function sizeProblem(files: Readonly<Record<string, string>>, paths: readonly string[]): string | null {
  if (paths.length > LIMITS.files) return `has ${paths.length} files; ${LIMITS.files} is the most`;
  const total = paths.reduce((sum, p) => sum + (files[p]?.length ?? 0), 0);
  return total > LIMITS.totalBytes ? `is ${total} bytes; ${LIMITS.totalBytes} is the most` : null;
}

function labsOf(files: Readonly<Record<string, string>>, paths: readonly string[], problems: WorkshopProblem[]): Record<string, string> {
  const labs: Record<string, string> = {};
  for (const path of paths.filter((p) => p.startsWith("labs/"))) {
    const name = /^labs\/([^/]+)\.json$/.exec(path)?.[1] ?? "";
    if (splitKernelName(`1.0+${name}`)?.lab !== name) problems.push({ file: path, path: "", message: "a custom kernel is labs/NAME.json, NAME made of letters, digits, dots and dashes" });
    else if (Object.keys(labs).length >= LIMITS.labs) problems.push({ file: path, path: "", message: `more than ${LIMITS.labs} custom kernels` });
    else labs[name] = files[path] ?? "";
  }
  return labs;
}

function sourcesOf(head: FieldReader, problems: WorkshopProblem[]): Source[] {
  return head.list("sources").map((entry, i) => {
    const r = new FieldReader(entry, "workshop.md", `sources[${i}]`, problems);
    const source = { title: r.text("title"), where: r.text("where") };
    r.close();
    return source;
  });
}

function stepOrder(head: FieldReader, paths: readonly string[], problems: WorkshopProblem[]): string[] {
  const folders = new Set(paths.filter((p) => /^[^/]+\/step\.md$/.test(p)).map((p) => p.slice(0, -"/step.md".length)));
  const named = head.texts("steps");
  const order = named.length > 0 ? named : [...folders].sort();
  for (const [i, name] of order.entries()) {
    if (!folders.has(name)) head.fail("steps", `names "${name}", and there is no ${name}/step.md`);
    if (order.indexOf(name) !== i) head.fail("steps", `names "${name}" twice`);
  }
  // A folder beside the named ones is most often a forgotten step.
  for (const folder of folders) if (!order.includes(folder)) problems.push({ file: `${folder}/step.md`, path: "", message: "is not among the steps that workshop.md names" });
  if (order.length === 0) head.fail("steps", "there is no step: a step is a folder with step.md in it");
  if (order.length > LIMITS.steps) head.fail("steps", `${order.length} steps; ${LIMITS.steps} is the most`);
  return [...new Set(order)].filter((n) => folders.has(n)).slice(0, LIMITS.steps);
}

function parseStep(id: string, files: Readonly<Record<string, string>>, kind: Workshop["kind"], labs: Readonly<Record<string, string>>, problems: WorkshopProblem[]): WorkshopStep {
  const file = `${id}/step.md`;
  const { data, body } = splitFrontMatter(files[file] ?? "", file, problems);
  const r = new FieldReader(data, file, "", problems);
  if (!ID.test(id)) r.fail("", `a step's folder is named with letters, digits and dashes, not "${id}"`);
  const own = r.kernelNames("kernel", labs);
  const [ownName = "0.0"] = own;
  if (own.length !== 1) r.fail("kernel", own.length === 0 ? "is missing" : "names more than one kernel; further ones are named by `kernels`");
  const { release, lab } = splitKernelName(ownName) ?? { release: ownName, lab: null };
  const further = r.kernelNames("kernels", labs);
  const kernels = further.length > 0 ? further : [ownName];
  const checks = r.list("checks");
  if (checks.length > LIMITS.checksPerStep) r.fail("checks", `${checks.length} checks; ${LIMITS.checksPerStep} is the most`);
  const starter = folder(files, `${id}/starter/`);
  const changed = folder(files, `${id}/solution/`);
  const step: WorkshopStep = {
    id,
    title: r.text("title"),
    minutes: r.positive("minutes", 5),
    goal: r.text("goal", ""),
    text: body,
    notes: files[`${id}/notes.md`] ?? "",
    kernel: release,
    lab,
    overlay: lab === null ? null : (labs[lab] ?? null),
    kernels,
    flags: {
      opt: r.choice("opt", ["-O0", "-O1", "-O2", "-Os"], "-O2"),
      debug: r.flag("debug", true),
      mcpu: r.choice("mcpu", ["v1", "v2", "v3", "v4"], "v3"),
    },
    program: r.optionalText("program"),
    input: parseInput(r.raw("input"), file, "input", problems),
    starter,
    // Files that the solution does not have stay as the starter has them.
    solution: Object.keys(changed).length === 0 ? {} : { ...starter, ...changed },
    checks: checks.slice(0, LIMITS.checksPerStep).flatMap((c, i) => parseCheck(c, { kernels, labs }, file, `checks[${i}]`, problems) ?? []),
    hints: r.texts("hints"),
  };
  r.close();
  if (Object.keys(starter).length === 0) r.fail("", `has no starter: put a .c file under ${id}/starter/`);
  if (checks.length > 0 && Object.keys(changed).length === 0) r.fail("", `has checks and no solution under ${id}/solution/`);
  if (checks.length === 0 && kind === "workshop") r.fail("checks", "is missing: a step of a workshop has a task (an essay's step need not)");
  if (body.trim() === "") r.fail("", "has no text below its front matter");
  return step;
}

function folder(files: Readonly<Record<string, string>>, prefix: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const path of Object.keys(files).sort()) if (path.startsWith(prefix)) out[path.slice(prefix.length)] = files[path] ?? "";
  return out;
}
