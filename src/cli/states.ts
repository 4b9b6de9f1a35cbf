/** `check --states`: registers and stack before and after an instruction, visit by visit. */
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { outcomeText, stateRows } from "../session/state-rows.ts";
import type { InsnStates, InsnVisit } from "../verifier/types.ts";
import type { CheckOptions, ProgramVerdict } from "../workers/kernel-api.ts";
import { paint, table } from "./output.ts";
import type { Output } from "./output.ts";
import type { Engine } from "./engine.ts";

/** Visits shown of one instruction, and instructions of which all are shown when none is named. */
const MOST_VISITS = 20, MOST_INSNS = 400;
/** A program that takes longer is not verified once for each of its instructions. */
const SHORT = 20_000;

export interface StatesRequest { /** null: every instruction, one visit each */ insn: number | null }

/** Asks for the states of a program that was judged. The refused visit is the last one, so the last visits are kept. */
export async function collectStates(
  engine: Engine, object: string, verdict: ProgramVerdict, overlay: string | null, request: StatesRequest, options: CheckOptions,
): Promise<Result<InsnStates[], string>> {
  const visits = verdict.verify?.visits;
  if (!visits || visits.length === 0) return err(`${verdict.program} did not reach the verifier on ${verdict.kernel}`);
  if (request.insn !== null && request.insn >= visits.length) return err(`${verdict.program} has instructions 0 to ${visits.length - 1}, not ${request.insn}`);
  const wanted = request.insn !== null ? [request.insn] : visits.flatMap((n, i) => (n > 0 ? [i] : [])).slice(0, MOST_INSNS);
  if (wanted.length > 1 && verdict.verify!.stats.insns > SHORT) return err(`${verdict.program} takes ${verdict.verify!.stats.insns} processed instructions: name the instruction, --states INSN`);
  const max = request.insn !== null ? MOST_VISITS : 1;
  const out: InsnStates[] = [];
  for (const insn of wanted) {
    const from = Math.max(1, visits[insn]! - max + 1);
    const answer = await engine.core.states(object, verdict.program, verdict.kernel, overlay, { insn, from: request.insn === null ? 1 : from, max }, options);
    if (!answer.ok) return err(answer.error.message);
    out.push(answer.value);
  }
  return ok(out);
}

/** For people: a table a visit, changes marked. */
export function printStates(states: readonly InsnStates[], texts: ReadonlyMap<number, string>, out: Output): void {
  for (const one of states) {
    out.line(`      ${paint(out, "bold", `${one.insn}: ${texts.get(one.insn) ?? ""}`)}  ${paint(out, "grey", one.total === 0 ? "never reached" : `${one.total} ${one.total === 1 ? "visit" : "visits"}`)}`);
    for (const visit of one.visits) printVisit(visit, one.total, out);
  }
}
const MARK: Readonly<Record<string, string>> = { same: " ", changed: "*", new: "+", gone: "-" };
function printVisit(visit: InsnVisit, total: number, out: Output): void {
  const where = visit.before.calls.length > 1 ? ` in ${visit.before.calls.join(" > ")}` : "";
  out.line(`        ${total > 1 ? `visit ${visit.visit}, ` : ""}path ${visit.path}${where}: ${outcomeText(visit)}`);
  const after = visit.after ?? null;
  const rows = stateRows(visit.before, after);
  for (const line of table(rows.map((r) => ["         ", MARK[r.change]!, r.name, r.before?.text ?? "", ...(after ? [r.change === "same" ? "" : (r.after?.text ?? "not readable")] : [])]))) {
    out.line(/^\s+[*+-] /.test(line) ? paint(out, "yellow", line) : line);
  }
  if (visit.other) out.line(paint(out, "grey", `          put aside for later: path ${visit.other.path} from ${visit.other.to}, where ${differing(visit)}`));
  const held = (after ?? visit.before).held;
  if (held.length > 0) out.line(`          held: ${held.join(", ")}`);
}
/** What the path put aside knows otherwise. */
function differing(visit: InsnVisit): string {
  const changed = stateRows(visit.before, visit.other!.state).filter((r) => r.change !== "same");
  return changed.length === 0 ? "nothing else is known" : changed.map((r) => `${r.name} = ${r.after?.text ?? "not readable"}`).join(", ");
}
