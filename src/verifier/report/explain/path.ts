/** The way to the refusal as a reader follows it: branches with what was known, calls and returns. */
import type { InsnIdx } from "../../../base/brand.ts";
import { OP_CALL, OP_EXIT, OPCODES } from "../../../isa/table.ts";
import type { RegState } from "../../state/reg-state.ts";
import type { PathStep } from "../../types.ts";
import type { TrailStep } from "../trail.ts";
import { findLineInfo } from "../log.ts";
import { printRegState } from "../print-state.ts";
import type { Case } from "./case.ts";
import { expressionAt } from "./expression.ts";

/** Steps shown of a long way: the first and the last ones. */
const FIRST = 6, LAST = 24;

const C_OPERATOR: Readonly<Record<string, string>> = { jeq: "==", jne: "!=", jgt: ">", jge: ">=", jlt: "<", jle: "<=", jsgt: ">", jsge: ">=", jslt: "<", jsle: "<=", jset: "&" };

/** @returns the steps, oldest first, and how many branches there were in all */
export function pathOf(c: Case): { path: PathStep[]; branches: number } {
  const { way } = c;
  if (!way) return { path: [], branches: 0 };
  const all = way.steps.map((s, i) => ({ s, i })).filter(({ s, i }) => s.compared !== null || isCallOrReturn(c, i));
  const dropped = way.steps.reduce((n, s) => n + s.dropped, 0);
  const branches = way.steps.filter((s) => s.compared !== null).length + dropped;
  const out: PathStep[] = [];
  const shown = all.filter(({ s }, k) => !repeats(all, k) || s.dropped > 0);
  const left = shown.length > FIRST + LAST ? shown.length - FIRST - LAST : 0;
  let before = -1;
  shown.forEach(({ s, i }, k) => {
    const skipped = all.findIndex((x) => x.i === i) - before - 1;
    before += skipped + 1;
    if (left > 0 && k >= FIRST && k < FIRST + left) {
      if (k === FIRST) out.push(leftOut(s.from, left + dropped));
      return;
    }
    if (s.dropped + skipped > 0 && (left === 0 || k !== FIRST + left)) out.push(leftOut(s.from, s.dropped + skipped));
    out.push(step(c, i));
  });
  return { path: out, branches };
}
/** A step like the two before it and the one after it: rounds of a loop. */
function repeats(all: readonly { s: TrailStep }[], k: number): boolean {
  return [k - 2, k - 1, k + 1].every((j) => all[j]?.s.from === all[k]!.s.from && all[j]!.s.to === all[k]!.s.to);
}
function leftOut(insn: number, n: number): PathStep {
  return { kind: "left out", insn: insn as InsnIdx, text: `${n.toLocaleString("en")} steps are left out here`, values: [], known: "" };
}
function isCallOrReturn(c: Case, i: number): boolean {
  const s = c.way!.steps[i]!;
  const code = c.env.insns[s.from]?.code;
  return code === OP_EXIT || (code === OP_CALL && s.to !== s.from + 1);
}

function step(c: Case, i: number): PathStep {
  const { env } = c;
  const s = c.way!.steps[i]!;
  const info = findLineInfo(env, s.from);
  const expression = info ? expressionAt(info.text, info.lineCol & 0x3ff) : null;
  const base = { insn: s.from as InsnIdx, ...(info ? { source: info } : {}), ...(expression ? { expression } : {}), values: [], known: "" };
  if (!s.compared) {
    const name = (idx: number): string => env.subprogs[env.findContainingSubprog(idx)]?.name || `func#${env.findContainingSubprog(idx)}`;
    const call = c.callAt(s.from);
    if (env.insns[s.from]?.code === OP_EXIT) return { ...base, kind: "return", text: `return from ${name(s.from)}()` };
    return { ...base, kind: "call", text: call?.kind === "function" ? `call of ${name(s.to)}()` : `${call?.name ?? "the call"}() calls ${name(s.to)}()` };
  }
  const insn = env.insns[s.from]!;
  const op = OPCODES[insn.code];
  if (op?.kind !== "jmp") return { ...base, kind: "jump", text: c.insnText(s.from) };
  const { compared } = s;
  const before = c.way!.before(i);
  const dst = c.meanings!.of(insn.dst, before);
  const src = op.reg ? c.meanings!.of(insn.src, before) : null;
  const symbol = C_OPERATOR[op.op] ?? op.symbol;
  const constant = compared.dst.type !== 1 && insn.imm === 0 && !op.reg ? "NULL" : String(insn.imm);
  const wrap = (text: string): string => (/ [|^&] | << | >> /.test(text) ? `(${text})` : text);
  const sign = op.op.startsWith("js") && op.op !== "jset" ? " (signed)" : "";
  const width = op.bits === 32 ? "w" : "r";
  const registers = `${width}${insn.dst} ${op.symbol} ${op.reg ? `${width}${insn.src}` : insn.imm}`;
  const left = wrap(dst ?? `R${insn.dst}`);
  const right = op.reg ? wrap(src ?? `R${insn.src}`) : constant;
  const meaning = op.op === "jset" ? `(${left} & ${right}) != 0` : `${left} ${symbol} ${right}${sign}`;
  const frame = env.curState.cur;
  const print = (r: RegState): string => printRegState(env, frame, r);
  const values = [{ name: `R${insn.dst}`, means: dst ?? `R${insn.dst}`, before: print(compared.dst), after: print(compared.dstAfter) }];
  if (compared.src && compared.srcAfter) values.push({ name: `R${insn.src}`, means: src ?? `R${insn.src}`, before: print(compared.src), after: print(compared.srcAfter) });
  return {
    ...base,
    kind: "branch",
    text: `${meaning} is ${compared.taken}${compared.decided ? ", always here" : ""}`,
    condition: { registers, meaning, holds: compared.taken, decided: compared.decided },
    values,
    known: values.map((v) => `${v.name}=${v.before === v.after ? v.before : `${v.before} → ${v.after}`}`).join(", "),
  };
}
