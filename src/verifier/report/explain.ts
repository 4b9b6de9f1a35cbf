/** Why a program was refused, in plain words and data beside the kernel's (types.ts Explanation). */
import type { InsnIdx } from "../../base/brand.ts";
import type { Env } from "../state/env.ts";
import type { Explanation, VerifyResult } from "../types.ts";
import { Case, type Family, type Told } from "./explain/case.ts";
import { expressionAt } from "./explain/expression.ts";
import { FAMILIES } from "./explain/families.ts";
import { pathOf } from "./explain/path.ts";
import { findLineInfo } from "./log.ts";

/** The last message that is not only statistics or a state; some refusals end in a state. */
const LINES = 12;

/** @param env of a recording walk that ended in a refusal. A defect in here must not touch the verdict: then the kernel's words stand alone. */
export function explain(env: Env, result: VerifyResult): Explanation {
  try {
    return explained(env, result);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return {
      family: "other", check: "", title: result.message, reason: `The kernel's own words are all there is: the explanation failed by a defect of this simulation (${what}).`,
      insn: env.insnIdx as InsnIdx, insnText: "", operands: [], related: [], path: [], branches: 0, fixes: [],
    };
  }
}
function explained(env: Env, result: VerifyResult): Explanation {
  const lines = env.log.lastLines(LINES);
  const c = new Case(env, result.message, lines);
  const found = find(c);
  const told = found?.told ?? fallback(c);
  // A check of the whole program stands at no instruction, unless the family knows one.
  const whole = !c.located && told.at === undefined;
  const at = told.at ?? (whole ? 0 : c.at);
  const source = findLineInfo(env, at);
  const expression = source && !whole ? expressionAt(source.text, source.lineCol & 0x3ff) : null;
  const { path, branches } = pathOf(c);
  const registers = [...new Set(told.registers ?? [])].filter((n) => c.walking && c.reg(n) !== undefined);
  return {
    family: found?.family.name ?? "other",
    check: found?.family.check ?? "",
    title: told.title,
    reason: told.reason,
    insn: at as InsnIdx,
    insnText: !whole && env.insns[at] ? env.log.insnText(at) : "",
    ...(source ? { source } : {}),
    ...(expression ? { expression } : {}),
    operands: registers.map((n) => c.operand(n)),
    related: told.related ?? [],
    path,
    branches,
    fixes: inOrder(told.fixes),
  };
}
/** The first of several ways is not an "or". */
function inOrder(fixes: readonly string[]): string[] {
  return fixes.map((fix, i) => (i === 0 ? fix.replace(/^Or (\w)/, (_all, first: string) => first.toUpperCase()) : fix));
}
function find(c: Case): { family: Family; told: Told } | null {
  for (const family of FAMILIES) {
    const m = family.match.exec(c.message);
    if (m) return { family, told: family.tell(c, m) };
  }
  return null;
}
/** Without an explanation of its own: what is certain, and that there is no more. */
function fallback(c: Case): Told {
  return {
    title: c.message === "" ? "Refused without a word" : c.message,
    reason: c.message === "" ? "The kernel refuses the program here and says nothing." : `The kernel's own words are all there is: there is no explanation of this refusal here${c.walking ? `; it comes from ${c.expression}` : ""}.`,
    fixes: [],
    registers: c.access ? [c.access.base] : [],
  };
}
