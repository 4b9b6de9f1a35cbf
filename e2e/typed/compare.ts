/** One typed program: our answer beside the recorded kernel's. */
import type { Engine } from "../../src/cli/engine.ts";
import type { LoadError } from "../../src/loader/types.ts";
import type { ProgramVerdict } from "../../src/workers/kernel-api.ts";
import type { RecordedProgram } from "../conformance/recorded.ts";
import { comparable } from "../oracle/log-text.ts";
import type { TypedRecording } from "./programs.ts";

/** What is not the same, the gravest first; undefined where nothing is. */
export type Difference = "unsupported" | "verdict" | "stage" | "message" | "report" | "insns";

export interface TypedComparison {
  object: string;
  program: string;
  want: { verdict: string; stage: string; message: string; insns?: number; report?: string };
  got: { verdict: string; stage: string; message: string; insns?: number; report?: string };
  difference?: Difference;
}

const normal = (m: string): string => comparable(m).trim();

/** libbpf refuses before the kernel's verifier does, in more steps than we tell apart. */
const before = (stage: string): boolean => stage !== "verify";

const title = (report: string | undefined): string | undefined => (report ? /^Verification failed: (.*)$/m.exec(report)?.[1] : undefined);

/**
 * Verdict, who refused (loader or verifier), the message, 7.3's report title, processed instructions. A loader's refusal has the
 * same message when libbpf's first warning is ours or among what we print; one by the system call itself has none to compare.
 */
export function compareOne(object: string, real: RecordedProgram, ours: ProgramVerdict): TypedComparison {
  const want = { verdict: real.verdict, stage: real.stage, message: real.messages?.[0] ?? real.message ?? "", insns: real.insns, report: real.report };
  if (real.stage === "verify") want.message = real.message ?? "";
  const got = { verdict: ours.verdict, stage: ours.stage, message: ours.message, insns: ours.verify?.stats.insns, report: title(ours.verify?.report) };
  const lines = [ours.message, ...(ours.load?.log ?? [])].map(normal);
  const difference = ((): Difference | undefined => {
    if (ours.verdict === "unsupported" || ours.verdict === "stopped") return "unsupported";
    if (real.verdict !== ours.verdict) return "verdict";
    if (real.verdict === "accepted") return real.insns === got.insns ? undefined : "insns";
    if (before(real.stage) !== before(ours.stage)) return "stage";
    if (real.stage === "syscall") return undefined;
    if (before(real.stage)) return lines.includes(normal(want.message)) ? undefined : "message";
    if (normal(want.message) !== normal(got.message)) return "message";
    if (want.report !== got.report) return "report";
    return real.insns === got.insns ? undefined : "insns";
  })();
  return { object, program: real.program, want, got, ...(difference ? { difference } : {}) };
}

/** Opens objects in the engine under their names; what does not open, and why. */
export async function openAll(engine: Engine, objects: ReadonlyMap<string, Uint8Array>): Promise<Map<string, LoadError>> {
  const refused = new Map<string, LoadError>();
  for (const [name, bytes] of objects) {
    const opened = await engine.core.open(name, bytes, name);
    if (!opened.ok) refused.set(name, opened.error);
  }
  return refused;
}

/** Compares all programs of a recording, whose objects openAll has opened; of an object that libbpf refuses, the refusal, as a program without a name. */
export async function* compareAll(engine: Engine, recording: TypedRecording, refused: ReadonlyMap<string, LoadError> = new Map(), only: (object: string) => boolean = () => true): AsyncGenerator<TypedComparison> {
  for (const entry of recording.objects) {
    if (!only(entry.object)) continue;
    const load = refused.get(entry.object);
    for (const real of entry.refused ? [refusedObject(entry.refused)] : entry.programs) {
      const ours = load ? { program: real.program, kernel: recording.kernel, verdict: load.verdict, stage: load.stage, message: load.message, load, ms: 0 } : await engine.core.check(entry.object, real.program, recording.kernel, null, { logLevel: 0 });
      yield compareOne(entry.object, real, ours);
    }
  }
}

/** libbpf did not open the object: the same answer for any program of it. */
function refusedObject({ errno, messages }: { errno: number; messages: readonly string[] }): RecordedProgram {
  return { program: "", section: "", type: "", verdict: "rejected", stage: "open", errno, messages };
}
