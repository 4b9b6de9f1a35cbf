import { Environment } from "@marcbachmann/cel-js";
import { err, ok, type Result } from "../base/result.ts";

/** Loops over lists and maps that one script may have: two, one inside the other, over lists as long as these is a matter of milliseconds. */
const MAX_LOOPS = 2;
const LOOPS = new Set(["all", "exists", "exists_one", "map", "filter"]);
const MAX_LIST = 1000;

/**
 * The small script of a check: one expression of the Common Expression Language over the facts of an attempt. It cannot loop
 * without end or for long, reach anything outside, or change anything. Integers are 64-bit.
 *
 * Names: `verdicts` (kernel → {verdict, stage, message, insns, warnings}), `calls` (list of API names), `source` (file → text),
 * `run` ({outcome, message, retval, packet_out, trace, maps}; absent when the program was not run). Of long lists the first 1,000.
 */
export function evaluateScript(expression: string, facts: Readonly<Record<string, unknown>>): Result<boolean, string> {
  if (expression.length > 4000) return err("the script is longer than 4000 characters");
  try {
    const env = new Environment({ unlistedVariablesAreDyn: true });
    const script = env.parse(expression);
    const reason = tooMuch(script.ast);
    if (reason !== null) return err(reason);
    const value: unknown = script(shortened(facts));
    return typeof value === "boolean" ? ok(value) : err(`the script gives ${String(value)}, not true or false`);
  } catch (e) {
    return err(`the script fails: ${e instanceof Error ? (e.message.split("\n")[0] ?? "") : String(e)}`);
  }
}

/** Why an expression is not evaluated, from its syntax tree; null when it is. A script may come from anybody and runs where the page runs. */
function tooMuch(ast: unknown): string | null {
  let loops = 0;
  const todo: unknown[] = [ast];
  while (todo.length > 0) {
    const node = todo.pop();
    if (Array.isArray(node)) {
      todo.push(...(node as unknown[]));
      continue;
    }
    if (typeof node !== "object" || node === null || !("op" in node) || !("args" in node)) continue;
    const { op, args } = node;
    const name = (op === "call" || op === "rcall") && Array.isArray(args) ? String(args[0]) : "";
    // A regular expression can be made to run for years.
    if (name === "matches") return "the script uses matches(), which is not to be had here: contains(), startsWith() and endsWith() are";
    if (LOOPS.has(name)) loops++;
    todo.push(args);
  }
  return loops > MAX_LOOPS ? `the script has ${loops} loops (${[...LOOPS].join(", ")}); ${MAX_LOOPS} are the most` : null;
}

/** The facts with long lists cut, at every depth. */
function shortened(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const cut = (v: unknown): unknown => {
    if (Array.isArray(v)) return (v as unknown[]).slice(0, MAX_LIST).map(cut);
    return typeof v === "object" && v !== null ? Object.fromEntries(Object.entries(v).map(([key, inner]) => [key, cut(inner)])) : v;
  };
  return cut(value) as Record<string, unknown>;
}
