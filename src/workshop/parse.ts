import { parse as parseYaml } from "yaml";
import { err, ok, type Result } from "../base/result.ts";
import { FieldReader, isRecord } from "./reader.ts";
import type { Check, StepInput, Workshop, WorkshopProblem, WorkshopStep } from "./types.ts";

/** Caps against hostile workshops. */
export const LIMITS = { files: 500, fileBytes: 256 * 1024, totalBytes: 4 * 1024 * 1024, steps: 60, checksPerStep: 40 } as const;

const ID = /^[a-z0-9][a-z0-9-]{0,63}$/i;

/**
 * Reads a workshop from its files, path → text, paths relative to the workshop's folder with "/" between names:
 * `workshop.md` (front matter: title, summary, …), then per step a folder with `step.md`, `starter/…`, `solution/…`.
 * All problems are found at once. Never throws; hostile sizes are refused by LIMITS.
 */
export function parseWorkshop(files: Readonly<Record<string, string>>): Result<Workshop, WorkshopProblem[]> {
  const problems: WorkshopProblem[] = [];
  const paths = Object.keys(files).sort();
  const total = paths.reduce((sum, p) => sum + (files[p]?.length ?? 0), 0);
  if (paths.length > LIMITS.files) return err([{ file: "", path: "", message: `has ${paths.length} files; ${LIMITS.files} is the most` }]);
  if (total > LIMITS.totalBytes) return err([{ file: "", path: "", message: `is ${total} bytes; ${LIMITS.totalBytes} is the most` }]);
  for (const p of paths) {
    if ((files[p]?.length ?? 0) > LIMITS.fileBytes) problems.push({ file: p, path: "", message: `is larger than ${LIMITS.fileBytes} bytes` });
    if (p.startsWith("/") || p.split("/").includes("..")) problems.push({ file: p, path: "", message: "paths stay inside the workshop's folder" });
  }
  const main = files["workshop.md"];
  if (main === undefined) return err([...problems, { file: "workshop.md", path: "", message: "is missing: a workshop begins with workshop.md" }]);

  const { data, body } = splitFrontMatter(main, "workshop.md", problems);
  const head = new FieldReader(data, "workshop.md", "", problems);
  const schema = head.number("schema");
  if (schema !== 1) head.fail("schema", `is ${schema}; this program reads schema 1`);
  const id = head.text("id");
  if (!ID.test(id)) head.fail("id", `"${id}" is not made of letters, digits and dashes`);
  const kind = head.choice("kind", ["workshop", "essay"], "workshop");
  const title = head.text("title");
  const summary = head.text("summary", body.trim());
  const minutes = head.number("minutes");
  const language = head.text("language", "en");
  const authors = head.texts("authors");
  const license = head.text("license", "");
  let order = head.texts("steps");
  head.close();
  const folders = new Set(paths.filter((p) => p.endsWith("/step.md")).map((p) => p.slice(0, -"/step.md".length)));
  if (order.length === 0) order = [...folders].sort();
  for (const name of order) if (!folders.has(name)) problems.push({ file: "workshop.md", path: "steps", message: `names "${name}", and there is no ${name}/step.md` });
  if (order.length === 0) problems.push({ file: "workshop.md", path: "steps", message: "there is no step: a step is a folder with step.md in it" });
  if (order.length > LIMITS.steps) problems.push({ file: "workshop.md", path: "steps", message: `${order.length} steps; ${LIMITS.steps} is the most` });
  const steps = order.filter((n) => folders.has(n)).slice(0, LIMITS.steps).map((n) => parseStep(n, files, problems));
  return problems.length > 0 ? err(problems) : ok({ schema: 1, id, kind, title, summary, minutes, language, authors, license, steps });
}

function parseStep(id: string, files: Readonly<Record<string, string>>, problems: WorkshopProblem[]): WorkshopStep {
  const file = `${id}/step.md`;
  const { data, body } = splitFrontMatter(files[file] ?? "", file, problems);
  const r = new FieldReader(data, file, "", problems);
  if (!ID.test(id)) problems.push({ file, path: "", message: `a step's folder is named with letters, digits and dashes, not "${id}"` });
  const overlayFile = r.optionalText("overlay");
  const overlay = overlayFile === null ? null : (files[`${id}/${overlayFile}`] ?? null);
  if (overlayFile !== null && overlay === null) r.fail("overlay", `there is no file ${id}/${overlayFile}`);
  const kernel = r.text("kernel");
  const step: WorkshopStep = {
    id,
    title: r.text("title"),
    minutes: r.number("minutes", 5),
    text: body,
    notes: files[`${id}/notes.md`] ?? "",
    kernel,
    overlay,
    flags: {
      opt: r.choice("opt", ["-O0", "-O1", "-O2", "-Os"], "-O2"),
      debug: r.flag("debug", true),
      mcpu: r.choice("mcpu", ["v1", "v2", "v3", "v4"], "v3"),
    },
    program: r.optionalText("program"),
    input: parseInput(r.raw("input"), file, "input", problems),
    starter: folder(files, `${id}/starter/`),
    solution: folder(files, `${id}/solution/`),
    checks: r.list("checks").slice(0, LIMITS.checksPerStep).map((c, i) => parseCheck(c, kernel, file, `checks[${i}]`, problems)).filter((c) => c !== null),
    hints: r.texts("hints"),
  };
  r.close();
  if (Object.keys(step.starter).length === 0) problems.push({ file, path: "", message: `has no starter: put a .c file under ${id}/starter/` });
  if (step.checks.length > 0 && Object.keys(step.solution).length === 0) problems.push({ file, path: "", message: `has checks and no solution under ${id}/solution/` });
  return step;
}

function parseCheck(data: unknown, kernel: string, file: string, path: string, problems: WorkshopProblem[]): Check | null {
  if (!isRecord(data)) {
    problems.push({ file, path, message: "a check is a table with one of verdict, returns, map, packet_out, trace, insns_below, calls, avoids, compiles, script" });
    return null;
  }
  const r = new FieldReader(data, file, path, problems);
  const base = { program: r.optionalText("program") };
  const given = r.optionalText("title");
  const input = () => parseInput(r.raw("input"), file, `${path}.input`, problems);
  const kernels = () => {
    const named = r.texts("kernels");
    return named.length > 0 ? named : [kernel];
  };
  const build = (): Check | null => {
    if (r.has("verdict")) {
      const verdict = r.choice("verdict", ["accepted", "rejected"], "accepted");
      const list = kernels();
      const message = r.optionalText("message");
      return { ...base, kind: "verdict", verdict, kernels: list, stage: r.optionalText("stage"), message, title: given ?? `${list.join(", ")} ${verdict === "accepted" ? "takes it" : "refuses it"}` };
    }
    if (r.has("returns")) return { ...base, kind: "returns", value: r.number("returns"), input: input(), title: given ?? `it returns ${r.number("returns")}` };
    if (r.has("map")) return { ...base, kind: "map", map: r.text("map"), key: r.text("key"), value: r.text("value"), input: input(), title: given ?? `map ${r.text("map")} holds the value` };
    if (r.has("packet_out")) return { ...base, kind: "packet_out", hex: r.text("packet_out"), input: input(), title: given ?? "the packet comes out as asked" };
    if (r.has("trace")) return { ...base, kind: "trace", text: r.text("trace"), input: input(), title: given ?? `it prints "${r.text("trace")}"` };
    if (r.has("insns_below")) return { ...base, kind: "insns_below", count: r.number("insns_below"), kernels: kernels(), title: given ?? `the verifier needs fewer than ${r.number("insns_below")} instructions` };
    if (r.has("calls")) return { ...base, kind: "calls", api: r.text("calls"), title: given ?? `it calls ${r.text("calls")}` };
    if (r.has("avoids")) return { ...base, kind: "avoids", api: r.text("avoids"), title: given ?? `it does not call ${r.text("avoids")}` };
    if (r.has("compiles")) return { ...base, kind: "compiles", without: r.choice("compiles", ["errors", "warnings"], "errors"), title: given ?? "it compiles" };
    if (r.has("script")) return { ...base, kind: "script", expression: r.text("script"), kernels: kernels(), input: input(), title: given ?? r.text("script") };
    r.fail("", "names no known check: verdict, returns, map, packet_out, trace, insns_below, calls, avoids, compiles or script");
    return null;
  };
  const check = build();
  if (check) r.close();
  return check;
}

function parseInput(data: unknown, file: string, path: string, problems: WorkshopProblem[]): StepInput | null {
  if (data === undefined || data === null) return null;
  const r = new FieldReader(data, file, path, problems);
  const maps: Record<string, { key: string; value: string }[]> = {};
  const given = r.raw("maps");
  if (isRecord(given)) {
    for (const [name, entries] of Object.entries(given)) {
      if (!Array.isArray(entries)) {
        r.fail(`maps.${name}`, "expected a list of key and value");
        continue;
      }
      maps[name] = entries.map((entry: unknown, i) => {
        const e = new FieldReader(entry, file, `${path}.maps.${name}[${i}]`, problems);
        const pair = { key: e.text("key"), value: e.text("value") };
        e.close();
        return pair;
      });
    }
  }
  const input = { preset: r.optionalText("preset"), dataIn: r.optionalText("data"), ctxIn: r.optionalText("ctx"), repeat: r.number("repeat", 1), maps };
  r.close();
  return input;
}

function folder(files: Readonly<Record<string, string>>, prefix: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const path of Object.keys(files).sort()) if (path.startsWith(prefix)) out[path.slice(prefix.length)] = files[path] ?? "";
  return out;
}

function splitFrontMatter(text: string, file: string, problems: WorkshopProblem[]): { data: unknown; body: string } {
  const m = /^---\r?\n([\s\S]*?)\r?\n---\r?\n?/.exec(text);
  if (!m) {
    problems.push({ file, path: "", message: "begins without front matter: a line ---, YAML, a line ---" });
    return { data: {}, body: text };
  }
  try {
    // maxAliasCount bounds "billion laughs" documents
    return { data: parseYaml(m[1] ?? "", { maxAliasCount: 20, schema: "failsafe" }) as unknown, body: text.slice(m[0].length) };
  } catch (e) {
    problems.push({ file, path: "", message: `front matter is not YAML: ${e instanceof Error ? (e.message.split("\n")[0] ?? "") : String(e)}` });
    return { data: {}, body: text.slice(m[0].length) };
  }
}
