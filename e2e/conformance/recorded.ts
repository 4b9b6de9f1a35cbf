/**
 * Recorded answers of real kernels about the kernel's own test programs: `recorded/KERNEL.tests-TESTS.json.gz`.
 * Written by record.ts, read by whoever measures our verifier against them.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { cacheFolder } from "../oracle/cache.ts";
import type { LogStatistics } from "../oracle/log-text.ts";
import type { Stage } from "../oracle/judge.ts";

/** A real kernel's answer about one program, loaded by itself. */
export interface RecordedProgram extends Partial<LogStatistics> {
  readonly program: string;
  readonly section: string;
  /** libbpf's name of the program type, e.g. "sched_cls". */
  readonly type: string;
  /** libbpf's name of the expected attach type; left out where there is none. */
  readonly attachType?: string;
  readonly verdict: "accepted" | "rejected" | "crash" | "hang" | "timeout";
  /** Who refused: libbpf (`open`, `prepare`, `load`), the kernel before its verifier (`syscall`), the verifier (`verify`). */
  readonly stage: Stage;
  /** Positive errno; left out when accepted. */
  readonly errno?: number;
  /** The verifier's error line (rule of the command line's `message`), or libbpf's first warning. */
  readonly message?: string;
  /** All of libbpf's warnings, when it refused. */
  readonly messages?: readonly string[];
  /** Title of the structured report (7.3). */
  readonly report?: string;
  /** Instructions after rewriting, when accepted. */
  readonly xlatedInsns?: number;
}

/** One object file. */
export interface RecordedObject {
  readonly object: string;
  readonly sha256: string;
  /** libbpf did not open it: no program was judged. */
  readonly refused?: { readonly errno: number; readonly messages: readonly string[] };
  readonly programs: readonly RecordedProgram[];
}

/** One recording: a kernel, and all objects of one release's tests. */
export interface Recording {
  readonly schema: 1;
  readonly kernel: string;
  readonly release: string;
  /** Which objects: a kernel release's tests, or "projects"; "7.2-unprivileged": those of 7.2, loaded without capabilities; "7.2-modules": see testsOf. */
  readonly tests: string;
  /** Where the sources came from. */
  readonly source: string;
  readonly compiler: string;
  readonly libbpf: string;
  /** Log level of the load that decided the verdict. */
  readonly logLevel: number;
  /** Loaded with or without all privileges, without these flags. */
  readonly settings: { readonly privileged: boolean; readonly testStateFreq: false; readonly anyAlignment: false; readonly strictAlignment: false };
  readonly objects: readonly RecordedObject[];
}

/** What a recording's `tests` stands for. */
export interface Tests {
  /** the folder of objects */
  readonly objects: string;
  /** the load was made without capabilities */
  readonly unprivileged: boolean;
  /**
   * The modules that bring kfuncs or struct_ops were loaded and libbpf found the kernel's .config. Such a recording holds only
   * programs that libbpf refused without, and that got another answer so.
   */
  readonly modules: boolean;
}

export function testsOf(tests: string): Tests {
  const [, objects = tests, how] = /^(.*)-(unprivileged|modules)$/.exec(tests) ?? [];
  return { objects, unprivileged: how === "unprivileged", modules: how === "modules" };
}

const folder = fileURLToPath(new URL("./recorded/", import.meta.url));

/** Mutants (e2e/fuzz) are made anew from a seed; what kernels say of them is kept outside the tree. */
export const isFuzz = (tests: string): boolean => tests.startsWith("fuzz-");

const fileOf = (kernel: string, tests: string): string => join(isFuzz(tests) ? cacheFolder("conformance", "fuzz-recorded") : folder, `${kernel}.tests-${tests}.json.gz`);

/** All recordings there are, as [kernel, tests]. */
export function listRecordings(): [kernel: string, tests: string][] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name): [string, string][] => {
    const match = /^([\d.]+)\.tests-(.+)\.json\.gz$/.exec(name);
    return match?.[1] && match[2] ? [[match[1], match[2]]] : [];
  });
}

/** Reads a recording. Throws when there is none. */
export function readRecording(kernel: string, tests: string): Recording {
  return JSON.parse(gunzipSync(readFileSync(fileOf(kernel, tests))).toString("utf8")) as Recording;
}

/** Writes a recording; the same answers give the same bytes. */
export function writeRecording(recording: Recording): string {
  const path = fileOf(recording.kernel, recording.tests);
  writeFileSync(path, gzipSync(JSON.stringify(recording), { level: 9 }));
  return path;
}
