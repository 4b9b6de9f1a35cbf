/**
 * Our verifier against recorded answers of a real kernel, program by program.
 *
 *   npm run conformance -- --kernel 7.2 [--tests 7.2] [--part neighbours] [--file verifier_and] [--program x] [--diff] [--json] [--list KIND] [--group]
 *
 * Counted are the programs that reached the kernel's verifier. A program counts as agreed when the verdict is the same;
 * `unsupported` is a disagreement. KIND: message, insns, report, false-accept, false-reject, unsupported, internal, unexplained, faults. --group prints the
 * disagreements by what they have in common, most frequent first. Parts: `partOf`.
 */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { makeKernel } from "../../src/kernel/kernel.ts";
import { decodePack, openPack } from "../../src/kernel/pack.ts";
import type { Kernel } from "../../src/kernel/types.ts";
import { bindProgram } from "../../src/loader/bind.ts";
import { openObject } from "../../src/loader/open.ts";
import type { ObjectSpec } from "../../src/loader/types.ts";
import type { VerifyResult } from "../../src/verifier/types.ts";
import { verify } from "../../src/verifier/verify.ts";
import { faultsOf } from "../explain/faults.ts";
import { comparable } from "../oracle/log-text.ts";
import { isFuzz, listRecordings, type RecordedObject, type RecordedProgram, readRecording, testsOf } from "./recorded.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** of processor time: the slowest of the kernel's tests walk a million instructions */
const SECONDS_PER_PROGRAM = 120;

export interface Compared {
  object: string;
  program: string;
  want: { verdict: string; message: string; insns: number | undefined; totalStates: number | undefined; peakStates: number | undefined; /** title of the structured report (7.3) */ report?: string };
  got: { verdict: string; message: string; insns: number; totalStates: number; peakStates: number; ms: number; stage: string; /** refused by our verifier: does the explanation know the family and a way out? */ explained?: boolean; /** what is wrong with the explanation as such (explain/faults.ts) */ faults?: readonly string[]; report?: string };
}

/** Reads public/kernels/NAME.pack. */
export async function loadKernel(name: string): Promise<Kernel> {
  const bytes = readFileSync(join(root, "public/kernels", `${name}.pack`));
  const plain = await decodePack(bytes, (encoding, data) => (encoding === "gzip" ? gunzipSync(data) : brotliDecompressSync(data)));
  if (!plain.ok) throw new Error(plain.error);
  const pack = openPack(plain.value);
  if (!pack.ok) throw new Error(pack.error);
  const kernel = makeKernel(pack.value);
  if (!kernel.ok) throw new Error(kernel.error);
  return kernel.value;
}

/** Processor time of this process: the machine may be busy with other things. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function judge(spec: ObjectSpec, program: string, kernel: Kernel, logLevel = 1, unprivileged = false): Compared["got"] & { log: string; full?: VerifyResult } {
  const start = cpuMs();
  const bound = bindProgram(spec, program, kernel);
  if (!bound.ok)
    return { verdict: bound.error.verdict, message: bound.error.message, insns: 0, totalStates: 0, peakStates: 0, ms: cpuMs() - start, stage: bound.error.stage, log: "" };
  const deadline = start + SECONDS_PER_PROGRAM * 1000;
  const r = verify(bound.value, kernel, { logLevel, unprivileged, onProgress: () => cpuMs() > deadline });
  return { verdict: r.verdict, message: r.message, insns: r.stats.insns, totalStates: r.stats.totalStates, peakStates: r.stats.peakStates, ms: cpuMs() - start, stage: "verify", log: r.log, full: r, ...(r.report ? { report: /^Verification failed: (.*)$/m.exec(r.report)?.[1] ?? "" } : {}), ...(r.explanation ? { explained: r.explanation.family !== "other" && r.explanation.fixes.length > 0, faults: faultsOf(r.explanation, bound.value) } : {}) };
}

/** All programs of a recording, or those a filter leaves. */
export function* compare(kernel: Kernel, objects: readonly RecordedObject[], tests: string, only: (object: string, program: RecordedProgram) => boolean): Generator<Compared> {
  const { objects: folder, unprivileged } = testsOf(tests);
  for (const object of objects) {
    // Of a mutant that takes long the kernel is not asked to the end: no answer, nothing to compare.
    const programs = object.programs.filter((p) => p.stage === "verify" && !(isFuzz(tests) && p.verdict === "timeout") && only(object.object, p));
    if (programs.length === 0) continue;
    const spec = openObject(readFileSync(join(root, ".cache/conformance", folder, object.object)), { name: basename(object.object).split(".")[0] ?? "object" });
    for (const p of programs) {
      const got = spec.ok
        ? judge(spec.value, p.program, kernel, 1, unprivileged)
        : { verdict: spec.error.verdict, message: spec.error.message, insns: 0, totalStates: 0, peakStates: 0, ms: 0, stage: "open" };
      const { log: _log, full: _full, ...rest } = got as Compared["got"] & { log?: string; full?: unknown };
      yield {
        object: object.object, program: p.program,
        want: { verdict: p.verdict, message: p.message ?? "", insns: p.insns, totalStates: p.totalStates, peakStates: p.peakStates, ...(p.report === undefined ? {} : { report: p.report }) },
        got: rest,
      };
    }
  }
}

/** verifier: the tests written for the verifier (verifier_*.c); neighbours: the kernel's other test programs; projects: other people's. */
export type Part = "verifier" | "neighbours" | "projects";
export const partOf = (object: string, tests: string): Part => (tests === "projects" ? "projects" : object.startsWith("verifier_") ? "verifier" : "neighbours");

export interface Summary { programs: number; refused: number; explained: number; verdict: number; message: number; rejectedBoth: number; insns: number; /** where the same words refuse and the release has structured reports: all, and with the same title or none */ reports: number; sameReport: number; falseAccept: string[]; falseReject: string[]; unsupported: Map<string, number>; internal: string[] }
export function summarize(all: readonly Compared[]): Summary {
  const s: Summary = { programs: all.length, refused: all.filter((c) => c.got.explained !== undefined).length, explained: all.filter((c) => c.got.explained).length, verdict: 0, message: 0, rejectedBoth: 0, insns: 0, reports: 0, sameReport: 0, falseAccept: [], falseReject: [], unsupported: new Map(), internal: [] };
  const hasReports = all.some((c) => c.want.report !== undefined);
  for (const c of all) {
    const name = `${c.object}:${c.program}`;
    if (hasReports && sameRefusal(c)) {
      s.reports++;
      if (c.want.report === c.got.report) s.sameReport++;
    }
    if (c.got.verdict === c.want.verdict) {
      s.verdict++;
      if (c.want.verdict === "accepted" || comparable(c.want.message) === comparable(c.got.message)) s.message++;
      if (c.want.insns === c.got.insns) s.insns++;
    } else if (c.got.verdict === "accepted") s.falseAccept.push(name);
    else if (c.got.verdict === "rejected") s.falseReject.push(`${name}: ${c.got.message}`);
    else if (c.got.message.startsWith("internal error")) s.internal.push(`${name}: ${c.got.message}`);
    if (c.got.verdict !== "accepted" && c.got.verdict !== "rejected") {
      const why = c.got.verdict === "stopped" ? "stopped: too slow" : c.got.message;
      s.unsupported.set(why, (s.unsupported.get(why) ?? 0) + 1);
    }
  }
  return s;
}
const percent = (n: number, of: number): string => `${n} of ${of} (${of ? ((100 * n) / of).toFixed(1) : "0"}%)`;

/** Refused with the same words: a release with structured reports (7.3) must print the same one, or none. */
const sameRefusal = (c: Compared): boolean => c.want.verdict === "rejected" && c.got.verdict === "rejected" && comparable(c.want.message) === comparable(c.got.message);

function list(all: readonly Compared[], kind: string): void {
  for (const c of all) {
    const name = `${c.object.replace(".bpf.o", "")}:${c.program}`;
    const same = c.got.verdict === c.want.verdict;
    if (kind === "message" && same && c.want.verdict === "rejected" && comparable(c.want.message) !== comparable(c.got.message)) console.log(`${name}\n  want ${c.want.message}\n  got  ${c.got.message}`);
    if (kind === "insns" && same && c.want.insns !== c.got.insns) console.log(`${name}: want ${c.want.insns} got ${c.got.insns} (states ${c.want.totalStates} / ${c.got.totalStates})`);
    if (kind === "states" && same && c.want.insns === c.got.insns && c.want.totalStates !== c.got.totalStates) console.log(`${name}: states ${c.want.totalStates} / ${c.got.totalStates}`);
    if (kind === "false-accept" && c.got.verdict === "accepted" && !same) console.log(`${name}\n  want ${c.want.message}`);
    if (kind === "false-reject" && c.got.verdict === "rejected" && !same) console.log(`${name}\n  got [${c.got.stage}] ${c.got.message}`);
    if (kind === "unsupported" && c.got.verdict !== "accepted" && c.got.verdict !== "rejected") console.log(`${name}: ${c.got.message}`);
    if (kind === "report" && sameRefusal(c) && c.want.report !== c.got.report) console.log(`${name}: want ${c.want.report ?? "none"} got ${c.got.report ?? "none"} (${c.want.message})`);
    if (kind === "unexplained" && c.got.explained === false) console.log(`${name}: ${c.got.message}`);
    if (kind === "faults") for (const fault of c.got.faults ?? []) console.log(`${name}: ${fault} (${c.got.message})`);
    if (kind === "slow" && c.got.ms > 500) console.log(`${name}: ${Math.round(c.got.ms)} ms, ${c.got.insns} insns`);
  }
}

/** What a disagreement is about, without the names and numbers in it; undefined where there is none. */
function causeOf(c: Compared): string | undefined {
  const plain = (m: string): string => (m || "(no message)").replace(/'[^']*'/g, "'…'").replace(/\b(0x)?\d+\b/g, "N").replace(/R\d+/g, "RN");
  const ours = c.got.verdict === "accepted" ? "accept" : `[${c.got.stage}${c.got.verdict === "rejected" ? "" : ` ${c.got.verdict}`}] ${plain(c.got.message)}`;
  if (c.got.verdict !== c.want.verdict) return `verdict: they ${c.want.verdict === "accepted" ? "accept" : `"${plain(c.want.message)}"`}, we ${ours}`;
  if (c.want.verdict === "rejected" && comparable(c.want.message) !== comparable(c.got.message)) return `message: they "${plain(c.want.message)}", we ${ours}`;
  return c.want.insns === c.got.insns ? undefined : "instructions";
}

function groups(all: readonly Compared[]): void {
  const by = new Map<string, string[]>();
  for (const c of all) {
    const cause = causeOf(c);
    if (cause) by.set(cause, [...(by.get(cause) ?? []), `${c.object.replace(".bpf.o", "")}:${c.program}`]);
  }
  for (const [cause, names] of [...by].sort((a, b) => b[1].length - a[1].length)) console.log(`${String(names.length).padStart(4)}  ${cause}\n        ${names.slice(0, 6).join(" ")}${names.length > 6 ? " …" : ""}`);
}

function printSummary(s: Summary, named: boolean): void {
  console.log(`same verdict:      ${percent(s.verdict, s.programs)}`);
  console.log(`same last message: ${percent(s.message, s.programs)}`);
  console.log(`same insn count:   ${percent(s.insns, s.programs)}`);
  console.log(`false accepts: ${s.falseAccept.length}  false rejects: ${s.falseReject.length}  internal errors: ${s.internal.length}`);
  console.log(`refusals explained with a way out: ${percent(s.explained, s.refused)}; the others say that there is none`);
  if (s.reports > 0) console.log(`same report:       ${percent(s.sameReport, s.reports)} of those with the same message`);
  if (named) for (const f of s.falseAccept) console.log(`  false accept ${f}`);
  for (const e of s.internal.slice(0, 20)) console.log(`  ${e}`);
  for (const [why, n] of [...s.unsupported].sort((a, b) => b[1] - a[1]).slice(0, 40)) console.log(`  unsupported ${String(n).padStart(4)}  ${why}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kernel: { type: "string", default: "7.2" }, tests: { type: "string" }, file: { type: "string" }, program: { type: "string" }, diff: { type: "boolean" },
      json: { type: "boolean" }, list: { type: "string", multiple: true }, log: { type: "string" }, part: { type: "string" }, group: { type: "boolean" },
    },
  });
  const tests = values.tests ?? listRecordings().find(([k, t]) => k === values.kernel && t === values.kernel)?.[1] ?? listRecordings().find(([k]) => k === values.kernel)?.[1];
  if (!tests) throw new Error(`no recording of kernel ${values.kernel}`);
  const recording = readRecording(values.kernel, tests);
  const kernel = await loadKernel(values.kernel);
  if (values.program && (values.diff || values.log)) return showOne(kernel, recording.objects, tests, values.file, values.program, Number(values.log ?? 2));
  const start = performance.now();
  const all = [...compare(kernel, recording.objects, tests, (o, p) => (!values.part || partOf(o, tests) === values.part) && (!values.file || o.startsWith(values.file)) && (!values.program || p.program === values.program))];
  const s = summarize(all);
  if (values.json) {
    console.log(JSON.stringify({ kernel: values.kernel, tests, ...s, unsupported: Object.fromEntries(s.unsupported) }));
    return;
  }
  for (const kind of values.list ?? []) list(all, kind);
  if (values.group) groups(all);
  console.log(`kernel ${values.kernel} (${recording.release}), tests of ${tests}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  const parts = [...new Set(all.map((c) => partOf(c.object, tests)))];
  for (const part of parts) {
    console.log(`-- ${part}`);
    printSummary(summarize(all.filter((c) => partOf(c.object, tests) === part)), !values.list);
  }
  if (parts.length > 1) {
    console.log("-- all");
    printSummary({ ...s, unsupported: new Map(), internal: [] }, false);
  }
}

/** Our log of one program beside the recorded kernel's (both at level 2). */
function showOne(kernel: Kernel, objects: readonly RecordedObject[], tests: string, file: string | undefined, program: string, level: number): void {
  const object = objects.find((o) => (!file || o.object.startsWith(file)) && o.programs.some((p) => p.program === program));
  if (!object) throw new Error(`no program ${program}`);
  const spec = openObject(readFileSync(join(root, ".cache/conformance", testsOf(tests).objects, object.object)), { name: object.object.split(".")[0]! });
  if (!spec.ok) throw new Error(spec.error.message);
  const got = judge(spec.value, program, kernel, level, testsOf(tests).unprivileged);
  console.log(got.log || got.message);
  const want = object.programs.find((p) => p.program === program)!;
  console.log(`--- want ${want.verdict} insns ${want.insns} states ${want.totalStates}: ${want.message ?? ""}\n--- got  ${got.verdict} insns ${got.insns} states ${got.totalStates}: ${got.message}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
