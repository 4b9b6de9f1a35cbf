/** Compiles the forms of a call, looks at the instruction each became, and asks a kernel. */
import type { Result } from "../../base/result.ts";
import type { LoadError } from "../../loader/types.ts";
import type { DisasmLine, ObjectSummary, ProgramVerdict } from "../../workers/kernel-api.ts";
import type { Diagnostic } from "../ports.ts";
import { callFormSource, type CallForm, type CallSubject } from "./call-forms.ts";

export type CallOpt = "-O0" | "-O2";

/** The parts of compiler and kernel worker that are needed; page and command line plug theirs in. */
export interface CallDoors {
  compile(source: string, opt: CallOpt): Promise<Result<{ object: Uint8Array | null; diagnostics: readonly Diagnostic[] }, string>>;
  open(id: string, object: Uint8Array): Promise<Result<ObjectSummary, LoadError>>;
  check(id: string, program: string): Promise<ProgramVerdict>;
  disasm(id: string, program: string): Promise<Result<readonly DisasmLine[], LoadError>>;
}

export interface CallTry {
  form: string;
  opt: CallOpt;
  /** what clang said: warnings, or the first error */
  diagnostics: readonly { severity: string; message: string }[];
  /** what the call became; null when there is no object */
  call: { kind: "helper" | "register" | "kfunc" | "unresolved" | "none"; text: string } | null;
  /** instructions from the loading of the arguments to the use of the result */
  insns: readonly { insn: number; text: string; call: boolean }[];
  verdict: "accepted" | "rejected" | "unsupported" | "does not compile" | "stopped";
  /** open, relocate, resolve, verify */
  stage: string;
  message: string;
}

const BEFORE = 6;
const AFTER = 2;

/** Tries one form at one level. Never rejects: what goes wrong is in the result. */
export async function tryCall(doors: CallDoors, form: CallForm, subject: CallSubject, opt: CallOpt): Promise<CallTry> {
  const bare = { form: form.id, opt, diagnostics: [], call: null, insns: [], stage: "compile" };
  const compiled = await doors.compile(callFormSource(form, subject), opt);
  if (!compiled.ok) return { ...bare, verdict: "stopped", message: compiled.error };
  const diagnostics = compiled.value.diagnostics.map(({ severity, message }) => ({ severity, message }));
  if (!compiled.value.object) return { ...bare, diagnostics, verdict: "does not compile", message: diagnostics.find((d) => d.severity === "error")?.message ?? "" };
  const id = `calls ${subject.id} ${form.id} ${opt}`;
  const opened = await doors.open(id, compiled.value.object);
  if (!opened.ok) return { ...bare, diagnostics, call: { kind: "unresolved", text: "call -1, to a function nobody defines" }, verdict: opened.error.verdict, stage: opened.error.stage, message: opened.error.message };
  const program = opened.value.programs[0]?.name ?? "";
  const disasm = await doors.disasm(id, program);
  const lines = disasm.ok ? disasm.value : [];
  const { verdict, stage, message } = await doors.check(id, program);
  return { ...bare, diagnostics, ...aroundCall(lines), verdict, stage, message };
}

/** Finds the call: opcode 0x85 (by number), 0x8d (through a register). */
export function aroundCall(lines: readonly DisasmLine[]): Pick<CallTry, "call" | "insns"> {
  const at = lines.findIndex((l) => /^(?:85|8d)/.test(l.hex.replace(/\s/g, "")));
  if (at < 0) return { call: { kind: "none", text: "no call" }, insns: [] };
  const shown = lines.slice(Math.max(0, at - BEFORE), at + AFTER + 1);
  return { call: callOf(lines[at]!), insns: shown.map((l) => ({ insn: l.insn, text: l === lines[at] ? callOf(l).text : l.text, call: l === lines[at] })) };
}

function callOf(line: DisasmLine): NonNullable<CallTry["call"]> {
  const hex = line.hex.replace(/\s/g, "");
  const registers = parseInt(hex.slice(2, 4), 16);
  // The kernel has no such instruction; clang's name for it says more than the number of a helper that is not meant.
  if (hex.startsWith("8d")) return { kind: "register", text: `callx r${registers & 15}` };
  const source = registers >> 4;
  if (source === 0) return { kind: "helper", text: line.text };
  if (source === 2 || line.call?.kind === "kfunc") return { kind: "kfunc", text: line.text };
  return { kind: "unresolved", text: "call -1, for the loader to fill in" };
}
