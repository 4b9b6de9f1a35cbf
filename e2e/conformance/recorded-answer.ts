/** What the oracle answered, as a recording keeps it. */
import { hexDigest, type Judgement, type OracleObject, type ProgramAnswer } from "../oracle/judge.ts";
import type { RecordedObject, RecordedProgram } from "./recorded.ts";

function recordedProgram(answer: ProgramAnswer): RecordedProgram {
  return {
    program: answer.program,
    section: answer.section,
    type: answer.type,
    attachType: answer.attachType || undefined,
    verdict: answer.verdict,
    stage: answer.stage,
    errno: answer.verdict === "accepted" ? undefined : answer.errno,
    message: answer.message || undefined,
    messages: answer.messages.length ? answer.messages : undefined,
    report: answer.report,
    ...answer.statistics,
    xlatedInsns: answer.xlatedBytes === undefined ? undefined : answer.xlatedBytes / 8,
  };
}

/** Every object that was asked about with the answers of its programs, in the objects' order. */
export function recordedObjects(objects: readonly OracleObject[], { answers, refusals }: Judgement): RecordedObject[] {
  const byObject = new Map<string, RecordedProgram[]>(objects.map(({ name }) => [name, []]));
  for (const answer of answers) byObject.get(answer.object)?.push(recordedProgram(answer));
  return objects.map(({ name, bytes }) => {
    const refusal = refusals.find((entry) => entry.object === name);
    return { object: name, sha256: hexDigest(bytes), refused: refusal && { errno: refusal.errno, messages: refusal.messages }, programs: byObject.get(name) ?? [] };
  });
}
