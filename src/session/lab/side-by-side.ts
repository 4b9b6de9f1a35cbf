/** One object on the release as it is and on the custom kernel: verdicts, warnings, and what a run gives. */
import type { RunResult } from "../../emulator/types.ts";
import type { FullKernelWorkerApi, ProgramVerdict, RunInput } from "../../workers/kernel-api.ts";

export interface Side {
  /** "7.2" or "7.2+NAME" */
  title: string;
  verdict: ProgramVerdict;
  /** null: not run, because not accepted or not runnable */
  run: RunResult | null;
  /** why there is no run; null when there is one */
  notRun: string | null;
}

export interface Pair { program: string; upstream: Side; custom: Side; differences: readonly string[] }

/** Judges and, where both take it, runs one program on both. Calls go through `api` one after the other. */
export async function compareSides(
  api: Pick<FullKernelWorkerApi, "check" | "run">, objectId: string, input: RunInput, overlay: string, names: { upstream: string; custom: string },
): Promise<Pair> {
  const side = async (title: string, document: string | null): Promise<Side> => {
    const verdict = await api.check(objectId, input.program, input.kernel, document, { logLevel: 0 });
    if (verdict.verdict !== "accepted") return { title, verdict, run: null, notRun: "it is not accepted" };
    const run = await api.run(objectId, document, input);
    return run.ok ? { title, verdict, run: run.value, notRun: null } : { title, verdict, run: null, notRun: run.error.message };
  };
  const upstream = await side(names.upstream, null);
  const custom = await side(names.custom, overlay);
  return { program: input.program, upstream, custom, differences: differences(upstream, custom) };
}

/** What differs, in words; empty when nothing does. */
export function differences(a: Side, b: Side): string[] {
  const out: string[] = [];
  if (a.verdict.verdict !== b.verdict.verdict) out.push(`verdict: ${a.verdict.verdict} on ${a.title}, ${b.verdict.verdict} on ${b.title}`);
  else if (a.verdict.message !== b.verdict.message) out.push("the refusal's message differs");
  const news = warningsOf(b.verdict).filter((w) => !warningsOf(a.verdict).includes(w));
  if (news.length > 0) out.push(`${news.length === 1 ? "a warning" : `${news.length} warnings`} on ${b.title}`);
  if (a.run && b.run) {
    if (a.run.outcome !== b.run.outcome) out.push(`the run ends otherwise: ${a.run.outcome} on ${a.title}, ${b.run.outcome} on ${b.title}`);
    else if (a.run.retval !== b.run.retval) out.push(`the run returns ${a.run.retval} on ${a.title}, ${b.run.retval} on ${b.title}`);
    if (hex(a.run.dataOut) !== hex(b.run.dataOut)) out.push("the packet comes out differently");
    if (a.run.trace.join("\n") !== b.run.trace.join("\n")) out.push("the trace differs");
    if (mapsText(a.run) !== mapsText(b.run)) out.push("maps hold other values afterwards");
  }
  return out;
}

/** Deprecations and the like; notes of the loader about debug information are none of these. */
export function warningsOf(verdict: ProgramVerdict): readonly string[] {
  return (verdict.warnings ?? []).filter((w) => /\bdeprecated\b|custom kernel|API version/i.test(w));
}

function hex(bytes: Uint8Array | null): string {
  return bytes === null ? "" : [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
}

function mapsText(run: RunResult): string {
  return JSON.stringify(run.maps, (_key, value: unknown) => (typeof value === "bigint" ? `${value}n` : value instanceof Uint8Array ? hex(value) : value));
}
