/**
 * The verifier's log as the kernel writes it, and the only place that prints an instruction or a state line.
 * Level 1 keeps the path that failed: going back to a path put aside cuts the log to where that was (do-check.ts).
 */
import { disasmInsn, isBugLine } from "../../isa/disasm.ts";
import type { Insn } from "../../isa/types.ts";
import type { Env } from "../state/env.ts";
import type { VState } from "../state/state.ts";
import { printVerifierState } from "./print-state.ts";

export const LOG_LEVEL1 = 1;
export const LOG_LEVEL2 = 2;
export const LOG_STATS = 4;

/** Characters kept of a long log: libbpf's BPF_LOG_BUF_SIZE. */
export const KEPT = 0xffff_ffff >>> 8;
const PARTS_A_CHUNK = 1024;

export class Log {
  /** bits 1, 2, 4; 0 prints messages only (first pass) */
  readonly level: number;
  private readonly steps: boolean;
  /** true while the walk is on a path of which nothing is kept */
  silent = false;
  endPos = 0;
  /** position of the first character that is still there */
  private startPos = 0;
  private readonly env: Env;
  /** the older text in pieces of some 50 kB: a long log of small strings would take many times its size */
  private chunks: string[] = [];
  private parts: string[] = [];
  private readonly texts: ({ insn: Insn; text: string } | undefined)[] = [];
  /** where the message ends, or -1 for the end of the log */
  frozen = -1;
  private prevLogPos = 0;
  private prevInsnPrintPos = 0;
  /** instruction passed over last, or -1 */
  private skipped = -1;
  /** line_info record printed last */
  private prevLine: object | null = null;

  constructor(env: Env, level: number) {
    this.env = env;
    this.level = level;
    this.steps = (level & 3) !== 0;
  }
  /** Are instructions and states printed? */
  get verbose(): boolean {
    return this.steps && !this.silent;
  }
  get level2(): boolean {
    return (this.level & LOG_LEVEL2) !== 0;
  }
  write(text: string): void {
    this.parts.push(text);
    this.endPos += text.length;
    if (this.parts.length < PARTS_A_CHUNK) return;
    this.chunks.push(this.parts.join(""));
    this.parts = [];
    // A log longer than libbpf's buffer keeps its end, as the kernel's rolling log does (bpf_verifier_vlog, 6.4+).
    while (this.chunks.length > 0 && this.endPos - this.startPos - this.chunks[0]!.length >= KEPT) this.startPos += this.chunks.shift()!.length;
  }
  /** Characters that are gone from the start. */
  get dropped(): number {
    return this.startPos;
  }
  /** From 7.3 on a report follows some lines; what the kernel says after it is not the message. */
  freeze(): void {
    if (this.frozen < 0 && this.env.f.structured_errors) this.frozen = this.endPos;
  }
  text(): string {
    return this.chunks.join("") + this.parts.join("");
  }
  /** The last line that says something; with a report (7.3), the last before it. */
  lastLine(): string {
    return this.lastLines(1)[0] ?? "";
  }
  /** The last `n` lines that say something, the newest last. */
  lastLines(n: number): string[] {
    const end = this.frozen < 0 ? this.endPos : this.frozen;
    // the newest pieces are enough but for very long lines
    let text = "", at = this.endPos;
    const pieces = [...this.parts];
    for (let k = this.chunks.length; (text.length < 8192 || text.split("\n", n + 2).length <= n + 1) && (pieces.length > 0 || k > 0); ) {
      const piece = pieces.pop() ?? this.chunks[--k]!;
      at -= piece.length;
      text = piece + text;
    }
    const out: string[] = [];
    for (const line of text.slice(0, end - at).split("\n").reverse()) {
      if (line.trim() !== "") out.unshift(line.trimEnd());
      if (out.length === n) break;
    }
    return out;
  }
  /** Cuts the log to its first `pos` characters (kernel bpf_vlog_reset). */
  reset(pos: number): void {
    if (this.frozen > pos) this.frozen = -1;
    while (this.endPos > pos) {
      const last = this.parts.pop() ?? this.chunks.pop();
      if (last === undefined) {
        this.startPos = this.endPos = pos;
        return;
      }
      this.endPos -= last.length;
      if (this.endPos < pos) this.write(last.slice(0, pos - this.endPos));
    }
  }
  /** An instruction of which nothing is kept: what is printed next continues neither the line nor the source line before it. */
  skip(idx: number): void {
    this.skipped = idx;
    this.prevLogPos = -1;
  }
  /** Source lines are printed from here on as if none had been. */
  forgetLine(): void {
    this.prevLine = null;
    this.skipped = -1;
  }
  /** `12: (b7) r0 = 1` */
  insnLine(idx: number): void {
    this.prevLogPos = this.endPos;
    this.write(`${idx}: ${this.insnText(idx)}\n`);
    this.prevInsnPrintPos = this.endPos - this.prevLogPos;
    this.prevLogPos = this.endPos;
  }
  /** `(b7) r0 = 1`: an instruction as print_bpf_insn has it. */
  insnText(idx: number): string {
    const insn = this.env.insns[idx]!;
    const kept = this.texts[idx];
    if (kept?.insn === insn) return kept.text;
    const text = this.disassemble(idx);
    this.texts[idx] = { insn, text };
    return text;
  }
  private disassemble(idx: number): string {
    const { env } = this;
    const text = disasmInsn(env.insns, idx, {
      helperName: (id) => env.kernel.helper(id)?.name,
      kfuncName: (insn) => env.kfuncName(insn),
      ptrLeaks: env.allowPtrLeaks,
      immName: (insn, imm) => env.immName(insn, imm),
      forms: env.disasmForms,
    });
    return isBugLine(text) ? text : `(${env.insns[idx]!.code.toString(16).padStart(2, "0")}) ${text}`;
  }
  /** Changed registers, appended to the instruction's line where nothing came between (kernel print_insn_state); before 5.17 the whole state. */
  insnState(st: VState, frameno: number): void {
    if (!this.env.f.log_changes_only) return this.state(st, frameno, true);
    if (this.prevLogPos !== 0 && this.prevLogPos === this.endPos) {
      this.reset(this.prevLogPos - 1);
      this.write(`${" ".repeat(alignment(this.prevInsnPrintPos))};`);
    } else this.write(`${this.env.insnIdx}:`);
    this.state(st, frameno, false);
  }
  /** ` R1=ctx() R10=fp0` and a newline. */
  state(st: VState, frameno: number, all: boolean): void {
    this.write(printVerifierState(this.env, st, frameno, all));
    if (!all) this.env.markStateClean();
  }
  /** Source line of an instruction where it changed since the last one printed (kernel verbose_linfo). */
  linfo(insnIdx: number, prefix: string): void {
    const { env } = this;
    if (!this.verbose) return;
    if (this.skipped >= 0) {
      this.prevLine = findLineInfo(env, this.skipped) ?? this.prevLine;
      this.skipped = -1;
    }
    const info = findLineInfo(env, insnIdx);
    if (!info || info === this.prevLine) return;
    const prev = this.prevLine as typeof info | null;
    if (env.f.linfo_same_line && prev && prev.fileOff === info.fileOff && prev.lineCol >>> 10 === info.lineCol >>> 10) return;
    this.write(prefix);
    const file = info.file.slice(info.file.lastIndexOf("/") + 1);
    this.write(env.f.linfo_with_file ? `${info.text.replace(/^\s+/, "")} @ ${file}:${info.line}\n` : `${info.text.replace(/^\s+/, "")}\n`);
    this.prevLine = info;
  }
}
/** Spaces between an instruction and its state: to column 40, then to multiples of 8 (kernel bpf_vlog_alignment). */
export function alignment(pos: number): number {
  return Math.ceil(Math.max(pos + 4, 40) / 8) * 8 - pos - 1;
}

/** The line_info record in force at an instruction: the last one at or before it within its subprogram. */
export function findLineInfo(env: Env, insnIdx: number): Env["prog"]["lineInfo"][number] | undefined {
  const infos = env.prog.lineInfo;
  let l = 0, r = infos.length - 1;
  if (r < 0 || infos[0]!.insn > insnIdx) return undefined;
  while (l < r) {
    const m = (l + r + 1) >> 1;
    if (infos[m]!.insn <= insnIdx) l = m;
    else r = m - 1;
  }
  return infos[l];
}
