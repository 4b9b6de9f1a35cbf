import { fromHex, toHex } from "../base/bytes.ts";
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { MapDump, RunResult } from "../emulator/types.ts";
import type { RunInput } from "../workers/kernel-api.ts";
import { parseArgs, wholeNumber } from "./args.ts";
import { failedRow, rowJson, verdictRow } from "./check-row.ts";
import type { CheckRow } from "./check-row.ts";
import { printRows } from "./check-text.ts";
import { exitOf, failureText, missingProgram } from "./check.ts";
import { chooseColumns } from "./columns.ts";
import { Engine, readInput } from "./engine.ts";
import { Exit, usageError } from "./exit.ts";
import type { UsageError } from "./exit.ts";
import { openColumns } from "./objects.ts";
import { paint, table } from "./output.ts";
import type { Output } from "./output.ts";

const MAX_INPUT = 1 << 20;

/** `run`: verifies one program and runs it as BPF_PROG_TEST_RUN would. A program that is refused is not run. */
export async function runCommand(args: readonly string[], out: Output): Promise<Result<Exit, UsageError>> {
  const parsed = parseArgs(args, {
    "--program": "value", "--kernel": "value", "--lab": "value", "--data-in": "value", "--ctx-in": "value", "--repeat": "value", "--maps": "value", "--json": "flag",
  });
  if (!parsed.ok) return err(usageError(parsed.error));
  const { files, options } = parsed.value;
  const [file, more] = files;
  if (file === undefined || more !== undefined) return err(usageError("takes one .c or .o file"));
  const program = options.get("--program");
  if (program === undefined) return err(usageError("--program says which program to run; it is missing"));
  const repeat = wholeNumber(options.get("--repeat") ?? "1", "--repeat", 1, 1_000_000_000);
  if (!repeat.ok) return err(usageError(repeat.error));
  const dataIn = await bytesOption(options, "--data-in");
  if (!dataIn.ok) return err(usageError(dataIn.error));
  const ctxIn = await bytesOption(options, "--ctx-in");
  if (!ctxIn.ok) return err(usageError(ctxIn.error));
  const maps = await mapsOption(options.get("--maps"));
  if (!maps.ok) return err(usageError(maps.error));

  const engine = new Engine();
  const lab0 = options.get("--lab");
  const columns = await chooseColumns(engine, options, lab0 === undefined ? [] : [lab0]);
  if (!columns.ok) return err(usageError(columns.error));
  const [column, other] = columns.value;
  if (column === undefined || other !== undefined) return err(usageError(`--kernel takes one kernel here, not "${options.get("--kernel")}"`));
  const { kernel, overlay, lab, label } = column;
  const opened = await openColumns(engine, file, [column]);
  if (!opened.ok) return err(usageError(opened.error));
  const input = opened.value.get(label)!;
  const json = options.has("--json");
  const refused = (row: CheckRow, broken: boolean): Result<Exit, UsageError> => {
    if (json) out.line(rowJson(row));
    else printRows(file, [row], [label], out);
    return ok(exitOf([row], broken));
  };
  if (input.kind !== "open") {
    out.error(failureText(file, input));
    return refused(failedRow(file, program, kernel, lab, input), input.kind !== "refused");
  }
  const missing = missingProgram(program, [{ file, opened: opened.value }]);
  if (missing !== null) return err(usageError(missing));

  const row = verdictRow(file, lab, await engine.core.check(input.id, program, kernel, overlay, { logLevel: 0 }), 0);
  if (row.verdict !== "accepted") return refused(row, false);
  for (const warning of row.warnings) out.error(`warning: ${warning}`);
  const given: RunInput = { program, kernel, dataIn: dataIn.value, ctxIn: ctxIn.value, repeat: repeat.value, maps: maps.value };
  const result = await engine.core.run(input.id, overlay, given);
  if (!result.ok) return err(usageError(`${file}: ${program}: ${result.error.message}`, result.error.verdict === "unsupported" ? Exit.UNSUPPORTED : Exit.REJECTED));
  // Nothing but a run shows that a function of the same name and prototype does something else.
  const silent = row.changes.filter((use) => use.what === "behaves").map((use) => use.name);
  const plain = silent.length > 0 ? await engine.core.run(input.id, null, given) : null;
  if (json) out.line(runJson(result.value, plain?.ok ? { kernel, functions: silent, result: plain.value } : null));
  else {
    printRun(result.value, out);
    if (plain) printOther(kernel, silent, result.value, plain, out);
  }
  if (result.value.outcome === "exited") return ok(Exit.ACCEPTED);
  out.error(`${file}: ${program}: ${result.value.message ?? result.value.outcome}`);
  return ok(result.value.outcome === "unsupported" ? Exit.UNSUPPORTED : Exit.REJECTED);
}

/** Bytes of an option: `hex:…` or a file's. */
async function bytesOption(options: ReadonlyMap<string, string>, name: string): Promise<Result<Uint8Array | null, string>> {
  const value = options.get(name);
  if (value === undefined) return ok(null);
  let bytes: Uint8Array | undefined;
  if (value.startsWith("hex:")) {
    bytes = fromHex(value.slice(4));
    if (!bytes) return err(`${name}: "${value.length > 40 ? `${value.slice(0, 37)}…` : value}" is not an even number of hexadecimal digits`);
  } else {
    const file = await readInput(value);
    if (!file.ok) return err(`${name}: ${file.error}`);
    bytes = file.value;
  }
  return bytes.length <= MAX_INPUT ? ok(bytes) : err(`${name}: ${bytes.length} bytes are more than the ${MAX_INPUT} that are taken`);
}

/** `--maps FILE`: {"MAP": [{"key": "hex", "value": "hex"}, …], …} */
async function mapsOption(path: string | undefined): Promise<Result<RunInput["maps"], string>> {
  if (path === undefined) return ok({});
  const file = await readInput(path);
  if (!file.ok) return file;
  let data: unknown;
  try {
    data = JSON.parse(new TextDecoder().decode(file.value));
  } catch {
    return err(`${path}: not JSON`);
  }
  if (typeof data !== "object" || data === null || Array.isArray(data)) return err(`${path}: expected an object of maps by name`);
  const maps: Record<string, { key: Uint8Array; value: Uint8Array }[]> = {};
  for (const [name, list] of Object.entries(data as Record<string, unknown>)) {
    if (!Array.isArray(list)) return err(`${path}: ${name}: expected a list of {"key": "hex", "value": "hex"}`);
    maps[name] = [];
    for (const [i, item] of (list as unknown[]).entries()) {
      const { key, value } = (item ?? {}) as { key?: unknown; value?: unknown };
      const k = typeof key === "string" ? fromHex(key.replace(/^hex:/, "")) : undefined;
      const v = typeof value === "string" ? fromHex(value.replace(/^hex:/, "")) : undefined;
      if (!k || !v) return err(`${path}: ${name}[${i}].${k ? "value" : "key"}: expected hexadecimal digits`);
      maps[name].push({ key: k, value: v });
    }
  }
  return ok(maps);
}

/** The contract's JSON of a run. */
function runJson(result: RunResult, other: { kernel: string; functions: readonly string[]; result: RunResult } | null): string {
  const beside = other && { kernel: other.kernel, functions: other.functions, differs: differs(result, other.result), ...JSON.parse(runJson(other.result, null)) as object };
  const maps = Object.fromEntries(result.maps.map((map) => [map.name, mapJson(map)]));
  return JSON.stringify({
    schema: 1, retval: result.retval, data_out: result.dataOut ? toHex(result.dataOut) : null, ...(result.ctxOut ? { ctx_out: toHex(result.ctxOut) } : {}),
    maps, trace: result.trace, insns_executed: result.insnsExecuted, ns_per_run: Math.round(result.nsPerRun), outcome: result.outcome,
    ...(result.message === undefined ? {} : { message: result.message }), ...(result.insn === undefined ? {} : { insn: result.insn }),
    ...(result.action === undefined ? {} : { action: result.action }),
    ...(result.events && result.events.length > 0 ? { events: result.events.map((e) => ({ map: e.map, data: toHex(e.data) })) } : {}),
    ...(beside ? { without_lab: beside } : {}),
  });
}

/** Whether two runs of the same program with the same input gave anything different. */
function differs(a: RunResult, b: RunResult): boolean {
  const seen = (r: RunResult): string => JSON.stringify([r.outcome, r.retval, r.dataOut && toHex(r.dataOut), r.ctxOut && toHex(r.ctxOut), r.maps.map((m) => [m.name, mapJson(m)]), r.trace.map(withoutTime)]);
  return seen(a) !== seen(b);
}

/** A line of trace_pipe without its time stamp, which counts the kernel's own instructions. */
function withoutTime(line: string): string {
  return line.replace(/\d+\.\d+: /, "");
}

/** The same program on the release itself, where the custom kernel changed what a function does and nothing else. */
function printOther(kernel: string, functions: readonly string[], result: RunResult, other: Result<RunResult, { message: string }>, out: Output): void {
  out.line("");
  out.line(`${functions.join(", ")}: the same name and prototype on ${kernel}, where the same object and input give`);
  if (!other.ok) return out.line(`  no result: ${other.error.message}`);
  printRun(other.value, out);
  out.line(paint(out, "yellow", differs(result, other.value) ? "the results differ, and nothing but running it tells" : "no difference with this input"));
}

function mapJson(map: MapDump): object {
  return {
    type: map.type, key_size: map.keySize, value_size: map.valueSize, truncated: map.truncated,
    entries: map.entries.map((e) => ({ key: toHex(e.key), value: toHex(e.value), ...(e.cpu === undefined ? {} : { cpu: e.cpu }) })),
  };
}

const SHOWN_ENTRIES = 20;

function printRun(result: RunResult, out: Output): void {
  const signed = result.retval | 0;
  const value = signed < 0 ? `${result.retval} (${signed})` : String(result.retval);
  out.line(`${paint(out, "bold", "returned")}  ${value}${result.action === undefined ? "" : `  ${result.action}`}`);
  out.line(`${paint(out, "bold", "executed")}  ${result.insnsExecuted} instructions, ${Math.round(result.nsPerRun)} ns a run`);
  for (const line of result.trace) out.line(`${paint(out, "bold", "trace")}     ${line}`);
  if (result.dataOut) {
    out.line(paint(out, "bold", `data out  ${result.dataOut.length} bytes`));
    for (const line of hexDump(result.dataOut.subarray(0, 256))) out.line(`  ${line}`);
  }
  for (const map of result.maps) {
    out.line(`${paint(out, "bold", map.name)}  ${map.type}, ${map.entries.length}${map.truncated ? "+" : ""} ${map.entries.length === 1 ? "entry" : "entries"}`);
    // An array has all its entries from the beginning; those that hold something are of interest.
    const filled = map.entries.filter((e) => e.value.some((byte) => byte !== 0));
    const rows = filled.slice(0, SHOWN_ENTRIES).map((e) => [`  ${toHex(e.key)}`, ...(e.cpu === undefined ? [] : [`cpu ${e.cpu}`]), toHex(e.value.subarray(0, 64))]);
    for (const line of table(rows)) out.line(line);
    if (filled.length > SHOWN_ENTRIES) out.line(`  … ${filled.length - SHOWN_ENTRIES} more (--json shows all)`);
    if (filled.length < map.entries.length) out.line(paint(out, "grey", `  ${map.entries.length - filled.length} with zeros only`));
  }
}

function hexDump(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let i = 0; i < bytes.length; i += 16) {
    const part = [...bytes.subarray(i, i + 16)];
    const text = part.map((b) => (b >= 32 && b < 127 ? String.fromCharCode(b) : ".")).join("");
    lines.push(`${i.toString(16).padStart(4, "0")}  ${part.map((b) => b.toString(16).padStart(2, "0")).join(" ").padEnd(47)}  ${text}`);
  }
  return lines;
}
