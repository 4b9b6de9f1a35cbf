/** One refusal as the families of explanations see it: the message, the instruction, and the state before it. */
import type { InsnIdx } from "../../../base/brand.ts";
import { BPF_ATOMIC, BPF_PSEUDO_CALL, BPF_PSEUDO_KFUNC_CALL, bpfMode, OP_CALL, OPCODES } from "../../../isa/table.ts";
import type { Insn } from "../../../isa/types.ts";
import type { Env } from "../../state/env.ts";
import { NOT_INIT, SCALAR_VALUE } from "../../state/reg-type.ts";
import type { RegState } from "../../state/reg-state.ts";
import type { Explanation, Operand } from "../../types.ts";
import { findLineInfo } from "../log.ts";
import { boundsView } from "../state-view.ts";
import { printRegState, regTypeStr } from "../print-state.ts";
import { expressionAt } from "./expression.ts";
import { Meanings } from "./meaning.ts";
import { Way } from "./way.ts";

/** What a family says. `registers` are those it looked at. */
export interface Told {
  title: string;
  reason: string;
  fixes: readonly string[];
  registers?: readonly number[];
  related?: Explanation["related"];
  /** the instruction it is about, where the walk does not stand at it */
  at?: number;
}
export interface Access { base: number; off: number; size: number; write: boolean; atomic: boolean }
export interface Call { kind: "helper" | "kfunc" | "function"; name: string }

export class Case {
  readonly env: Env;
  readonly message: string;
  /** the log's last lines, the message's own last */
  readonly lines: readonly string[];
  readonly at: number;
  /** is it known which instruction was refused? */
  readonly located: boolean;
  readonly insn: Insn | undefined;
  readonly way: Way | null;
  readonly meanings: Meanings | null;

  constructor(env: Env, message: string, lines: readonly string[]) {
    this.env = env;
    this.message = message;
    this.lines = lines;
    const found = env.walking ? env.insnIdx : (env.lookingAt ?? named(env, message));
    this.located = found !== null;
    this.at = found ?? env.insnIdx;
    this.insn = env.insns[this.at];
    this.way = env.walking ? new Way(env) : null;
    this.meanings = this.way && new Meanings(this.way);
  }
  /** Was the program being walked? Else a check of the whole program refused it. */
  get walking(): boolean {
    return this.way !== null;
  }
  /** The register before the instruction; undefined when there is no walk. */
  reg(n: number): RegState | undefined {
    return this.env.regsBefore[n] ?? (this.walking ? this.env.curState.cur.regs[n] : undefined);
  }
  means(n: number): string | null {
    const means = this.way && this.meanings ? this.meanings.of(n, this.way.now()) : null;
    // a loop's body may have been left with more than the constant its variable began with
    return means !== null && /^-?\d+$/.test(means) && this.reg(n)?.type === SCALAR_VALUE && this.reg(n)?.varOff.mask !== 0n ? null : means;
  }
  /** "R2 (ctx->data_end)", or "R2". */
  who(n: number): string {
    const means = this.means(n);
    return means === null ? `R${n}` : `R${n} (${means})`;
  }
  /** The kernel's text for what the register holds. */
  what(n: number): string {
    const r = this.reg(n);
    return r && this.walking ? (r.type === NOT_INIT ? "nothing: it was not written" : printRegState(this.env, this.env.cur, r)) : "unknown";
  }
  typeOf(n: number): string {
    const r = this.reg(n);
    return r ? regTypeStr(this.env, r.type) : "";
  }
  /** The register's possible values: "0 … 255", "-1 … 15", "5". Signed where it may be negative. */
  range(n: number): string {
    const r = this.reg(n);
    if (!r) return "unknown";
    const { smin, smax, umin, umax } = r.r64;
    if (umin === umax) return (smin === smax ? smin : umin).toString();
    if (umin === 0n && umax === 0xffff_ffff_ffff_ffffn && smin < 0n) return smin === -(1n << 63n) && smax === (1n << 63n) - 1n ? "anything" : `${smin} … ${smax}`;
    return smin < 0n && smax >= 0n ? `${smin} … ${smax}` : `${umin} … ${umax}`;
  }
  /** The operand of a computation that is a number, not a pointer. */
  numberOperand(): number {
    const { insn } = this;
    if (!insn) return 0;
    const isNumber = (n: number): boolean => this.reg(n)?.type === SCALAR_VALUE;
    return (insn.code & 8) !== 0 && isNumber(insn.src) ? insn.src : isNumber(insn.dst) ? insn.dst : insn.src;
  }
  get access(): Access | null {
    const { insn } = this;
    const op = insn && OPCODES[insn.code];
    if (!insn || !op) return null;
    if (op.kind === "load") return { base: insn.src, off: insn.off, size: op.size, write: false, atomic: false };
    if (op.kind === "store") return { base: insn.dst, off: insn.off, size: op.size, write: true, atomic: false };
    if (op.kind === "atomic" || bpfMode(insn.code) === BPF_ATOMIC) return { base: insn.imm === 0x100 ? insn.src : insn.dst, off: insn.off, size: op.kind === "atomic" ? op.size : 8, write: insn.imm !== 0x100, atomic: true };
    return null;
  }
  get call(): Call | null {
    return this.callAt(this.at);
  }
  callAt(idx: number): Call | null {
    const { env } = this;
    const insn = env.insns[idx];
    if (insn?.code !== OP_CALL) return null;
    if (insn.src === BPF_PSEUDO_CALL) return { kind: "function", name: env.subprogs[env.findSubprog(idx + insn.imm + 1)]?.name || "a function" };
    if (insn.src === BPF_PSEUDO_KFUNC_CALL) return { kind: "kfunc", name: env.kfuncName(insn) ?? "a kfunc" };
    return { kind: "helper", name: env.kernel.helper(insn.imm)?.name ?? `helper #${insn.imm}` };
  }
  /** The C expression of the instruction, else the instruction itself. */
  get expression(): string {
    return this.expressionOf(this.at) ?? this.insnText(this.at);
  }
  expressionOf(idx: number): string | null {
    const info = findLineInfo(this.env, idx);
    const text = info ? (expressionAt(info.text, info.lineCol & 0x3ff)?.text ?? info.text.trim()) : "";
    // of inline assembly the instruction says more
    return text === "" || /^(?:__)?asm(?:__)?\b/.test(text) ? null : text;
  }
  insnText(idx: number): string {
    return this.env.insns[idx] ? this.env.log.insnText(idx).replace(/^\([0-9a-f]{2}\) /, "") : "";
  }
  /** "line 12" or "instruction 7". */
  place(idx: number): string {
    const info = findLineInfo(this.env, idx);
    return info && info.line > 0 ? `line ${info.line}` : `instruction ${idx}`;
  }
  related(idx: number, text: string): Explanation["related"][number] {
    const source = findLineInfo(this.env, idx);
    return { insn: idx as InsnIdx, text, ...(source ? { source } : {}) };
  }
  operand(n: number): Operand {
    const r = this.reg(n);
    const means = this.means(n);
    const def = this.way?.define(n, this.way.now());
    const out: Operand = { name: `R${n}`, means: means ?? `R${n}`, text: this.what(n), type: this.typeOf(n), ...(r && r.type !== NOT_INIT ? { bounds: boundsView(r) } : {}) };
    if ((def?.kind !== "insn" && def?.kind !== "passed") || r?.type === NOT_INIT) return out;
    const made = def.kind === "insn" ? this.meanings?.ofInsn(def.at) : means;
    const source = findLineInfo(this.env, def.at.pos);
    return { ...out, origin: { insn: def.at.pos as InsnIdx, text: made ? `R${n} = ${made}` : this.insnText(def.at.pos), ...(source ? { source } : {}) } };
  }
  /** The first of the last lines that fits, newest first. */
  line(pattern: RegExp): RegExpExecArray | null {
    for (let i = this.lines.length - 1; i >= 0; i--) {
      const m = pattern.exec(this.lines[i]!);
      if (m) return m;
    }
    return null;
  }
}

/** The instruction that the words of a check of the whole program name: "unreachable insn 7". */
function named(env: Env, message: string): number | null {
  const n = Number(/\binsn (\d+)\b/.exec(message)?.[1] ?? NaN);
  return env.insns[n] ? n : null;
}

/** A family of refusals. `check` is the kernel function whose words they are, as of 7.3. */
export interface Family {
  readonly name: string;
  readonly check: string;
  readonly match: RegExp;
  readonly tell: (c: Case, m: RegExpExecArray) => Told;
}
export const family = (name: string, check: string, match: RegExp, tell: Family["tell"]): Family => ({ name, check, match, tell });
/** A family whose words need nothing of the state. */
export const fixed = (name: string, check: string, match: RegExp, title: string, reason: string, ...fixes: string[]): Family => family(name, check, match, () => ({ title, reason, fixes }));

export const plural = (n: number | bigint, what: string): string => `${n} ${what}${Number(n) === 1 ? "" : "s"}`;
export const article = (word: string): string => `${/^[aeiou]/i.test(word) ? "an" : "a"} ${word}`;
/** "percpu_rcu_ptr_": what is known about a pointer to a kernel object, one word each before `ptr`. */
function kernelPointer(type: string): string | null {
  const m = /^((?:(?:trusted|untrusted|rcu|percpu|user|rdonly)_)*)ptr(?:_(\w+))?$/.exec(type);
  if (!m) return null;
  const words = m[1]!.split("_").filter((w) => w !== "").map((w) => ({ percpu: "per-CPU", rcu: "RCU-protected", user: "user-space", rdonly: "read-only" })[w] ?? w);
  const to = m[2] ? `struct ${m[2]}` : "a kernel object";
  return `${article([...words, "pointer"].join(" "))} to ${to}`;
}
/** The kernel's type words for people. */
export function typeWords(type: string): string {
  const word = type.trim();
  const or = /_or_null_?$/.test(word) ? " that may be NULL" : "";
  const base = word.replace(/_?or_null_?$/, "").replace(/_$/, "");
  const known: Readonly<Record<string, string>> = {
    scalar: "a plain number", inv: "a plain number", ctx: "the context", fp: "a pointer to the stack", map_ptr: "a map", map_value: "a pointer into a map's value", map_key: "a pointer to a map's key",
    pkt: "a packet pointer", pkt_meta: "a pointer to packet metadata", pkt_end: "the end of the packet", sock: "a socket", sock_common: "a socket's common part", tcp_sock: "a TCP socket", xdp_sock: "an AF_XDP socket",
    mem: "a pointer to memory", ringbuf_mem: "a ring buffer record", alloc_mem: "a ring buffer record", rdonly_mem: "a pointer to read-only memory", buf: "a pointer to a buffer", rdonly_buf: "a pointer to a read-only buffer", rdwr_buf: "a pointer to a buffer",
    ptr: "a pointer to a kernel object", trusted_ptr: "a trusted pointer to a kernel object", untrusted_ptr: "an untrusted pointer", rcu_ptr: "a pointer protected by RCU", percpu_ptr: "a per-CPU pointer", flow_keys: "the flow keys", arena: "an arena pointer",
    func: "a function", dynptr_ptr: "a dynptr", tp_buffer: "a tracepoint's buffer", insn: "an instruction address", rdonly_untrusted_mem: "untrusted memory",
  };
  return `${known[base] ?? kernelPointer(base) ?? base}${or}`;
}
