import { writeFileSync } from "node:fs";
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { selectKernels } from "../kernel/releases.ts";
import type { ShimPlan } from "../kernel/shim-types.ts";
import { applyShim, includesShim, kernelRange } from "../session/shim-project.ts";
import { parseArgs } from "./args.ts";
import { compileSource } from "./compile-source.ts";
import { Engine } from "./engine.ts";
import { Exit, usageError } from "./exit.ts";
import type { UsageError } from "./exit.ts";
import { paint, table } from "./output.ts";
import type { Output } from "./output.ts";
import { readSources } from "./sources.ts";
import type { SourceTree } from "./sources.ts";

/** One program on one kernel, without and with the shim. */
interface Row { program: string; kernel: string; before: Judged; after: Judged }
interface Judged { verdict: string; stage: string; message: string }

/**
 * `shim FILE.c --kernels A..B`: writes a header that lets the source serve the range, and proves it: one object is compiled
 * without and one with the header, both with the vmlinux.h of one kernel, and every kernel of the range judges both.
 */
export async function shimCommand(args: readonly string[], out: Output): Promise<Result<Exit, UsageError>> {
  const parsed = parseArgs(args, { "--kernels": "value", "--kernel": "value", "--api": "value", "-o": "value", "--json": "flag" });
  if (!parsed.ok) return err(usageError(parsed.error));
  const { files, options } = parsed.value;
  const [file, more] = files;
  if (file === undefined || more !== undefined || !file.endsWith(".c")) return err(usageError("takes one .c file"));
  const engine = new Engine();
  const index = await engine.core.store.index();
  if (!index.ok) return err(usageError(index.error));
  const all = index.value.kernels.map((k) => k.kernel);
  const spec = options.get("--kernels") ?? `${all[0]}..${all.at(-1)}`;
  const range = kernelRange(spec, all);
  const listed = range ? ok(range) : selectKernels(spec, index.value);
  if (!listed.ok) return err(usageError(`--kernels takes a range such as ${all[1]}..${all.at(-1)} or a list; ${listed.error}`));
  const kernels = all.filter((k) => listed.value.includes(k));
  const built = options.get("--kernel") ?? kernels.at(-1)!;
  if (!all.includes(built)) return err(usageError(`no kernel "${built}"; there are: ${all.join(", ")}`));
  const sources = readSources(file);
  if (!sources.ok) return err(usageError(sources.error));

  const names = (options.get("--api") ?? "").split(",").map((n) => n.trim()).filter((n) => n !== "");
  // What the object calls tells of calls inside macros too; a source that does not compile is read as text alone.
  const plain = await compileSource(engine, sources.value, built, null, {});
  const called = plain.ok && plain.value.object && !includesShim(sources.value.files[sources.value.main]!) ? await callsOf(engine, plain.value.object, built) : [];
  const plan = await engine.core.shim({ source: sources.value.files[sources.value.main]!, names: [...names, ...called], kernels });
  if (!plan.ok) return err(usageError(plan.error));
  const unknown = plan.value.unknown.filter((n) => names.includes(n));
  if (unknown.length > 0) return err(usageError(`no helper or kfunc "${unknown[0]}"`));
  const rows = await prove(engine, sources.value, plan.value, built, plain);
  const target = options.get("-o");
  if (target !== undefined && plan.value.header !== "") {
    try {
      writeFileSync(target, plan.value.header);
    } catch (error) {
      return err(usageError(`${target}: cannot be written (${(error as NodeJS.ErrnoException).code})`));
    }
  }
  if (options.has("--json")) out.line(JSON.stringify(toJson(file, built, plan.value, rows)));
  else print(plan.value, rows, built, target, out);
  return ok(exitOf(rows));
}

async function callsOf(engine: Engine, object: Uint8Array, kernel: string): Promise<string[]> {
  const opened = await engine.core.open("calls", object);
  const calls = opened.ok ? await engine.core.calls("calls", kernel, null) : opened;
  return calls.ok ? calls.value.map((c) => c.name) : [];
}

type Compiled = Awaited<ReturnType<typeof compileSource>>;

async function prove(engine: Engine, sources: SourceTree, plan: ShimPlan, built: string, plain: Compiled): Promise<Row[]> {
  const before = await judge(engine, plain, plan.kernels, "before");
  const shimmed = (): Promise<Compiled> => compileSource(engine, { ...sources, files: applyShim(sources.files, sources.main, plan) }, built, null, {});
  const after = plan.header === "" ? before : await judge(engine, await shimmed(), plan.kernels, "after");
  const programs = [...new Set([...before.keys(), ...after.keys()].map((key) => key.split("\n")[0]!))].filter((p) => p !== "");
  const at = (verdicts: ReadonlyMap<string, Judged>, program: string, kernel: string): Judged =>
    verdicts.get(`${program}\n${kernel}`) ?? verdicts.get(`\n${kernel}`) ?? { verdict: "rejected", stage: "compile", message: "the object has no such program" };
  return (programs.length === 0 ? [""] : programs).flatMap((program) => plan.kernels.map((kernel) => ({ program, kernel, before: at(before, program, kernel), after: at(after, program, kernel) })));
}

/** Verdicts by "program\nkernel"; one that holds for all programs stands under "\nkernel". */
async function judge(engine: Engine, compiled: Compiled, kernels: readonly string[], id: string): Promise<Map<string, Judged>> {
  const out = new Map<string, Judged>();
  const everywhere = (judged: Judged): Map<string, Judged> => new Map(kernels.map((k) => [`\n${k}`, judged]));
  if (!compiled.ok) return everywhere({ verdict: "unsupported", stage: "compile", message: compiled.error });
  if (!compiled.value.object) return everywhere({ verdict: "rejected", stage: "compile", message: compiled.value.diagnostics.find((d) => d.severity === "error")?.message ?? "does not compile" });
  const opened = await engine.core.open(id, compiled.value.object);
  if (!opened.ok) return everywhere(opened.error);
  for (const kernel of kernels) {
    for (const { name } of opened.value.programs) {
      const { verdict, stage, message } = await engine.core.check(id, name, kernel, null, { logLevel: 0 });
      out.set(`${name}\n${kernel}`, { verdict, stage, message });
    }
  }
  return out;
}

function toJson(file: string, built: string, plan: ShimPlan, rows: readonly Row[]): object {
  return {
    schema: 1, file, compiled_for: built, kernels: plan.kernels, include_after_line: plan.includeAfter,
    apis: plan.entries.map(({ name, kind, action, why, probe, forms, fallback, notes }) => ({ name, kind, action, why, probe, forms, fallback: fallback && { kernels: fallback.kernels, value: fallback.value }, notes })),
    header: plan.header, proof: rows.map((r) => ({ program: r.program, kernel: r.kernel, before: r.before, after: r.after })),
  };
}

function print(plan: ShimPlan, rows: readonly Row[], built: string, target: string | undefined, out: Output): void {
  for (const line of table(plan.entries.map((e) => [e.action === "wrap" ? paint(out, "yellow", "wrapped") : paint(out, "grey", "as it is"), e.name, e.why]))) out.line(line);
  for (const e of plan.entries) for (const note of e.notes) out.line(`  ${e.name}: ${note}`);
  if (plan.entries.length === 0) out.line("the program calls no helper and no kfunc");
  out.line("");
  if (plan.header === "") out.line("No header is needed for this range.");
  else if (target === undefined) for (const line of plan.header.trimEnd().split("\n")) out.line(line);
  else out.line(`${target} written; #include it after line ${plan.includeAfter} of the source`);
  out.line("");
  out.line(`one object, compiled with the vmlinux.h of ${built}:`);
  const lines = [["program", "kernel", "before", plan.header === "" ? "" : "with the header", ""]];
  for (const r of rows) lines.push([r.program, r.kernel, colour(out, r.before), plan.header === "" ? "" : colour(out, r.after), (r.after.verdict === "accepted" ? (r.before.verdict === "accepted" ? "" : `was: ${r.before.message}`) : r.after.message).slice(0, 140)]);
  for (const line of table(lines)) out.line(line);
}

function colour(out: Output, judged: Judged): string {
  return paint(out, judged.verdict === "accepted" ? "green" : judged.verdict === "rejected" ? "red" : "grey", judged.stage === "compile" && judged.verdict !== "accepted" ? "does not compile" : judged.verdict);
}

/** As `check`: what the object with the header gets. */
function exitOf(rows: readonly Row[]): Exit {
  if (rows.some((r) => r.after.stage === "compile" && r.after.verdict !== "accepted")) return Exit.COMPILE;
  if (rows.some((r) => r.after.verdict === "rejected")) return Exit.REJECTED;
  return rows.some((r) => r.after.verdict === "unsupported") ? Exit.UNSUPPORTED : Exit.ACCEPTED;
}

