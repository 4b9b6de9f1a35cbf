/**
 * Asks real kernels about compiled test programs and records the answers.
 *
 *   npm run conformance:record -- --kernels 7.2,6.12 [--tests 7.2|7.2-unprivileged|7.2-modules] [--only PATTERN] [--no-logs]
 *
 * Objects are taken from `.cache/conformance/TESTS/`. With --only, those whose name matches are asked about and take
 * the place of what the recording says about them; the others stay as they are. 7.2-modules: `Tests` in recorded.ts. Full logs at level 2, too large for the tree, stay in
 * `.cache/conformance/logs/KERNEL/TESTS/OBJECT/PROGRAM.log.gz` for whoever has to find out why.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { libbpfSeries } from "../oracle/build-runner.ts";
import { cacheFolder } from "../oracle/cache.ts";
import { imageRecord, kernelSeries } from "../oracle/images.ts";
import { judge, type OracleObject, type ProgramAnswer } from "../oracle/judge.ts";
import { fetchSource } from "../oracle/sources.ts";
import { recordedObjects } from "./recorded-answer.ts";
import { isFuzz, listRecordings, readRecording, testsOf, writeRecording, type RecordedObject, type RecordedProgram } from "./recorded.ts";

/** The tests nearest to each kernel, and those of 7.2 for comparison between kernels. */
export function testsFor(kernel: string): string[] {
  if (kernel === "5.10" || kernel === "6.1") return ["6.1", "6.12", "7.2"];
  if (kernel === "6.12" || kernel === "6.16" || kernel === "6.17") return ["6.12", "7.2"];
  return kernel === "7.3" ? ["7.3", "7.2"] : ["7.2"];
}

/** Statistics always; at level 2 everything; from 6.4 on, a full buffer keeps its beginning (BPF_LOG_FIXED). */
function fullLogLevel(kernel: string): number {
  const [major = 0, minor = 0] = kernel.split(".").map(Number);
  return major > 6 || (major === 6 && minor >= 4) ? 2 | 4 | 8 : 2 | 4;
}

function keepLog(folder: string, answer: ProgramAnswer): void {
  const full = answer.logs.find((log) => log.level & 2);
  if (!full) return;
  const path = join(folder, answer.object.replace(/\.bpf\.o$/, ""));
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, `${answer.program}.log.gz`), gzipSync(full.text, { level: 6 }));
}

const refusedByLibbpf = (program: RecordedProgram): boolean => program.verdict === "rejected" && ["prepare", "load"].includes(program.stage);

/** What libbpf refuses on a machine without modules and .config; the recording with them is about these programs only. */
function refusedWithout(kernel: string, tests: string): Map<string, Map<string, RecordedProgram>> {
  const objects = readRecording(kernel, tests).objects.map(({ object, programs }) => [object, new Map(programs.filter(refusedByLibbpf).map((program) => [program.program, program]))] as const);
  return new Map(objects.filter(([, programs]) => programs.size > 0));
}

const sameRefusal = (a: RecordedProgram, b: RecordedProgram): boolean => a.stage === b.stage && a.message === b.message;

/** Judges every object of `tests` on `kernel` and writes the recording; returns counts by verdict and stage. */
async function record(kernel: string, tests: string, only: RegExp | undefined, withLogs: boolean): Promise<string> {
  const { objects: objectFolder, unprivileged, modules } = testsOf(tests);
  const folder = cacheFolder("conformance", objectFolder);
  const without = modules ? refusedWithout(kernel, objectFolder) : undefined;
  const names = readdirSync(folder).filter((name) => name.endsWith(".o") && (!only || only.test(name)) && (!without || without.has(name))).sort();
  const objects = names.map((name): OracleObject => ({ name, bytes: readFileSync(join(folder, name)) }));
  const logs = join(cacheFolder("conformance", "logs"), kernel, tests);
  const counts = new Map<string, number>();
  const { answers, refusals } = await judge(kernel, objects, {
    logLevels: withLogs ? [5, fullLogLevel(kernel)] : [5],
    seconds: isFuzz(tests) ? 10 : 900,
    unprivileged,
    config: modules,
    modules,
    // Without mitigations a kernel lets everybody's programs off what guards against speculation (cpu_mitigations_off).
    ...(unprivileged ? { append: "mitigations=auto" } : {}),
    onRemark: (text) => console.error(text),
    onAnswer: (answer) => {
      const key = `${answer.verdict} (${answer.stage})`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      if (withLogs) keepLog(logs, answer);
    },
  });
  const isNew = (object: string, program: RecordedProgram): boolean => {
    const before = without?.get(object)?.get(program.program);
    return without === undefined || (before !== undefined && !sameRefusal(before, program));
  };
  const asked = recordedObjects(objects, { answers, refusals })
    .map((object): RecordedObject => ({ ...object, programs: object.programs.filter((program) => isNew(object.object, program)) }))
    .filter(({ programs }) => !without || programs.length > 0);
  const before = only && listRecordings().some(([k, t]) => k === kernel && t === tests) ? readRecording(kernel, tests).objects : [];
  const kept = before.filter((entry) => !names.includes(entry.object));
  const source = tests === "projects" ? "see projects.json" : isFuzz(tests) ? "mutants (e2e/fuzz)" : readFileSync(join(fetchSource(objectFolder), "VERSION.debian"), "utf8").trim();
  writeRecording({
    schema: 1,
    kernel,
    release: imageRecord(kernel).release,
    tests,
    source,
    compiler: tests === "projects" ? "the projects' own" : execFileSync(process.env.CLANG ?? "clang-22", ["-dumpversion"], { encoding: "utf8" }).trim(),
    libbpf: `tools/lib/bpf of ${libbpfSeries}`,
    logLevel: 5,
    settings: { privileged: !unprivileged, testStateFreq: false, anyAlignment: false, strictAlignment: false },
    objects: [...kept, ...asked].sort((a, b) => (a.object < b.object ? -1 : 1)),
  });
  const text = [...counts].sort().map(([key, count]) => `${count} ${key}`).join(", ");
  return `${kernel}, tests of ${tests}: ${objects.length} objects, ${answers.length} programs: ${text}${refusals.length ? `; ${refusals.length} objects not opened` : ""}`;
}

const { values } = parseArgs({ options: { kernels: { type: "string" }, tests: { type: "string" }, only: { type: "string" }, "no-logs": { type: "boolean" } } });
const kernels = !values.kernels || values.kernels === "all" ? [...kernelSeries].reverse() : values.kernels.split(",");
const only = values.only === undefined ? undefined : new RegExp(values.only);
for (const kernel of kernels) {
  for (const tests of values.tests?.split(",") ?? testsFor(kernel)) console.log(await record(kernel, tests, only, !values["no-logs"]));
}
