import { err, ok, type Result } from "../base/result.ts";
import type { Project } from "./types.ts";

/** Sizes past which a project is refused: a project is text that people write, and a link may come from anybody. */
export const LIMITS = {
  files: 32,
  fileBytes: 512 * 1024,
  totalBytes: 1024 * 1024,
  overlayBytes: 256 * 1024,
  /** hex digits and blanks: a 100 kB packet fits twice over */
  inputBytes: 512 * 1024,
  maps: 64,
  entries: 4096,
  entryBytes: 64 * 1024,
  extraFlags: 32,
  repeat: 1_000_000,
} as const;

const OPT = ["-O0", "-O1", "-O2", "-Os"] as const;
const MCPU = ["v1", "v2", "v3", "v4"] as const;

export const MAIN_FILE = "main.bpf.c";

/** A project with one empty file. */
export function emptyProject(kernel = "7.2"): Project {
  return {
    schema: 1,
    files: { [MAIN_FILE]: "" },
    activeFile: MAIN_FILE,
    kernel,
    overlay: null,
    flags: { opt: "-O2", debug: true, mcpu: "v3", extra: [] },
    program: null,
    input: { dataIn: "", ctxIn: "", repeat: 1, preset: null },
    maps: {},
    selectedInsn: null,
    logLevel: 1,
    unprivileged: false,
  };
}

/** Why a file may not have this name, or null when it may. Names are relative paths of plain characters. */
export function fileNameProblem(name: string, taken: readonly string[] = []): string | null {
  if (name === "") return "a file needs a name";
  if (name.length > 80) return "the name is longer than 80 characters";
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.+-]*(\/[A-Za-z0-9_][A-Za-z0-9_.+-]*)*$/.test(name)) return "use letters, digits and . _ + - only, with / between folders";
  if (!/\.(c|h)$/.test(name)) return "the name must end in .c or .h";
  if (name === "vmlinux.h") return "vmlinux.h is made from the chosen kernel";
  if (taken.includes(name)) return `there is already a ${name}`;
  return null;
}

type Fields = Record<string, unknown>;
const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * A project out of JSON from a stranger (link, file, storage). Every field is checked for type and size; unknown
 * fields are dropped, missing ones take their default, so that links written by an older page go on working.
 * The error says which field and why.
 */
export function parseProject(value: unknown): Result<Project, string> {
  if (!isFields(value)) return err("not a project: an object is expected");
  if (value["schema"] !== 1) return err(`schema ${JSON.stringify(value["schema"] ?? null)?.slice(0, 20)} is not known to this page (it reads schema 1)`);
  const base = emptyProject();

  const files = parseFiles(value["files"]);
  if (!files.ok) return files;
  const names = Object.keys(files.value);
  const active = value["activeFile"];
  const activeFile = typeof active === "string" && names.includes(active) ? active : names[0]!;

  const kernel = value["kernel"] ?? base.kernel;
  if (typeof kernel !== "string" || !/^[0-9]{1,3}\.[0-9]{1,3}$/.test(kernel)) return err("kernel: a release such as \"7.2\" is expected");
  const overlay = value["overlay"] ?? null;
  if (overlay !== null && typeof overlay !== "string") return err("overlay: text or null is expected");
  if (overlay !== null && overlay.length > LIMITS.overlayBytes) return err(`overlay: larger than ${LIMITS.overlayBytes} bytes`);

  const flags = parseFlags(value["flags"] ?? base.flags);
  if (!flags.ok) return flags;
  const input = parseInput(value["input"] ?? base.input);
  if (!input.ok) return input;
  const maps = parseMaps(value["maps"] ?? base.maps);
  if (!maps.ok) return maps;

  const program = value["program"] ?? null;
  if (program !== null && (typeof program !== "string" || program.length > 256)) return err("program: a name or null is expected");
  const selected = value["selectedInsn"] ?? null;
  if (selected !== null && !(Number.isSafeInteger(selected) && (selected as number) >= 0)) return err("selectedInsn: an instruction number or null is expected");
  const logLevel = value["logLevel"] ?? 1;
  if (logLevel !== 0 && logLevel !== 1 && logLevel !== 2) return err("logLevel: 0, 1 or 2 is expected");

  return ok({
    schema: 1, files: files.value, activeFile, kernel, overlay, flags: flags.value, program,
    input: input.value, maps: maps.value, selectedInsn: selected as number | null, logLevel, unprivileged: value["unprivileged"] === true,
  });
}

function parseFiles(value: unknown): Result<Record<string, string>, string> {
  if (!isFields(value)) return err("files: an object of name → text is expected");
  const entries = Object.entries(value);
  if (entries.length === 0) return err("files: there is none");
  if (entries.length > LIMITS.files) return err(`files: ${entries.length} are more than ${LIMITS.files}`);
  const files: Record<string, string> = {};
  let total = 0;
  for (const [name, text] of entries) {
    const problem = fileNameProblem(name);
    if (problem) return err(`files: "${name.slice(0, 90)}": ${problem}`);
    if (typeof text !== "string") return err(`files: ${name} is not text`);
    if (text.length > LIMITS.fileBytes) return err(`files: ${name} is larger than ${LIMITS.fileBytes} bytes`);
    total += text.length;
    files[name] = text;
  }
  if (total > LIMITS.totalBytes) return err(`files: together larger than ${LIMITS.totalBytes} bytes`);
  return ok(files);
}

function parseFlags(value: unknown): Result<Project["flags"], string> {
  if (!isFields(value)) return err("flags: an object is expected");
  const opt = OPT.find((o) => o === (value["opt"] ?? "-O2"));
  if (!opt) return err(`flags.opt: one of ${OPT.join(" ")} is expected`);
  const mcpu = MCPU.find((m) => m === (value["mcpu"] ?? "v3"));
  if (!mcpu) return err(`flags.mcpu: one of ${MCPU.join(" ")} is expected`);
  const extra = value["extra"] ?? [];
  if (!Array.isArray(extra) || extra.length > LIMITS.extraFlags || !extra.every((x) => typeof x === "string" && x.length <= 200)) {
    return err(`flags.extra: at most ${LIMITS.extraFlags} short texts are expected`);
  }
  return ok({ opt, debug: value["debug"] !== false, mcpu, extra: extra as string[] });
}

function parseInput(value: unknown): Result<Project["input"], string> {
  if (!isFields(value)) return err("input: an object is expected");
  const text = (key: string): string | null => {
    const v = value[key] ?? "";
    return typeof v === "string" && v.length <= LIMITS.inputBytes ? v : null;
  };
  const dataIn = text("dataIn");
  const ctxIn = text("ctxIn");
  if (dataIn === null) return err(`input.dataIn: hexadecimal text of at most ${LIMITS.inputBytes} characters is expected`);
  if (ctxIn === null) return err(`input.ctxIn: hexadecimal text of at most ${LIMITS.inputBytes} characters is expected`);
  const repeat = value["repeat"] ?? 1;
  if (!Number.isSafeInteger(repeat) || (repeat as number) < 1 || (repeat as number) > LIMITS.repeat) return err(`input.repeat: a number from 1 to ${LIMITS.repeat} is expected`);
  const preset = value["preset"] ?? null;
  if (preset !== null && (typeof preset !== "string" || preset.length > 80)) return err("input.preset: a name or null is expected");
  return ok({ dataIn, ctxIn, repeat: repeat as number, preset });
}

function parseMaps(value: unknown): Result<Project["maps"], string> {
  if (!isFields(value)) return err("maps: an object of map → entries is expected");
  const out: Record<string, { key: string; value: string }[]> = {};
  const maps = Object.entries(value);
  if (maps.length > LIMITS.maps) return err(`maps: more than ${LIMITS.maps}`);
  for (const [name, entries] of maps) {
    if (name.length > 128) return err("maps: a name is longer than 128 characters");
    if (!Array.isArray(entries) || entries.length > LIMITS.entries) return err(`maps.${name}: at most ${LIMITS.entries} entries are expected`);
    const list: { key: string; value: string }[] = [];
    for (const entry of entries as unknown[]) {
      if (!isFields(entry) || typeof entry["key"] !== "string" || typeof entry["value"] !== "string"
        || entry["key"].length > LIMITS.entryBytes || entry["value"].length > LIMITS.entryBytes) return err(`maps.${name}: entries are {key, value} in hexadecimal`);
      list.push({ key: entry["key"], value: entry["value"] });
    }
    out[name] = list;
  }
  return ok(out);
}

/** The file clang is given: the active one when it is a .c, else the first .c; null when there is none. */
export function mainFile(project: Project): string | null {
  if (project.activeFile.endsWith(".c")) return project.activeFile;
  return Object.keys(project.files).sort().find((name) => name.endsWith(".c")) ?? null;
}

/** A short title for lists: first comment line of the main file, else the SEC() programs, else the file's name. */
export function projectTitle(project: Project): string {
  const name = mainFile(project) ?? project.activeFile;
  const text = project.files[name] ?? "";
  const comment = /^\s*(?:\/\/|\/\*+)(?!\s*SPDX)\s*([^\n*]{3,80})/m.exec(text.slice(0, 600))?.[1]?.trim();
  if (comment) return comment;
  const fn = /^\s*int\s+(?:BPF_\w+\(\s*)?(\w+)/m.exec(text)?.[1];
  return fn ? `${fn} (${name})` : name;
}
