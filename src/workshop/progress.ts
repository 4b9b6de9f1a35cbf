import { err, ok, type Result } from "../base/result.ts";
import { isRecord } from "./reader.ts";
import type { Workshop } from "./types.ts";

/** What is kept of one attendee's way through one workshop; plain JSON, exported and imported as a file. */
export interface Progress {
  schema: 1;
  workshop: string;
  attendee: string;
  current: string;
  steps: Readonly<Record<string, StepProgress>>;
}
export interface StepProgress {
  /** the attendee's own files; absent until changed */
  files?: Readonly<Record<string, string>>;
  passed: boolean;
  attempts: number;
  hintsSeen: number;
  /** seconds on the step */
  seconds: number;
}

const FRESH: StepProgress = { passed: false, attempts: 0, hintsSeen: 0, seconds: 0 };
const MAX_FILE = 8 * 1024 * 1024;

export function newProgress(workshop: Workshop, attendee = ""): Progress {
  return { schema: 1, workshop: workshop.id, attendee, current: workshop.steps[0]?.id ?? "", steps: {} };
}

export function stepProgress(progress: Progress, step: string): StepProgress {
  return (Object.hasOwn(progress.steps, step) ? progress.steps[step] : undefined) ?? FRESH;
}

export function withStep(progress: Progress, step: string, change: Partial<StepProgress>): Progress {
  return { ...progress, steps: { ...progress.steps, [step]: { ...stepProgress(progress, step), ...change } } };
}

/** Back to the starter files of one step; every other step stays as it is. */
export function resetStep(progress: Progress, step: string): Progress {
  const { files: _dropped, ...rest } = stepProgress(progress, step);
  return { ...progress, steps: { ...progress.steps, [step]: { ...rest, passed: false } } };
}

export function exportProgress(progress: Progress): string {
  return `${JSON.stringify(progress, null, 1)}\n`;
}

/** Reads an exported file for that workshop. Unknown steps are kept, so that an older copy of a workshop loses nothing. */
export function importProgress(text: string, workshop: Workshop): Result<Progress, string> {
  if (text.length > MAX_FILE) return err(`the file has ${text.length} characters; ${MAX_FILE} is the most`);
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (e) {
    return err(`the file is not JSON: ${e instanceof Error ? e.message : String(e)}`);
  }
  if (!isRecord(data) || data["schema"] !== 1) return err("the file is not a progress file of schema 1");
  if (data["workshop"] !== workshop.id) return err(`the file belongs to the workshop "${String(data["workshop"])}", not to "${workshop.id}"`);
  const given = data["steps"];
  if (!isRecord(given)) return err("the file has no steps");
  const steps: Record<string, StepProgress> = {};
  for (const [id, value] of Object.entries(given)) {
    const step = readStep(value);
    if (!step) return err(`step "${id}" of the file is damaged`);
    steps[id] = step;
  }
  const current = data["current"];
  const known = workshop.steps.some((s) => s.id === current);
  return ok({
    schema: 1,
    workshop: workshop.id,
    attendee: typeof data["attendee"] === "string" ? data["attendee"] : "",
    current: known ? String(current) : (workshop.steps[0]?.id ?? ""),
    steps,
  });
}

function readStep(value: unknown): StepProgress | null {
  if (!isRecord(value)) return null;
  const count = (key: string): number => {
    const n = value[key];
    return typeof n === "number" && Number.isFinite(n) && n >= 0 ? n : 0;
  };
  const step: StepProgress = { passed: value["passed"] === true, attempts: count("attempts"), hintsSeen: count("hintsSeen"), seconds: count("seconds") };
  const files = value["files"];
  if (files === undefined) return step;
  if (!isRecord(files)) return null;
  const texts: Record<string, string> = {};
  for (const [name, text] of Object.entries(files)) {
    if (typeof text !== "string") return null;
    texts[name] = text;
  }
  return { ...step, files: texts };
}

/**
 * One line an attendee can copy to whoever gives the workshop: id, name, and per step passed/attempts/seconds, with a checksum
 * against slips in copying (it proves nothing else).
 */
export function resultLine(progress: Progress, workshop: Workshop): string {
  const cells = workshop.steps.map((s) => {
    const p = stepProgress(progress, s.id);
    return `${p.passed ? "+" : "-"}${p.attempts}.${Math.round(p.seconds)}`;
  });
  const body = `bpfws1 ${workshop.id} ${encodeURIComponent(progress.attendee) || "-"} ${cells.join(",")}`;
  return `${body} ${checksum(body)}`;
}

export interface ResultRow { attendee: string; steps: readonly { passed: boolean; attempts: number; seconds: number }[] }

/** Reads a line made by resultLine. */
export function readResultLine(line: string, workshop: Workshop): Result<ResultRow, string> {
  const m = /^(bpfws1 (\S+) (\S+) (\S+)) ([0-9a-f]{6})$/.exec(line.trim());
  if (!m || line.length > 10_000) return err("the line is not a result line");
  const [, body = "", id = "", name = "", cells = "", sum = ""] = m;
  if (checksum(body) !== sum) return err("the line was damaged in copying");
  if (id !== workshop.id) return err(`the line belongs to the workshop "${id}"`);
  const steps = cells.split(",").map((cell) => /^([+-])(\d+)\.(\d+)$/.exec(cell));
  if (steps.length !== workshop.steps.length || steps.some((s) => s === null)) return err("the line belongs to another edition of the workshop");
  let attendee = "";
  try {
    attendee = name === "-" ? "" : decodeURIComponent(name);
  } catch {
    return err("the name in the line is damaged");
  }
  return ok({ attendee, steps: steps.map((s) => ({ passed: s?.[1] === "+", attempts: Number(s?.[2]), seconds: Number(s?.[3]) })) });
}

function checksum(text: string): string {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return (h & 0xffffff).toString(16).padStart(6, "0");
}
