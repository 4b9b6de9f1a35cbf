import type { Diagnostic, DiagnosticNote, FixIt, Severity, TextRange } from "./types.ts";

/** clang -fdiagnostics-print-source-range-info: FILE:LINE:COL:{L:C-L:C}{…}: SEVERITY: MESSAGE [-WFLAG] */
const LOCATED = /^(.+?):(\d+):(\d+):((?:\{\d+:\d+-\d+:\d+\})*)(?::)? (fatal error|error|warning|note|remark): (.*)$/;
const UNLOCATED = /^(?:clang(?:-\d+)?|<[a-z ]+>|[^:\s]+): (fatal error|error|warning|note|remark): (.*)$/;
const FIXIT = /^fix-it:"((?:[^"\\]|\\.)*)":\{(\d+):(\d+)-(\d+):(\d+)\}:"((?:[^"\\]|\\.)*)"$/;
const INCLUDED = /^In file included from (.+?):(\d+)(?::(\d+))?[:,]?$/;

/**
 * Reads clang's messages (made with DIAGNOSTIC_ARGS). `sources` are the user's files: where a file's text is known, columns are
 * turned from bytes into UTF-16 units. Order is clang's; notes hang on the diagnostic before them. A diagnostic in a header
 * gets a note for each #include on the way, so that the user's own line is marked too.
 */
export function parseDiagnostics(stderr: string, sources: Readonly<Record<string, string>>): Diagnostic[] {
  const columns = new Columns(sources);
  const found: Diagnostic[] = [];
  let includedFrom: DiagnosticNote[] = [];
  let last: Diagnostic | undefined;
  let fixits: FixIt[] | undefined;
  for (const line of stderr.split("\n")) {
    const fixit = FIXIT.exec(line);
    if (fixit) {
      const [, file, l, c, el, ec, text] = fixit;
      const path = unescapeC(file!);
      fixits?.push({ file: path, range: columns.range(path, +l!, +c!, +el!, +ec!), text: unescapeC(text!) });
      continue;
    }
    const included = INCLUDED.exec(line);
    if (included) {
      const file = included[1]!;
      const at = +included[2]!;
      includedFrom.push({ file, ...columns.wholeLine(file, at), message: "included from here", fixits: [] });
      continue;
    }
    const located = LOCATED.exec(line);
    if (located) {
      const [, file, l, c, ranges, word, rest] = located;
      const range = columns.best(file!, +l!, +c!, ranges!);
      if (word === "note" && last) {
        const note: DiagnosticNote = { file: file!, ...range, message: rest!, fixits: [] };
        last.notes.push(note);
        fixits = note.fixits;
        includedFrom = [];
        continue;
      }
      const { message, flag } = splitFlag(rest!);
      last = { severity: severityOf(word!), file: file!, ...range, message, flag, fixits: [], notes: includedFrom };
      includedFrom = [];
      fixits = last.fixits;
      found.push(last);
      continue;
    }
    const unlocated = UNLOCATED.exec(line);
    if (unlocated && !/^\s/.test(line)) {
      const { message, flag } = splitFlag(unlocated[2]!);
      if (unlocated[1] === "note" && last) {
        last.notes.push({ file: "", line: 0, col: 0, endLine: 0, endCol: 0, message, fixits: [] });
      } else {
        last = { severity: severityOf(unlocated[1]!), file: "", line: 0, col: 0, endLine: 0, endCol: 0, message, flag, fixits: [], notes: [] };
        fixits = last.fixits;
        found.push(last);
      }
    }
  }
  return found;
}

/** clang's text as people know it: without the machine-readable ranges and fix-it lines. */
export function humanText(stderr: string): string {
  return stderr
    .split("\n")
    .filter((line) => !FIXIT.test(line))
    .map((line) => line.replace(/^(.+?:\d+:\d+:)(?:\{\d+:\d+-\d+:\d+\})+:( (?:fatal error|error|warning|note|remark): )/, "$1$2"))
    .join("\n");
}

function severityOf(word: string): Severity {
  return word === "warning" ? "warning" : word === "note" || word === "remark" ? "note" : "error";
}

/** "… [-Werror,-Wx]" → the message and "-Wx". */
function splitFlag(text: string): { message: string; flag: string | null } {
  const match = /^(.*) \[((?:-W[^\],]+,)*)(-W[^\],]+)\]$/.exec(text);
  return match ? { message: match[1]!, flag: match[3]! } : { message: text, flag: null };
}

function unescapeC(text: string): string {
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== "\\") {
      const char = String.fromCodePoint(text.codePointAt(i)!);
      bytes.push(...encoder.encode(char));
      i += char.length - 1;
      continue;
    }
    const octal = /^[0-7]{1,3}/.exec(text.slice(i + 1));
    if (octal) {
      bytes.push(parseInt(octal[0], 8) & 255);
      i += octal[0].length;
    } else {
      const next = text[++i] ?? "";
      bytes.push(...encoder.encode(next === "n" ? "\n" : next === "t" ? "\t" : next));
    }
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}

/** Turns clang's byte columns into UTF-16 columns, for the files whose text we have. */
class Columns {
  private readonly lines = new Map<string, string[]>();
  private readonly sources: Readonly<Record<string, string>>;

  constructor(sources: Readonly<Record<string, string>>) {
    this.sources = sources;
  }

  range(file: string, line: number, col: number, endLine: number, endCol: number): TextRange {
    return { line, col: this.utf16(file, line, col), endLine, endCol: this.utf16(file, endLine, endCol) };
  }

  /** The range that holds the caret, or that starts on its line, or else the word at the caret. */
  best(file: string, line: number, col: number, ranges: string): TextRange {
    const all = [...ranges.matchAll(/\{(\d+):(\d+)-(\d+):(\d+)\}/g)].map((m) => ({ l: +m[1]!, c: +m[2]!, el: +m[3]!, ec: +m[4]! }));
    const holds = all.find((r) => (r.l < line || (r.l === line && r.c <= col)) && (r.el > line || (r.el === line && r.ec > col)));
    if (holds) return this.range(file, holds.l, holds.c, holds.el, holds.ec);
    const start = this.utf16(file, line, col);
    const text = this.text(file)?.[line - 1];
    const word = text === undefined ? null : /^(\w+|\S)/.exec(text.slice(start - 1));
    return { line, col: start, endLine: line, endCol: start + (word ? word[0].length : 1) };
  }

  wholeLine(file: string, line: number): TextRange {
    const text = this.text(file)?.[line - 1] ?? "";
    const from = text.length - text.trimStart().length;
    return { line, col: from + 1, endLine: line, endCol: Math.max(from + 2, text.trimEnd().length + 1) };
  }

  private text(file: string): string[] | undefined {
    const key = file.replace(/^\.\//, "");
    let lines = this.lines.get(key);
    if (!lines && Object.hasOwn(this.sources, key)) {
      lines = this.sources[key]!.split(/\r\n|\n|\r/);
      this.lines.set(key, lines);
    }
    return lines;
  }

  private utf16(file: string, line: number, byteCol: number): number {
    const text = this.text(file)?.[line - 1];
    if (text === undefined) return byteCol;
    let bytes = 1;
    let units = 0;
    while (units < text.length && bytes < byteCol) {
      const code = text.codePointAt(units)!;
      bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      units += code < 0x10000 ? 1 : 2;
    }
    return units + 1;
  }
}
