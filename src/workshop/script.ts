import { Environment } from "@marcbachmann/cel-js";
import { err, ok, type Result } from "../base/result.ts";

/**
 * The small script of a check: one expression of the Common Expression Language over the facts of an attempt. It cannot loop
 * without end, reach anything outside, or change anything. Integers are 64-bit.
 *
 * Names: `verdicts` (kernel → {verdict, stage, message, insns}), `calls` (list of API names), `source` (file → text),
 * `run` ({outcome, message, retval, packet_out, trace, maps}; absent when the program was not run).
 */
export function evaluateScript(expression: string, facts: Readonly<Record<string, unknown>>): Result<boolean, string> {
  if (expression.length > 4000) return err("the script is longer than 4000 characters");
  try {
    const env = new Environment({ unlistedVariablesAreDyn: true });
    const value: unknown = env.evaluate(expression, { ...facts });
    return typeof value === "boolean" ? ok(value) : err(`the script gives ${String(value)}, not true or false`);
  } catch (e) {
    return err(`the script fails: ${e instanceof Error ? (e.message.split("\n")[0] ?? "") : String(e)}`);
  }
}
