import { assertUnreachable } from "../base/assert.ts";
import { evaluateScript } from "./script.ts";
import type { Attempt, AttemptRun, Check, CheckOutcome, StepInput, WorkshopStep } from "./types.ts";

/** Runs every check of a step against an attempt, in order; one that cannot be answered has not passed, and says why. */
export async function runChecks(step: WorkshopStep, attempt: Attempt): Promise<CheckOutcome[]> {
  const outcomes: CheckOutcome[] = [];
  for (const check of step.checks) {
    const failure = await judge(step, check, attempt);
    outcomes.push({ title: check.title, passed: failure === null, detail: failure ?? "" });
  }
  return outcomes;
}

/** null when the check passes, else what was found instead. */
async function judge(step: WorkshopStep, check: Check, attempt: Attempt): Promise<string | null> {
  if (check.kind === "compiles") {
    const built = await attempt.compile(step.kernel);
    const found = check.without === "errors" ? built.errors : [...built.errors, ...built.warnings];
    return found.length === 0 ? null : (found[0] ?? "");
  }
  const program = await programOf(step, check, attempt);
  if (!program.ok) return program.why;
  const name = program.name;
  switch (check.kind) {
    case "verdict":
      for (const kernel of check.kernels) {
        const v = await attempt.verdict(name, kernel);
        if (v.verdict !== check.verdict) return `${kernel}: ${v.verdict}${v.message ? `: ${v.message}` : ""}`;
        if (check.stage !== null && v.stage !== check.stage) return `${kernel}: refused at ${v.stage}, not at ${check.stage}`;
        if (check.message !== null && !v.message.includes(check.message)) return `${kernel} says "${v.message}"`;
      }
      return null;
    case "insns_below":
      for (const kernel of check.kernels) {
        const v = await attempt.verdict(name, kernel);
        if (v.verdict !== "accepted") return `${kernel}: ${v.verdict}${v.message ? `: ${v.message}` : ""}`;
        if (v.insns >= check.count) return `${kernel} processed ${v.insns} instructions`;
      }
      return null;
    case "calls":
    case "avoids": {
      const calls = await attempt.calls(name, step.kernel);
      if (calls.includes(check.api) === (check.kind === "calls")) return null;
      return check.kind === "calls" ? `it calls ${calls.length > 0 ? calls.join(", ") : "nothing"}` : `it calls ${check.api}`;
    }
    case "returns":
      return ran(await start(step, check, attempt, name), (r) => (r.retval === check.value >>> 0 ? null : `it returned ${r.retval}`));
    case "packet_out":
      return ran(await start(step, check, attempt, name), (r) => (r.packetOut === plainHex(check.hex) ? null : `the packet came out as ${r.packetOut || "nothing"}`));
    case "trace":
      return ran(await start(step, check, attempt, name), (r) => (r.trace.some((line) => line.includes(check.text)) ? null : r.trace.length === 0 ? "it printed nothing" : `it printed ${r.trace.join(" / ")}`));
    case "map":
      return ran(await start(step, check, attempt, name), (r) => mapFailure(r, check));
    case "script":
      return scriptFailure(step, check, attempt, name);
    default:
      return assertUnreachable(check);
  }
}

async function programOf(step: WorkshopStep, check: Check, attempt: Attempt): Promise<{ ok: true; name: string } | { ok: false; why: string }> {
  const built = await attempt.compile(step.kernel);
  if (built.errors.length > 0) return { ok: false, why: `it does not compile: ${built.errors[0]}` };
  const wanted = check.program ?? step.program;
  if (wanted !== null) return built.programs.includes(wanted) ? { ok: true, name: wanted } : { ok: false, why: `there is no program named ${wanted}` };
  const only = built.programs[0];
  if (only === undefined) return { ok: false, why: "there is no program in it" };
  return built.programs.length === 1 ? { ok: true, name: only } : { ok: false, why: `there are ${built.programs.length} programs, and the check names none` };
}

function start(step: WorkshopStep, check: { input: StepInput | null }, attempt: Attempt, program: string): Promise<AttemptRun> {
  return attempt.run(program, step.kernel, check.input ?? step.input);
}

function ran(run: AttemptRun, test: (run: AttemptRun) => string | null): string | null {
  return run.outcome === "exited" ? test(run) : `it did not run to its end: ${run.message || run.outcome}`;
}

function mapFailure(run: AttemptRun, check: { map: string; key: string; value: string }): string | null {
  const entries = run.maps[check.map];
  if (!entries) return `there is no map named ${check.map}`;
  const key = plainHex(check.key);
  const entry = entries.find((e) => e.key === key);
  if (!entry) return `map ${check.map} has no key ${check.key}`;
  return entry.value === plainHex(check.value) ? null : `map ${check.map} holds ${entry.value} there`;
}

async function scriptFailure(step: WorkshopStep, check: Extract<Check, { kind: "script" }>, attempt: Attempt, program: string): Promise<string | null> {
  const verdicts: Record<string, unknown> = {};
  for (const kernel of check.kernels) {
    const v = await attempt.verdict(program, kernel);
    verdicts[kernel] = { verdict: v.verdict, stage: v.stage, message: v.message, insns: BigInt(v.insns) };
  }
  const facts: Record<string, unknown> = { verdicts, calls: [...(await attempt.calls(program, step.kernel))], source: { ...attempt.files } };
  if (/\brun\b/.test(check.expression)) {
    const r = await start(step, check, attempt, program);
    facts["run"] = { outcome: r.outcome, message: r.message, retval: BigInt(r.retval), packet_out: r.packetOut, trace: [...r.trace], maps: r.maps };
  }
  const result = evaluateScript(check.expression, facts);
  if (!result.ok) return result.error;
  return result.value ? null : "the script says no";
}

/**
 * Bytes as a check writes them: hexadecimal ("0a 00 00 01"), or a little-endian number with its width ("u32 10", "u64 1").
 * Returns lower-case hexadecimal without spaces; what is neither comes back as it was, and so equals nothing.
 */
export function plainHex(text: string): string {
  const number = /^\s*u(8|16|32|64)\s+(0x[0-9a-f]+|\d+)\s*$/i.exec(text);
  if (number) {
    const bytes = Number(number[1]) / 8;
    let value = BigInt.asUintN(bytes * 8, BigInt(number[2] ?? "0"));
    let out = "";
    for (let i = 0; i < bytes; i++) {
      out += (value & 0xffn).toString(16).padStart(2, "0");
      value >>= 8n;
    }
    return out;
  }
  return text.replace(/[\s:]/g, "").toLowerCase();
}
