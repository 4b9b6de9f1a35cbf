/**
 * Recorded runs on real kernels, `recorded/KERNEL.runs.json.gz`, with the objects they ran: `run-objects/*.bpf.o`,
 * compiled from our own sources in e2e/programs/run. Read by the emulator's tests, which need no QEMU and no clang.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import type { RunResult } from "../oracle/run-programs.ts";
import type { SourceCase } from "./run-cases.ts";

/** One case: what went in (hexadecimal) and what the real kernel made of it. */
export interface RecordedRun extends SourceCase {
  readonly result: Omit<RunResult, "name">;
}

/** All runs on one kernel. */
export interface RunRecording {
  readonly schema: 1;
  readonly kernel: string;
  readonly release: string;
  /** SHA-256 of each object, by source name. */
  readonly objects: Readonly<Record<string, string>>;
  readonly runs: readonly RecordedRun[];
}

const recordedFolder = new URL("./recorded/", import.meta.url);

/** Folder of the compiled programs. */
export const runObjects = new URL("./run-objects/", import.meta.url);

/** Bytes of a compiled program. */
export const readRunObject = (source: string): Buffer => readFileSync(new URL(`${source}.bpf.o`, runObjects));

/** Kernels with recorded runs. */
export function listRunRecordings(): string[] {
  if (!existsSync(recordedFolder)) return [];
  return readdirSync(recordedFolder).flatMap((name) => /^([\d.]+)\.runs\.json\.gz$/.exec(name)?.[1] ?? []);
}

/** Reads the runs recorded on a kernel. Throws when there are none. */
export function readRunRecording(kernel: string): RunRecording {
  return JSON.parse(gunzipSync(readFileSync(new URL(`${kernel}.runs.json.gz`, recordedFolder))).toString("utf8")) as RunRecording;
}

/** Writes the runs of a kernel; the same results give the same bytes. Returns the file's path. */
export function writeRunRecording(recording: RunRecording): string {
  mkdirSync(recordedFolder, { recursive: true });
  const path = new URL(`${recording.kernel}.runs.json.gz`, recordedFolder);
  writeFileSync(path, gzipSync(JSON.stringify(recording), { level: 9 }));
  return fileURLToPath(path);
}
