import { assertUnreachable } from "../base/assert.ts";
import { answerIn, sameAnswer } from "./answers.ts";
import { ownKernel } from "./kernels.ts";
import { once } from "./once.ts";
import { evaluateScript } from "./script.ts";
import type { Attempt, AttemptRun, AttemptVerdict, Check, CheckOutcome, KernelName, StepInput, WorkshopStep } from "./types.ts";

/**
 * Runs every check of a step against an attempt, in order; one that cannot be answered has not passed, and says why. `onOutcome` is
 * told each outcome as it comes.
 */
export async function runChecks(step: WorkshopStep, attempt: Attempt, onOutcome?: (outcomes: readonly CheckOutcome[]) => void): Promise<CheckOutcome[]> {
  const asked = once(attempt);
  const outcomes: CheckOutcome[] = [];
  for (const check of step.checks) {
    const failure = await judge(step, check, asked);
    outcomes.push({ title: check.title, passed: failure === null, detail: failure ?? "" });
    onOutcome?.([...outcomes]);
  }
  return outcomes;
}

/** null when the check passes, else what was found instead. */
async function judge(step: WorkshopStep, check: Check, attempt: Attempt): Promise<string | null> {
  if (check.kind === "answer") return answerFailure(check, attempt);
  const built = await attempt.compile(ownKernel(step));
  if (check.kind === "compiles") {
    const found = check.without === "errors" ? built.errors : [...built.errors, ...built.warnings];
    return found[0] ?? null;
  }
  if (built.errors.length > 0) return `it does not compile: ${built.errors[0]}`;
  const program = programOf(check.program ?? step.program, built.programs);
  if (!program.ok) return program.why;
  if (check.kind === "script") return scriptFailure(step, check, attempt, program.name);
  for (const kernel of check.kernels) {
    const failure = await judgeOn(kernel, step, check, attempt, program.name);
    if (failure !== null) return failure;
  }
  return null;
}

function programOf(wanted: string | null, there: readonly string[]): { ok: true; name: string } | { ok: false; why: string } {
  if (wanted !== null) return there.includes(wanted) ? { ok: true, name: wanted } : { ok: false, why: `there is no program named ${wanted}` };
  const only = there[0];
  if (only === undefined) return { ok: false, why: "there is no program in it" };
  return there.length === 1 ? { ok: true, name: only } : { ok: false, why: `there are ${there.length} programs, and the check names none` };
}

type KernelCheck = Exclude<Check, { kind: "compiles" | "answer" | "script" }>;

async function judgeOn(kernel: KernelName, step: WorkshopStep, check: KernelCheck, attempt: Attempt, program: string): Promise<string | null> {
  switch (check.kind) {
    case "verdict": {
      const v = await attempt.verdict(program, kernel);
      if (v.verdict !== check.verdict) return `${kernel}: ${told(v)}`;
      if (check.stage !== null && v.stage !== check.stage) return `${kernel}: refused at ${v.stage}, not at ${check.stage}`;
      return check.message === null || v.message.includes(check.message) ? null : `${kernel} says "${v.message}"`;
    }
    case "warning": {
      const { warnings } = await attempt.verdict(program, kernel);
      if (check.text === null) return warnings.length === 0 ? null : `${kernel} warns: ${warnings[0]}`;
      const wanted = check.text;
      if (warnings.some((w) => w.includes(wanted))) return null;
      return warnings.length === 0 ? `${kernel} does not warn` : `${kernel} warns of something else: ${warnings[0]}`;
    }
    case "log":
      return (await attempt.log(program, kernel)).includes(check.text) ? null : `the log of ${kernel} does not contain "${check.text}"`;
    case "insns_below": {
      const v = await attempt.verdict(program, kernel);
      if (v.verdict !== "accepted") return `${kernel}: ${told(v)}`;
      return v.insns < check.count ? null : `${kernel} processed ${v.insns} instructions`;
    }
    case "calls":
    case "avoids": {
      const calls = await attempt.calls(program, kernel);
      if (calls.includes(check.api) === (check.kind === "calls")) return null;
      return check.kind === "calls" ? `it calls ${calls.length > 0 ? calls.join(", ") : "nothing"}` : `it calls ${check.api}`;
    }
    case "returns":
      return ran(kernel, step, check, attempt, program, (r) => (r.retval === check.value >>> 0 ? null : `it returned ${r.retval}${r.action === undefined ? "" : ` (${r.action})`}`));
    case "packet_out":
      return ran(kernel, step, check, attempt, program, (r) => (r.packetOut === plainHex(check.hex) ? null : `the packet came out as ${r.packetOut || "nothing"}`));
    case "trace":
      return ran(kernel, step, check, attempt, program, (r) => (r.trace.some((line) => line.includes(check.text)) ? null : r.trace.length === 0 ? "it printed nothing" : `it printed ${r.trace.join(" / ")}`));
    case "map":
      return ran(kernel, step, check, attempt, program, (r) => mapFailure(r, check));
    default:
      return assertUnreachable(check);
  }
}

const told = (v: AttemptVerdict): string => `${v.verdict}${v.message === "" ? "" : `: ${v.message}`}${v.note === undefined ? "" : ` (${v.note})`}`;

function answerFailure(check: Extract<Check, { kind: "answer" }>, attempt: Attempt): string | null {
  const given = answerIn(attempt.files, check.question);
  if (given === null) return `there is no line "// ANSWER ${check.question}: …"`;
  if (given === "") return `the line "// ANSWER ${check.question}:" is still empty`;
  return check.accepted.some((a) => sameAnswer(a, given)) ? null : `"${given}" is not it`;
}

/** A kernel runs what it accepts, and nothing else. */
async function start(kernel: KernelName, step: WorkshopStep, input: StepInput | null, attempt: Attempt, program: string): Promise<AttemptRun | string> {
  const v = await attempt.verdict(program, kernel);
  if (v.verdict !== "accepted") return `it does not run, since ${kernel} does not take it: ${told(v)}`;
  return attempt.run(program, kernel, input ?? step.input);
}

async function ran(
  kernel: KernelName, step: WorkshopStep, check: { input: StepInput | null; kernels: readonly KernelName[] }, attempt: Attempt, program: string, test: (run: AttemptRun) => string | null,
): Promise<string | null> {
  const run = await start(kernel, step, check.input, attempt, program);
  if (typeof run === "string") return run;
  const failure = run.outcome === "exited" ? test(run) : `it did not run to its end: ${run.message || run.outcome}`;
  return failure === null || check.kernels.length === 1 ? failure : `${kernel}: ${failure}`;
}

function mapFailure(run: AttemptRun, check: { map: string; key: string; value: string }): string | null {
  const entries = Object.hasOwn(run.maps, check.map) ? run.maps[check.map] : undefined;
  if (!entries) return `there is no map named ${check.map}`;
  const key = plainHex(check.key);
  const entry = entries.find((e) => e.key === key);
  if (!entry) return `map ${check.map} has no key ${check.key}`;
  return entry.value === plainHex(check.value) ? null : `map ${check.map} holds ${entry.value} there`;
}

async function scriptFailure(step: WorkshopStep, check: Extract<Check, { kind: "script" }>, attempt: Attempt, program: string): Promise<string | null> {
  const own = check.kernels[0] ?? ownKernel(step);
  const verdicts: Record<string, unknown> = {};
  for (const kernel of check.kernels) {
    const v = await attempt.verdict(program, kernel);
    verdicts[kernel] = { verdict: v.verdict, stage: v.stage, message: v.message, insns: BigInt(v.insns), warnings: [...v.warnings] };
  }
  const facts: Record<string, unknown> = { verdicts, calls: [...(await attempt.calls(program, own))], source: { ...attempt.files } };
  if (/\brun\b/.test(check.expression)) {
    const r = await start(own, step, check.input, attempt, program);
    if (typeof r === "string") return r;
    facts["run"] = { outcome: r.outcome, message: r.message, retval: BigInt(r.retval), packet_out: r.packetOut, trace: [...r.trace], maps: r.maps };
  }
  const result = evaluateScript(check.expression, facts);
  if (!result.ok) return result.error;
  return result.value ? null : "that is not so yet";
}

/**
 * Bytes as a check writes them: hexadecimal ("0a 00 00 01"), or little-endian numbers with their width ("u32 10", "u64 1, u64 60").
 * Returns lower-case hexadecimal without spaces; what is neither comes back as it was, and so equals nothing.
 */
export function plainHex(text: string): string {
  const numbers = text.split(",").map((part) => /^\s*u(8|16|32|64)\s+(0x[0-9a-f]+|\d+)\s*$/i.exec(part));
  if (numbers.some((n) => n === null)) return text.replace(/[\s:]/g, "").toLowerCase();
  return numbers.map((n) => littleEndian(BigInt(n?.[2] ?? "0"), Number(n?.[1]) / 8)).join("");
}

function littleEndian(number: bigint, bytes: number): string {
  let value = BigInt.asUintN(bytes * 8, number);
  let out = "";
  for (let i = 0; i < bytes; i++) {
    out += (value & 0xffn).toString(16).padStart(2, "0");
    value >>= 8n;
  }
  return out;
}
