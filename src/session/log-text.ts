/** The verifier's log as lines, without making an array of strings out of megabytes. */
export interface LogIndex {
  readonly text: string;
  readonly lines: number;
  line(index: number): string;
  kind(index: number): LogLineKind;
  /** line that first shows this instruction, or -1 */
  firstLineOf(insn: number): number;
}

export type LogLineKind =
  /** "; int x = 1; @ main.bpf.c:12" */
  | "source"
  /** "12: (61) r1 = *(u32 *)(r1 +0)" */
  | "insn"
  /** "from 3 to 7: R0=…" and state-only lines */
  | "state"
  | "branch"
  | "stats"
  | "error"
  | "plain";

const INSN = /^(\d+): \(/;
const STATE = /^(\d+): (?:\(|R\d|frame|safe)/;
const BRANCH = /^(?:from \d+ to \d+|propagating|mark_precise|falling back|last_idx)/;
const STATS = /^(?:processed \d+ insns|verification time|stack depth|insns processed|subprog \d+ \(|max_states)/;

/** Number of the instruction that a line is about, or null. */
export function insnOfLine(line: string): number | null {
  const match = /^(\d+): /.exec(line) ?? /^from \d+ to (\d+)/.exec(line) ?? /\bat insn (\d+)/.exec(line);
  return match ? Number(match[1]) : null;
}

/** File and line of a source comment: 7.x prints "@ file.c:12"; older releases print the text alone. */
export function sourceOfLine(line: string): { text: string; file: string | null; line: number | null } | null {
  if (!line.startsWith("; ")) return null;
  const match = /^; (.*?)(?: @ ([^\s@]+):(\d+))?$/.exec(line);
  if (!match) return null;
  return { text: match[1]!, file: match[2] ?? null, line: match[3] ? Number(match[3]) : null };
}

/** Where each line starts; one pass over the text. `errorLine` is the message the verdict carries, marked wherever it stands. */
export function indexLog(text: string, message = ""): LogIndex {
  const starts: number[] = [0];
  for (let at = text.indexOf("\n"); at >= 0 && at + 1 < text.length; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  const count = text === "" ? 0 : starts.length;
  const line = (index: number): string => {
    const start = starts[index];
    if (start === undefined) return "";
    const next = starts[index + 1];
    const end = next === undefined ? (text.endsWith("\n") ? text.length - 1 : text.length) : next - 1;
    return text.slice(start, end);
  };
  const kind = (index: number): LogLineKind => {
    const value = line(index);
    if (message !== "" && value === message) return "error";
    if (value.startsWith("; ")) return "source";
    if (INSN.test(value)) return "insn";
    if (BRANCH.test(value)) return "branch";
    if (STATS.test(value)) return "stats";
    if (STATE.test(value)) return "state";
    return "plain";
  };
  return {
    text,
    lines: count,
    line,
    kind,
    firstLineOf(insn) {
      const prefix = `${insn}: (`;
      for (let i = 0; i < count; i++) if (text.startsWith(prefix, starts[i])) return i;
      return -1;
    },
  };
}

export interface LogToken { text: string; kind: "plain" | "num" | "reg" | "op" | "type" | "call" | "note" }

/** Words of one instruction or state line with the colour class of each. */
export function tokensOfLine(line: string): LogToken[] {
  const out: LogToken[] = [];
  const re = /(\b[rRwW]\d{1,2}\b(?:_w)?|\bfp-?\d+\b)|(\bcall\b \S+|\bgoto\b \S+|\bexit\b|\bif\b)|(0x[0-9a-f]+|\b\d+\b)|(\b(?:scalar|ctx|map_ptr|map_value(?:_or_null)?|fp|pkt(?:_end|_meta)?|sock(?:_or_null|_common)?|ptr_\w+|trusted_ptr_\w+|rcu_ptr_\w+|untrusted_ptr_\w+|mem(?:_or_null)?|inv|invP|invalid|rdonly_\w+|dynptr_\w+|iter_\w+)\b)|(;.*$)/g;
  let at = 0;
  for (const match of line.matchAll(re)) {
    if (match.index > at) out.push({ text: line.slice(at, match.index), kind: "plain" });
    const kind = match[1] ? "reg" : match[2] ? (match[2].startsWith("call") ? "call" : "op") : match[3] ? "num" : match[4] ? "type" : "note";
    out.push({ text: match[0], kind });
    at = match.index + match[0].length;
  }
  if (at < line.length) out.push({ text: line.slice(at), kind: "plain" });
  return out;
}
