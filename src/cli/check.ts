import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { nearestNames } from "../kernel/nearest.ts";
import { parseArgs, wholeNumber } from "./args.ts";
import { failedRow, rowJson, verdictRow } from "./check-row.ts";
import type { CheckRow } from "./check-row.ts";
import { printRows } from "./check-text.ts";
import { chooseColumns } from "./columns.ts";
import type { Column } from "./columns.ts";
import { Engine } from "./engine.ts";
import { Exit, usageError } from "./exit.ts";
import type { UsageError } from "./exit.ts";
import { pairOf } from "../session/kernel-pair.ts";
import type { KernelPair } from "../session/kernel-pair.ts";
import { collectHot, HOT_LINES } from "./hot.ts";
import { openColumns, programsOf } from "./objects.ts";
import type { OpenedInput } from "./objects.ts";
import type { Output } from "./output.ts";
import { collectStates } from "./states.ts";
import type { StatesRequest } from "./states.ts";
import type { CheckOptions, ProgramVerdict } from "../workers/kernel-api.ts";

/** `check`: the verdict on every program of every file on every kernel asked for. */
export async function checkCommand(args: readonly string[], out: Output): Promise<Result<Exit, UsageError>> {
  const parsed = parseArgs(args, { "--program": "value", "--kernel": "value", "--lab": "list", "--log-level": "value", "--states": "number?", "--hot": "number?", "--difference": "flag", "--unprivileged": "flag", "--json": "flag" });
  if (!parsed.ok) return err(usageError(parsed.error));
  const { files, options, lists, rest } = parsed.value;
  if (files.length === 0) return err(usageError("takes at least one .c or .o file"));
  if (rest.length > 0) return err(usageError("takes no arguments for clang; compile first"));
  const logLevel = wholeNumber(options.get("--log-level") ?? "0", "--log-level", 0, 2);
  if (!logLevel.ok) return err(usageError(logLevel.error));
  const wanted = options.get("--states");
  const states = wanted === undefined ? null : wanted === "" ? { insn: null } : { insn: Number(wanted) };
  if (states && !(states.insn === null || Number.isSafeInteger(states.insn))) return err(usageError("--states takes an instruction's number"));
  const hot = options.has("--hot") ? wholeNumber(options.get("--hot") || String(HOT_LINES), "--hot", 1, 10_000) : ok(0);
  if (!hot.ok) return err(usageError(hot.error));
  const engine = new Engine();
  const columns = await chooseColumns(engine, options, lists.get("--lab") ?? []);
  if (!columns.ok) return err(usageError(columns.error));
  const json = options.has("--json");
  const program = options.get("--program");

  const inputs: { file: string; opened: ReadonlyMap<string, OpenedInput> }[] = [];
  for (const file of files) {
    const opened = await openColumns(engine, file, columns.value);
    if (!opened.ok) return err(usageError(opened.error));
    inputs.push({ file, opened: opened.value });
  }
  const missing = program === undefined ? null : missingProgram(program, inputs);
  if (missing !== null) return err(usageError(missing));
  const difference = options.has("--difference") ? await olderFirst(engine, columns.value) : ok(null);
  if (!difference.ok) return err(usageError(difference.error));
  if (states && columns.value.length !== 1) return err(usageError("--states shows one kernel's states: name it with --kernel"));
  await printNotes(engine, columns.value, out);

  const all: CheckRow[] = [];
  let broken = false;
  let unreadable = false;
  for (const { file, opened } of inputs) {
    const rows: CheckRow[] = [];
    const each = (row: CheckRow): void => {
      rows.push(row);
      if (json) out.line(rowJson(row));
    };
    await checkFile(engine, file, opened, columns.value, program, { logLevel: logLevel.value, unprivileged: options.has("--unprivileged") }, { states, hot: hot.value, difference: difference.value }, each);
    if (!json) printRows(file, rows, columns.value.map((c) => c.label), out);
    const failed = [...opened.values()].find((input) => input.kind !== "open");
    if (failed) out.error(failureText(file, failed));
    unreadable ||= failed?.kind === "refused" && failed.error.subject?.kind === "elf";
    broken ||= [...opened.values()].every((input) => input.kind === "compile error" || input.kind === "no compile");
    all.push(...rows);
  }
  return ok(unreadable ? Exit.USAGE : exitOf(all, broken));
}

/** For standard error. The compiler's own text says more than its first message. */
export function failureText(file: string, failed: Exclude<OpenedInput, { kind: "open" }>): string {
  if (failed.kind === "compile error") return failed.compiled.stderr.trim() === "" ? `${file}: did not compile` : failed.compiled.stderr.trimEnd();
  return `${file}: ${failed.kind === "refused" ? failed.error.message : failed.message}`;
}

/** What is wanted besides the verdict: states of instructions; how many of the most expensive lines; why these two kernels differ. */
interface More { states: StatesRequest | null; hot: number; difference: KernelPair | null }

/** The two kernels of a comparison, the older one first. */
async function olderFirst(engine: Engine, columns: readonly Column[]): Promise<Result<KernelPair, string>> {
  const [a, b] = columns;
  if (!a || !b || columns.length > 2 || a.kernel === b.kernel || a.overlay !== b.overlay) return err("--difference compares two kernels: name them, --kernel A,B");
  const kernels = await engine.core.kernels();
  return kernels.ok ? ok(pairOf(a.kernel, b.kernel, kernels.value.map((k) => k.kernel))) : kernels;
}

async function checkFile(
  engine: Engine, file: string, opened: ReadonlyMap<string, OpenedInput>, columns: readonly Column[], only: string | undefined, options: CheckOptions, more: More, each: (row: CheckRow) => void,
): Promise<void> {
  const names = programsOf(opened);
  // A file that opened on no kernel has no program names, yet its refusal must be told.
  const programs = only !== undefined ? names.filter((n) => n === only) : names;
  for (const program of programs.length > 0 || names.length > 0 ? programs : [only ?? ""]) {
    for (const { kernel, overlay, lab, label } of columns) {
      const input = opened.get(label)!;
      if (input.kind !== "open") {
        each(failedRow(file, program, kernel, lab, input));
        continue;
      }
      // A program that the preprocessor took away on this kernel is none of its programs.
      if (!input.summary.programs.some((p) => p.name === program)) continue;
      const verdict = await engine.core.check(input.id, program, kernel, overlay, options);
      const row = verdictRow(file, lab, verdict, options.logLevel);
      let judged = more.hot > 0 ? { ...row, hot: await collectHot(engine, input.id, verdict, overlay, more.hot) } : row;
      if (more.difference?.to === kernel) {
        // Of a .c file: the object that was compiled against the newer kernel's types, on both.
        const found = await engine.core.difference(input.id, program, more.difference.from, more.difference.to, overlay, options);
        judged = found.ok ? { ...judged, difference: { pair: more.difference, found: found.value } } : { ...judged, warnings: [...judged.warnings, `no difference: ${found.error}`] };
      }
      each(more.states ? await withStates(engine, input.id, verdict, overlay, more.states, options, judged) : judged);
    }
  }
}

/** The row with the states that were asked for; where there are none, a warning says why. */
async function withStates(engine: Engine, object: string, verdict: ProgramVerdict, overlay: string | null, request: StatesRequest, options: CheckOptions, row: CheckRow): Promise<CheckRow> {
  const states = await collectStates(engine, object, verdict, overlay, request, options);
  if (!states.ok) return { ...row, warnings: [...row.warnings, `no states: ${states.error}`] };
  const disasm = await engine.core.disasm(object, verdict.program, verdict.kernel, overlay);
  return { ...row, insnStates: states.value, texts: new Map(disasm.ok ? disasm.value.map((d) => [d.insn, d.text]) : []) };
}

/** Why a name given with --program fits nothing; null when it does. */
export function missingProgram(program: string, inputs: readonly { file: string; opened: ReadonlyMap<string, OpenedInput> }[]): string | null {
  const opened = inputs.filter((i) => [...i.opened.values()].some((o) => o.kind === "open"));
  const names = opened.flatMap((i) => programsOf(i.opened));
  if (opened.length === 0 || names.includes(program)) return null;
  const near = nearestNames(program, names, 1);
  const there = names.length === 0 ? "there are none" : `there are: ${names.slice(0, 20).join(", ")}${names.length > 20 ? ", …" : ""}`;
  return `${inputs.map((i) => i.file).join(", ")}: no program "${program}"${near[0] === undefined ? "" : ` (nearest: ${near[0]})`}; ${there}`;
}

/** What a custom kernel asks for in vain is said once. */
async function printNotes(engine: Engine, columns: readonly Column[], out: Output): Promise<void> {
  for (const { kernel, overlay } of columns) {
    const loaded = overlay === null ? null : await engine.core.loadKernel(kernel, overlay);
    if (loaded?.ok) for (const note of loaded.value.notes) out.error(`note: ${note}`);
  }
}

/** 4 only where a file compiled for none of its kernels: on some kernels only, that is a refusal like others. */
export function exitOf(rows: readonly CheckRow[], broken: boolean): Exit {
  if (broken) return Exit.COMPILE;
  if (rows.some((r) => r.verdict === "rejected")) return Exit.REJECTED;
  if (rows.some((r) => r.verdict === "unsupported")) return Exit.UNSUPPORTED;
  return Exit.ACCEPTED;
}
