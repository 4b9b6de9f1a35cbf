/**
 * Our verifier's whole log against the recorded kernel's, line by line, at level 2 with statistics.
 *
 *   npm run conformance:logs -- --kernel 7.2 [--tests 7.2] [--file verifier_and] [--program x] [--part verifier]
 *                               [--group] [--list] [--keep FOLDER] [--max-insns 20000] [--write]
 *
 * The real logs are those that conformance:record left in `.cache/conformance/logs/KERNEL/TESTS/OBJECT/PROGRAM.log.gz`.
 * Equal means: every character, but for kernel addresses in 64-bit loads and the time the verification took. Left out, and counted, are
 * programs that the kernel walked for more than --max-insns instructions, logs that did not fit their buffer (16 MiB), and logs of another
 * outcome than the recorded answer: a program is loaded once for the answer and once for the log, and instruction arrays serve one load only.
 *
 * --group prints the first differences by what they have in common, most frequent first; --list names the programs; --keep writes both
 * texts of each program that differs to FOLDER/OBJECT.PROGRAM.{want,got}, for diff(1). --write puts the counts into log-results.json
 * (only without --file and --program).
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import type { Kernel } from "../../src/kernel/types.ts";
import { bindProgram } from "../../src/loader/bind.ts";
import { openObject } from "../../src/loader/open.ts";
import { LOG_LEVEL2, LOG_STATS } from "../../src/verifier/report/log.ts";
import { verify } from "../../src/verifier/verify.ts";
import { maxLogSize } from "../oracle/judge.ts";
import { logStatistics } from "../oracle/log-text.ts";
import { loadKernel, type Part, partOf } from "./compare.ts";
import { listRecordings, readRecording, type RecordedObject, type RecordedProgram, testsOf } from "./recorded.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Whole logs of one kernel over one part of one release's tests. */
export interface LogRow {
  kernel: string;
  tests: string;
  part: Part;
  /** programs with a recorded log, up to `maxInsns` processed instructions */
  programs: number;
  /** of those, with the same log */
  equal: number;
  /** programs with a recorded log that were left out */
  leftOut: number;
  maxInsns: number;
}
export const logResultsFile = fileURLToPath(new URL("log-results.json", import.meta.url));

/** A program whose logs were compared; `line` is where they part (from 0), with both lines there. */
export interface ComparedLog { object: string; program: string; equal: boolean; line: number; want: string; got: string }

/** Where maps lie differs from boot to boot, how long it takes from run to run. */
export const normalLog = (text: string): string[] =>
  text.replace(/(\(18\) r\d+ = )0x[0-9a-f]{9,16}(?![0-9a-f])/g, "$1ADDRESS").replace(/verification time \d+ usec/g, "verification time").replace(/\n+$/, "").split("\n");

const logPath = (kernel: string, tests: string, object: string, program: string): string =>
  join(root, ".cache/conformance/logs", kernel, tests, object.replace(/\.bpf\.o$/, ""), `${program}.log.gz`);

function ourLog(kernel: Kernel, spec: ReturnType<typeof openObject>, program: string, unprivileged: boolean): string {
  if (!spec.ok) return spec.error.message;
  const bound = bindProgram(spec.value, program, kernel);
  if (!bound.ok) return bound.error.message;
  const r = verify(bound.value, kernel, { logLevel: LOG_LEVEL2 | LOG_STATS, unprivileged });
  return r.log || r.message;
}

function* compareLogs(kernel: Kernel, objects: readonly RecordedObject[], tests: string, only: (object: string, program: RecordedProgram) => boolean, onLeftOut: (object: string) => void, keep?: string): Generator<ComparedLog> {
  const { objects: folder, unprivileged } = testsOf(tests);
  for (const { object, programs } of objects) {
    const chosen = programs.filter((p) => p.stage === "verify" && only(object, p) && existsSync(logPath(kernel.name, tests, object, p.program)));
    if (chosen.length === 0) continue;
    // the oracle opens objects by their file names, and libbpf names maps after them
    const spec = openObject(readFileSync(join(root, ".cache/conformance", folder, object)), { name: object });
    for (const { program, insns } of chosen) {
      const text = gunzipSync(readFileSync(logPath(kernel.name, tests, object, program))).toString("utf8");
      const logged = logStatistics(text)?.insns;
      if (text.length >= maxLogSize - 1 || (insns !== undefined && logged !== insns)) {
        onLeftOut(object);
        continue;
      }
      const want = normalLog(text), got = normalLog(ourLog(kernel, spec, program, unprivileged));
      let line = 0;
      while (line < want.length && want[line] === got[line]) line++;
      const equal = line === want.length && got.length === want.length;
      if (keep && !equal) {
        mkdirSync(keep, { recursive: true });
        const name = join(keep, `${object.replace(/\.bpf\.o$/, "")}.${program}`);
        writeFileSync(`${name}.want`, `${want.join("\n")}\n`);
        writeFileSync(`${name}.got`, `${got.join("\n")}\n`);
      }
      yield { object, program, equal, line, want: want[line] ?? "(end)", got: got[line] ?? "(end)" };
    }
  }
}

function printGroups(all: readonly ComparedLog[]): void {
  const groups = new Map<string, string[]>();
  for (const c of all) {
    if (c.equal) continue;
    const key = `want ${c.want.slice(0, 240)}\n      got  ${c.got.slice(0, 240)}`.replace(/\d+/g, "N");
    groups.set(key, [...(groups.get(key) ?? []), `${c.object.replace(/\.bpf\.o$/, "")}:${c.program}@${c.line + 1}`]);
  }
  for (const [key, names] of [...groups].sort((a, b) => b[1].length - a[1].length)) console.log(`${String(names.length).padStart(4)}  ${key}\n        ${names.slice(0, 4).join(" ")}${names.length > 4 ? " …" : ""}`);
}

function writeRows(rows: readonly LogRow[]): void {
  const before = existsSync(logResultsFile) ? (JSON.parse(readFileSync(logResultsFile, "utf8")) as LogRow[]) : [];
  const name = (r: LogRow): string => `${r.kernel}/${r.tests}/${r.part}`;
  const kept = before.filter((r) => !rows.some((n) => name(n) === name(r)));
  const all = [...kept, ...rows].sort((a, b) => name(a).localeCompare(name(b), "en", { numeric: true }));
  writeFileSync(logResultsFile, `[\n${all.map((r) => ` ${JSON.stringify(r)}`).join(",\n")}\n]\n`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kernel: { type: "string", default: "7.2" }, tests: { type: "string" }, file: { type: "string" }, program: { type: "string" }, part: { type: "string" },
      group: { type: "boolean" }, list: { type: "boolean" }, keep: { type: "string" }, "max-insns": { type: "string", default: "20000" }, write: { type: "boolean" },
    },
  });
  const tests = values.tests ?? listRecordings().find(([k, t]) => k === values.kernel && t === values.kernel)?.[1] ?? listRecordings().find(([k]) => k === values.kernel)?.[1];
  if (!tests) throw new Error(`no recording of kernel ${values.kernel}`);
  const recording = readRecording(values.kernel, tests);
  const kernel = await loadKernel(values.kernel);
  const maxInsns = Number(values["max-insns"]);
  const chosen = (object: string, p: RecordedProgram): boolean =>
    (!values.part || partOf(object, tests) === values.part) && (!values.file || object.startsWith(values.file)) && (!values.program || p.program === values.program);
  const short = (p: RecordedProgram): boolean => (p.insns ?? 0) <= maxInsns;
  const leftOut: string[] = [];
  const all = [...compareLogs(kernel, recording.objects, tests, (o, p) => chosen(o, p) && short(p), (o) => leftOut.push(o), values.keep)];
  if (values.group) printGroups(all);
  if (values.list) for (const c of all) if (!c.equal) console.log(`${c.object.replace(/\.bpf\.o$/, "")}:${c.program}: line ${c.line + 1}\n  want ${c.want}\n  got  ${c.got}`);
  for (const { object, programs } of recording.objects)
    for (const p of programs) if (p.stage === "verify" && chosen(object, p) && !short(p) && existsSync(logPath(values.kernel, tests, object, p.program))) leftOut.push(object);
  const partsLeftOut = leftOut.map((object) => partOf(object, tests));
  const rows = [...new Set([...all.map((c) => partOf(c.object, tests)), ...partsLeftOut])].map((part): LogRow => {
    const of = all.filter((c) => partOf(c.object, tests) === part);
    return { kernel: values.kernel, tests, part, programs: of.length, equal: of.filter((c) => c.equal).length, leftOut: partsLeftOut.filter((p) => p === part).length, maxInsns };
  });
  for (const r of rows) console.log(`${r.kernel}, tests of ${r.tests}, ${r.part}: ${r.equal} of ${r.programs} logs equal (${((100 * r.equal) / (r.programs || 1)).toFixed(1)}%); ${r.leftOut} left out`);
  if (rows.length === 0) console.log(`no logs of kernel ${values.kernel}, tests of ${tests}: npm run conformance:record -- --kernels ${values.kernel} --tests ${tests}`);
  if (values.write && !values.file && !values.program && rows.length > 0) writeRows(rows);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
