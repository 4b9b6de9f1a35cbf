/**
 * Compiles our own programs, runs them on real kernels, and records what came out.
 *
 *   npm run conformance:record-runs -- --kernels 7.2,6.12 [--only SOURCE]
 *
 * With --only nothing is recorded: results are printed.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildLibbpf, libbpfSeries } from "../oracle/build-runner.ts";
import { projectRoot } from "../oracle/cache.ts";
import { imageRecord } from "../oracle/images.ts";
import { hexDigest } from "../oracle/judge.ts";
import { runPrograms } from "../oracle/run-programs.ts";
import { fetchSource } from "../oracle/sources.ts";
import { readRunObject, runObjects, writeRunRecording } from "./recorded-runs.ts";
import { handWrittenCases, ownCases } from "./run-cases.ts";

/** Compiles every program of e2e/programs/run for cpu v4, paths mapped away and other debug information than BTF stripped. */
function compilePrograms(): void {
  const folder = join(projectRoot, "e2e/programs/run");
  const out = fileURLToPath(runObjects);
  mkdirSync(out, { recursive: true });
  const headers = [`-I${buildLibbpf()}/usr/include`, `-I${fetchSource(libbpfSeries)}/tools/include/uapi`, "-idirafter", "/usr/include/x86_64-linux-gnu"];
  for (const name of readdirSync(folder).filter((entry) => entry.endsWith(".c"))) {
    const object = join(out, name.replace(/\.c$/, ".bpf.o"));
    execFileSync("clang-22", ["--target=bpf", "-mcpu=v4", "-g", "-O2", "-Wall", "-Wno-unused-function", `-ffile-prefix-map=${projectRoot}/=`, ...headers, "-c", join(folder, name), "-o", object], { stdio: "inherit" });
    execFileSync("llvm-strip-22", ["-g", object], { stdio: "inherit" });
  }
}

const { values } = parseArgs({ options: { kernels: { type: "string", default: "7.2" }, only: { type: "string" } } });
compilePrograms();
const cases = [...ownCases(), ...handWrittenCases()].filter((entry) => !values.only || entry.source === values.only);
const sources = [...new Set(cases.map((entry) => entry.source))].sort();
const objects = new Map(sources.map((source) => [source, readRunObject(source)]));
for (const kernel of values.kernels.split(",")) {
  const results = await runPrograms(kernel, cases.map((entry) => ({ object: { name: entry.source, bytes: objects.get(entry.source) ?? Buffer.alloc(0) }, case: entry })));
  const failed = results.filter((result) => result.failed);
  console.log(`${kernel}: ${results.length} cases, ${results.reduce((sum, result) => sum + result.steps.length, 0)} runs, ${failed.length} cases not loaded`);
  const reasons = new Map<string, number>();
  results.forEach((result, i) => {
    if (!result.failed) return;
    const text = `${cases[i]?.source}/${cases[i]?.steps[0]?.program}: ${result.failed.messages.slice(0, 3).join(" | ")}`;
    reasons.set(text, (reasons.get(text) ?? 0) + 1);
  });
  for (const [reason, count] of reasons) console.log(`  ${count} × ${reason}`);
  if (values.only) {
    console.log(JSON.stringify(results, null, 1));
    continue;
  }
  writeRunRecording({
    schema: 1,
    kernel,
    release: imageRecord(kernel).release,
    objects: Object.fromEntries([...objects].map(([source, bytes]) => [source, hexDigest(bytes)])),
    runs: cases.map((entry, i) => {
      const { name: _, ...result } = results[i] ?? { name: "", steps: [], maps: [] };
      return { ...entry, result };
    }),
  });
}
