/** Mechanical changes of C source: what a quick fix does to the text. Pure text work, without a C parser. */
import type { QuickFix } from "../kernel/api-types.ts";

/** Comments, strings and words of C, so that only words that are code are touched. */
const TOKENS = /\/\*[^]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|\b\w+\b/g;

/** The text with a word replaced wherever it is code, and how often that was. */
export function renameWord(text: string, from: string, to: string): { text: string; count: number } {
  let count = 0;
  const out = text.replace(TOKENS, (word) => {
    if (word !== from) return word;
    count++;
    return to;
  });
  return { text: out, count };
}

/** Where the argument list that begins at `open` (its parenthesis) ends, and its last comma at depth one; null when it does not end. */
function argumentList(text: string, open: number): { close: number; lastComma: number | null; empty: boolean } | null {
  const tokens = /\/\*[^]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[()[\]{},]|[^\s()[\]{},"'/]+|\//g;
  tokens.lastIndex = open;
  let depth = 0;
  let lastComma: number | null = null;
  let empty = true;
  for (let match = tokens.exec(text); match; match = tokens.exec(text)) {
    const token = match[0];
    if ("([{".includes(token)) depth++;
    else if (")]}".includes(token)) {
      if (--depth === 0) return { close: match.index, lastComma, empty };
    } else if (token === "," && depth === 1) lastComma = match.index;
    if (depth > 0 && match.index > open && !token.startsWith("/*") && !token.startsWith("//")) empty = false;
  }
  return null;
}

/**
 * Renames a function and fits its argument lists, in calls and in declarations (`… __ksym`): "drop" takes the last one
 * away, "add" puts one behind the others: NULL in a call, `void *aux__prog` in a declaration.
 */
export function renameCall(text: string, from: string, to: string, last: "drop" | "add"): string {
  const places: number[] = [];
  for (const match of text.matchAll(TOKENS)) if (match[0] === from) places.push(match.index);
  let out = text;
  for (const at of places.reverse()) {
    const open = /^\s*\(/.exec(out.slice(at + from.length));
    const list = open ? argumentList(out, at + from.length + open[0].length - 1) : null;
    if (list) {
      const declaration = /^\)[^;{}]*__ksym/.test(out.slice(list.close));
      const more = declaration ? "void *aux__prog" : "NULL";
      if (last === "add") out = `${out.slice(0, list.close)}${list.empty ? more : `, ${more}`}${out.slice(list.close)}`;
      else if (list.lastComma !== null) out = out.slice(0, list.lastComma) + out.slice(list.close);
    }
    out = out.slice(0, at) + to + out.slice(at + from.length);
  }
  return out;
}

/**
 * The text with a weak declaration before the first function, and a condition around each statement that calls the function by
 * itself. A call inside an expression is left alone: what stands for its value only the author knows. Null when there is no such statement.
 */
export function guardCalls(text: string, fix: Extract<QuickFix, { kind: "guard" }>): string | null {
  const escaped = fix.name.replace(/\W/g, "");
  const statement = new RegExp(`^([ \\t]*)(${escaped}\\s*\\([^;{}]*\\);)`, "gm");
  if (!statement.test(text)) return null;
  const guarded = text.replace(statement, (_, indent: string, call: string) => `${indent}if (${fix.condition})\n${indent}\t${call}`);
  // An older, strong declaration would stay strong: it makes way for the weak one.
  const declaration = new RegExp(`^(?:extern\\s+)?[A-Za-z_][\\w\\s*]*\\b${escaped}\\s*\\([^;{}]*\\)[^;{}]*__ksym[^;{}]*;`, "m");
  const weak = fix.declaration.trim().replace(/;?$/, ";");
  if (declaration.test(guarded)) return guarded.replace(declaration, () => weak);
  const firstSection = guarded.search(/^SEC\(/m);
  const at = firstSection < 0 ? 0 : firstSection;
  return `${guarded.slice(0, at)}${weak}\n\n${guarded.slice(at)}`;
}

/** What a quick fix makes of one file's text; null when there is nothing in it to change. */
export function fixedText(text: string, fix: QuickFix): string | null {
  const next = fix.kind === "guard" ? guardCalls(text, fix)
    : fix.lastArgument ? renameCall(text, fix.from, fix.to, fix.lastArgument)
    : renameWord(text, fix.from, fix.to).text;
  return next === text ? null : next;
}
