import type { AttachType, ProgType } from "./types.ts";

/** What of a program decides which helpers and kfuncs it may call. */
export interface ProgramVariant {
  type: ProgType;
  attachType: AttachType | null;
  sleepable: boolean;
  structOpsMember?: { typeName: string; member: string };
}

/**
 * Keys of `HelperEntry.allowed` and `KfuncEntry.exact` for a program, most exact first: "tracing:trace_fentry:sleepable",
 * "tracing:trace_fentry", "tracing:sleepable", "tracing"; struct_ops programs have "STRUCT/MEMBER", then "STRUCT", where
 * others have an attach type.
 */
export function variantKeys(program: ProgramVariant): string[] {
  const { type, structOpsMember, sleepable } = program;
  const places = structOpsMember ? [`${structOpsMember.typeName}/${structOpsMember.member}`, structOpsMember.typeName] : program.attachType === null ? [] : [program.attachType];
  const exact = places.flatMap((place) => (sleepable ? [`${type}:${place}:sleepable`, `${type}:${place}`] : [`${type}:${place}`]));
  return [...exact, ...(sleepable ? [`${type}:sleepable`] : []), type];
}

/** The answer under the most exact key that has one; undefined when none has. */
export function lookUpVariant<T>(answers: Readonly<Record<string, T>>, program: ProgramVariant): T | undefined {
  for (const key of variantKeys(program)) if (Object.hasOwn(answers, key)) return answers[key];
  return undefined;
}
