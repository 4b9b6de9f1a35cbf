/**
 * Typed programs: ask real kernels about them, and compare.
 *
 *   npm run typed -- ask [--kernels 7.2,6.1|all] [--only PATTERN]     compile, ask, record (needs QEMU; see e2e/oracle/README.md)
 *   npm run typed [-- --kernels 7.2,6.1|all] [--only PATTERN] [--all]  compile, compare with what is recorded
 *
 * --only takes a pattern for source names; asking about some keeps what is recorded of the others. A comparison prints each
 * program whose answer is not the same, then for each kernel how many are. --all prints every program.
 */
import { parseArgs } from "node:util";
import { Engine } from "../../src/cli/engine.ts";
import { recordedObjects } from "../conformance/recorded-answer.ts";
import type { RecordedObject } from "../conformance/recorded.ts";
import { libbpfSeries } from "../oracle/build-runner.ts";
import { cacheFolder } from "../oracle/cache.ts";
import { imageRecord, kernelSeries } from "../oracle/images.ts";
import { hexDigest, judge } from "../oracle/judge.ts";
import { runPrograms, type RunResult } from "../oracle/run-programs.ts";
import { compareAll, openAll, type Difference, type TypedComparison } from "./compare.ts";
import { askedOf, compileTyped, hasConfig, listTyped, readTyped, sourceNames, type TypedRecording, writeTyped } from "./programs.ts";
import { typedRuns } from "./runs.ts";

const { values, positionals } = parseArgs({ options: { kernels: { type: "string" }, only: { type: "string" }, all: { type: "boolean" } }, allowPositionals: true });
const only = new RegExp(values.only ?? "");
const engine = new Engine();

async function ask(kernels: readonly string[]): Promise<void> {
  const names = sourceNames();
  const compiled = await compileTyped(engine, names.filter((name) => only.test(name)), cacheFolder("typed"));
  for (const kernel of kernels) {
    const objects = [...compiled].filter(([name]) => askedOf(kernel, name)).map(([name, bytes]) => ({ name: `${name}.bpf.o`, bytes }));
    const config = hasConfig(kernel);
    const judgement = await judge(kernel, objects, { config, onRemark: (text) => console.error(text) });
    const asked = recordedObjects(objects, judgement).map((entry): RecordedObject => ({ ...entry, object: entry.object.replace(/\..*/, "") }));
    const runs = typedRuns().filter((run) => compiled.has(run.source) && askedOf(kernel, run.source));
    const results = runs.length === 0 ? [] : await runPrograms(kernel, runs.map((run) => ({ object: { name: run.source, bytes: compiled.get(run.source)! }, case: run })));
    const before = listTyped().includes(kernel) ? readTyped(kernel) : undefined;
    const keep = (name: string): boolean => names.includes(name) && !compiled.has(name);
    writeTyped({
      schema: 1, kernel, release: imageRecord(kernel).release, libbpf: `tools/lib/bpf of ${libbpfSeries}`,
      objects: [...(before?.objects.filter((entry) => keep(entry.object)) ?? []), ...asked].sort((a, b) => (a.object < b.object ? -1 : 1)),
      runs: inOrder([...(before?.runs.filter((entry) => keep(entry.run.source)) ?? []), ...runs.map((run, i) => ({ run, result: withoutName(results[i]!) }))]),
    });
    console.log(`${kernel}: ${judgement.answers.length} programs, ${judgement.answers.filter((a) => a.verdict === "accepted").length} accepted; ${judgement.refusals.length} objects not opened; ${results.length} runs, ${results.filter((r) => r.failed).length} not loaded`);
  }
}

/** In the order of runs.ts; a run that is no longer there is left out. */
function inOrder(done: TypedRecording["runs"]): TypedRecording["runs"] {
  const byRun = new Map(done.map((entry) => [JSON.stringify(entry.run), entry]));
  return typedRuns().flatMap((run) => byRun.get(JSON.stringify(run)) ?? []);
}

function withoutName({ failed, steps, maps }: RunResult): Omit<RunResult, "name"> {
  return { ...(failed ? { failed } : {}), steps, maps };
}

function print({ object, program, want, got, difference }: TypedComparison, kernel: string): void {
  const text = (a: TypedComparison["want"]): string => `${a.verdict} [${a.stage}] ${a.insns ?? ""} ${a.message}${a.report ? ` {${a.report}}` : ""}`;
  console.log(`${kernel} ${object}:${program} ${difference ?? "same"}\n  want ${text(want)}${difference ? `\n  got  ${text(got)}` : ""}`);
}

async function compare(kernels: readonly string[]): Promise<void> {
  const compiled = await compileTyped(engine, sourceNames().filter((name) => only.test(name)), cacheFolder("typed"));
  const refused = await openAll(engine, compiled);
  const totals: string[] = [];
  for (const kernel of kernels) {
    const recording = readTyped(kernel);
    for (const entry of recording.objects) if (compiled.has(entry.object) && hexDigest(compiled.get(entry.object)!) !== entry.sha256) console.log(`${kernel}: asked about another ${entry.object} than the source makes now`);
    const counts = new Map<Difference | "same", number>();
    let all = 0;
    for await (const one of compareAll(engine, recording, refused, (object) => compiled.has(object))) {
      all++;
      counts.set(one.difference ?? "same", (counts.get(one.difference ?? "same") ?? 0) + 1);
      if (one.difference || values.all) print(one, kernel);
    }
    totals.push(`${kernel}: ${all} programs, ${[...counts].map(([what, n]) => `${what} ${n}`).join(", ")}`);
  }
  console.log(totals.join("\n"));
}

const wanted = (all: readonly string[]): string[] => (!values.kernels || values.kernels === "all" ? [...all] : values.kernels.split(","));
if (positionals[0] === "ask") await ask(wanted(kernelSeries));
else await compare(wanted(listTyped()));
