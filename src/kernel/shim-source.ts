/** What a C source tells of its calls, read as text: a shim is needed just when the source does not compile. */

export interface SourceCall { name: string; /** arguments written at the first call */ args: number; /** 1-based */ line: number }

/** C text with comments, strings and preprocessor lines blanked out; every character keeps its place. */
export function plainCode(text: string): string {
  const blank = (part: string): string => part.replace(/[^\n]/g, " ");
  return text.replace(/\/\*[\s\S]*?(?:\*\/|$)|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|^[ \t]*#(?:\\\n|[^\n])*/gm, blank);
}

const lineOf = (text: string, at: number): number => text.slice(0, at).split("\n").length;

/** Index of the bracket that closes the one at `open`; -1 when there is none. */
function closing(code: string, open: number): number {
  let depth = 0;
  for (let i = open; i < code.length; i++) {
    if (code[i] === "(") depth++;
    else if (code[i] === ")" && --depth === 0) return i;
  }
  return -1;
}

function countArguments(inside: string): number {
  if (inside.trim() === "") return 0;
  let depth = 0;
  let commas = 0;
  for (const c of inside) {
    if ("([{".includes(c)) depth++;
    else if (")]}".includes(c)) depth--;
    else if (c === "," && depth === 0) commas++;
  }
  return commas + 1;
}

/** Prototypes that the source declares itself: name → "int bpf_x(struct y *z)", and the line each ends on. */
export function ownDeclarations(text: string): Map<string, { signature: string; line: number }> {
  const out = new Map<string, { signature: string; line: number }>();
  const code = plainCode(text);
  for (const match of code.matchAll(/\bextern\b\s+([^;{}()]*?\b([A-Za-z_]\w*)\s*)\(/g)) {
    const open = match.index + match[0].length - 1;
    const close = closing(code, open);
    const end = close < 0 ? -1 : code.indexOf(";", close);
    if (end < 0) continue;
    const signature = `${match[1]!.trimEnd()}${code.slice(open, close + 1)}`.replace(/\s+/g, " ").replace(/\s+\(/, "(");
    out.set(match[2]!, { signature, line: lineOf(code, end) });
  }
  return out;
}

/** Calls to any of the names, each once with its first place. */
export function callsIn(text: string, wanted: (name: string) => boolean): SourceCall[] {
  const code = plainCode(text).replace(/\bextern\b[^;{}]*;/g, (part) => part.replace(/[^\n]/g, " "));
  const out = new Map<string, SourceCall>();
  for (const match of code.matchAll(/\b([A-Za-z_]\w*)\s*\(/g)) {
    const name = match[1]!;
    if (out.has(name) || !wanted(name)) continue;
    const open = match.index + match[0].length - 1;
    const close = closing(code, open);
    if (close < 0) continue;
    out.set(name, { name, args: countArguments(code.slice(open + 1, close)), line: lineOf(code, match.index) });
  }
  return [...out.values()];
}

/** The line after which the header is to be included: behind the last #include and the last own declaration of a wrapped name. 0: at the top. */
export function includePlace(text: string, wrapped: ReadonlySet<string>): number {
  let place = 0;
  for (const [i, line] of text.split("\n").entries()) if (/^[ \t]*#[ \t]*include\b/.test(line)) place = Math.max(place, i + 1);
  for (const [name, { line }] of ownDeclarations(text)) if (wrapped.has(name)) place = Math.max(place, line);
  return place;
}

/** The source with the header included where includePlace says. */
export function withInclude(text: string, file: string, after: number): string {
  const lines = text.split("\n");
  lines.splice(after, 0, `#include "${file}"`);
  return lines.join("\n");
}
