/** The part of a C line that an instruction's line record points at. */
import type { SourceExpression } from "../../types.ts";

interface Token { text: string; at: number; kind: "word" | "number" | "string" | "op" }

const TOKEN = /\s+|\/\/.*|\/\*.*?(?:\*\/|$)|([A-Za-z_]\w*)|(\d[\w.]*)|("(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?)|(->|\+\+|--|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)/gy;

function tokens(line: string): Token[] {
  const out: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let m = TOKEN.exec(line); m; m = TOKEN.exec(line)) {
    const kind = m[1] !== undefined ? "word" : m[2] !== undefined ? "number" : m[3] !== undefined ? "string" : m[4] !== undefined ? "op" : null;
    if (kind) out.push({ text: m[0], at: m.index, kind });
    if (out.length > 400 || TOKEN.lastIndex >= line.length) break;
  }
  return out;
}
const CLOSER: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };
const OPENER: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };
/** Binary operators by rank; lower binds tighter. */
const RANK: Readonly<Record<string, number>> = {
  "*": 3, "/": 3, "%": 3, "+": 4, "-": 4, "<<": 5, ">>": 5, "<": 6, ">": 6, "<=": 6, ">=": 6, "==": 7, "!=": 7, "&": 8, "^": 9, "|": 10, "&&": 11, "||": 12, "?": 13, ":": 13,
  "=": 14, "+=": 14, "-=": 14, "*=": 14, "/=": 14, "%=": 14, "&=": 14, "|=": 14, "^=": 14, "<<=": 14, ">>=": 14, ",": 15,
};
const UNARY = new Set(["*", "&", "-", "+", "!", "~", "++", "--"]);
/** Words after which an operator is unary and an expression begins. */
const KEYWORDS = new Set(["return", "if", "while", "for", "switch", "case", "else", "do", "goto", "break", "continue"]);

/** Index of the bracket that matches the one at `i`, going up or down; the line's end where it is not closed on this line. */
function match(ts: readonly Token[], i: number, by: 1 | -1): number {
  const open = ts[i]!.text;
  const close = (by === 1 ? CLOSER : OPENER)[open]!;
  let depth = 0;
  for (let k = i; k >= 0 && k < ts.length; k += by) {
    if (ts[k]!.text === open) depth++;
    else if (ts[k]!.text === close && --depth === 0) return k;
  }
  return by === 1 ? ts.length - 1 : 0;
}
/** Last token of the operand that begins at `i`: unary operators and casts, then a name, number or bracket with what follows it. */
function operandEnd(ts: readonly Token[], i0: number): number {
  let i = i0;
  while (i < ts.length && UNARY.has(ts[i]!.text)) i++;
  // a cast: (type) before another operand
  while (ts[i]?.text === "(" && isCast(ts, i)) {
    i = match(ts, i, 1) + 1;
    while (i < ts.length && UNARY.has(ts[i]!.text)) i++;
  }
  if (i >= ts.length) return ts.length - 1;
  let end = CLOSER[ts[i]!.text] ? match(ts, i, 1) : i;
  for (;;) {
    const next = ts[end + 1]?.text;
    if (next === "(" || next === "[") end = match(ts, end + 1, 1);
    else if ((next === "->" || next === ".") && ts[end + 2]) end += 2;
    else if (next === "++" || next === "--") end++;
    else return end;
  }
}
function isCast(ts: readonly Token[], i: number): boolean {
  const end = match(ts, i, 1);
  const inside = ts.slice(i + 1, end);
  const after = ts[end + 1];
  return inside.length > 0 && inside[0]!.kind === "word" && inside.every((t) => t.kind === "word" || t.text === "*") && after !== undefined && (after.kind !== "op" || after.text === "(" || UNARY.has(after.text)) &&
    (inside.some((t) => t.text === "*") || inside.length > 1 || /^(?:__)?[us]\d+$|_t$|^(?:int|long|short|char|unsigned|void)$/.test(inside[0]!.text));
}
/** First token of the operand that ends at `i`. */
function operandStart(ts: readonly Token[], i0: number, prefixes = true): number {
  let i = OPENER[ts[i0]!.text] ? match(ts, i0, -1) : i0;
  for (;;) {
    const before = ts[i - 1];
    if (!before) return i;
    if ((before.text === "->" || before.text === ".") && i >= 2) {
      i -= 2;
      if (OPENER[ts[i]!.text]) i = match(ts, i, -1);
    } else if ((ts[i]!.text === "(" || ts[i]!.text === "[") && (before.kind === "word" || OPENER[before.text]) && !KEYWORDS.has(before.text)) i = OPENER[before.text] ? match(ts, i - 1, -1) : i - 1;
    else if (!prefixes) return i;
    else if (UNARY.has(before.text) && isUnary(ts, i - 1)) i--;
    else if (before.text === ")" && isCast(ts, match(ts, i - 1, -1))) i = match(ts, i - 1, -1);
    else return i;
  }
}
function isUnary(ts: readonly Token[], i: number): boolean {
  const before = ts[i - 1];
  return !before || KEYWORDS.has(before.text) || (before.kind === "op" && before.text !== ")" && before.text !== "]" && before.text !== "++" && before.text !== "--");
}

/**
 * clang points at an operator for arithmetic, comparisons and dereferences, at the member's name for `p->x`, at the first
 * character for calls, names and statements. The expression around that place, as far as it stands on this line.
 *
 * @param line the whole line, indent included (line_info's text)
 * @param col from 1, 0 when the record has none
 */
export function expressionAt(line: string, col: number): SourceExpression | null {
  if (col < 1 || col > line.length) return null;
  const ts = tokens(line);
  const i = ts.findIndex((t) => t.at <= col - 1 && col - 1 < t.at + t.text.length);
  if (i < 0) return null;
  const t = ts[i]!;
  let from = i, to = i;
  if (t.kind === "word" && KEYWORDS.has(t.text)) {
    const open = ts[i + 1];
    if (t.text === "return") {
      const end = ts.findIndex((x, k) => k > i && x.text === ";");
      to = (end < 0 ? ts.length : end) - 1;
      if (to > i) from = i + 1;
    } else if (open?.text === "(") {
      const close = match(ts, i + 1, 1);
      from = i + 2;
      to = Math.max(from, ts[close]!.text === ")" ? close - 1 : close);
      if (t.text === "for") return null;
    }
  } else if (t.kind === "op" && RANK[t.text] !== undefined && !isUnary(ts, i)) {
    const rank = RANK[t.text]!;
    if (t.text === "," || t.text === "?" || t.text === ":") return null;
    from = i > 0 ? operandStart(ts, i - 1) : i;
    while (from > 0 && RANK[ts[from - 1]!.text] !== undefined && !isUnary(ts, from - 1) && RANK[ts[from - 1]!.text]! <= rank && from >= 2) from = operandStart(ts, from - 2);
    to = i + 1 < ts.length ? operandEnd(ts, i + 1) : i;
    while (ts[to + 1] && RANK[ts[to + 1]!.text] !== undefined && (rank === 14 || RANK[ts[to + 1]!.text]! < rank) && RANK[ts[to + 1]!.text]! < 14 && ts[to + 2]) to = operandEnd(ts, to + 2);
  } else if (t.kind === "op" && UNARY.has(t.text)) to = operandEnd(ts, i);
  else if (t.text === "(") to = operandEnd(ts, i);
  else if (t.kind === "op") return null;
  else {
    from = operandStartOfMember(ts, i);
    // a member stands for itself; a call or an element for the whole
    to = operandEnd(ts, i);
    if (from < i) to = ts[i + 1]?.text === "(" || ts[i + 1]?.text === "[" ? match(ts, i + 1, 1) : i;
  }
  const start = ts[from]?.at ?? col - 1;
  const last = ts[Math.min(to, ts.length - 1)]!;
  const end = last.at + last.text.length;
  return end > start ? { text: line.slice(start, end), col: start + 1, endCol: end + 1 } : null;
}
function operandStartOfMember(ts: readonly Token[], i: number): number {
  const before = ts[i - 1]?.text;
  return before === "->" || before === "." ? operandStart(ts, i, false) : i;
}
