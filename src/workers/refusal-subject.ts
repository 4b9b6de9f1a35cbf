import type { ApiDb } from "../kernel/api-types.ts";
import type { LoadError } from "../loader/types.ts";

export interface RefusalSubject { name: string; kind?: "helper" | "kfunc" }

/** The forms in which verifiers of 5.10 to 7.3 name a call they refuse (check_helper_call, fetch_kfunc_meta, check_kfunc_call). */
const NAMED: readonly { pattern: RegExp; kind: "helper" | "kfunc" }[] = [
  { pattern: /^(?:program of this type cannot use helper|unknown func) (bpf_\w+)#\d+/, kind: "helper" },
  { pattern: /^calling kernel function (\w+) is not allowed/, kind: "kfunc" },
  { pattern: /^kernel function (\w+) is not allowed/, kind: "kfunc" },
];
const NUMBERED = /^(?:invalid func unknown|invalid func |unknown func unknown)#(\d+)/;

/** How the loader tells of a call of a weak kfunc that it did not find (BoundProgram.poisoned). */
const POISONED = /^kfunc '(\w+)' is referenced but wasn't resolved/;

/** Name of the weak kfunc that a text of BoundProgram.poisoned is about; undefined when it is about something else. */
export function unresolvedKfunc(poisoned: string): string | undefined {
  return POISONED.exec(poisoned)?.[1];
}

/** The helper or kfunc that a refusal is about: the loader says so, or the verifier's line and what the loader poisoned there are read. */
export function subjectOf(load: LoadError | null, message: string, poisoned: string | undefined, db: ApiDb): RefusalSubject | undefined {
  if (load) {
    const { subject } = load;
    if (!subject) return undefined;
    if (subject.kind === "helper" || subject.kind === "kfunc") return { name: subject.name, kind: subject.kind };
    // A ksym may be a variable: only what the database knows is a function of interest.
    return subject.kind === "ksym" && db.apis.some((a) => a.name === subject.name) ? { name: subject.name } : undefined;
  }
  const missing = poisoned === undefined ? undefined : unresolvedKfunc(poisoned);
  if (missing !== undefined) return { name: missing, kind: "kfunc" };
  for (const { pattern, kind } of NAMED) {
    const name = pattern.exec(message)?.[1];
    if (name !== undefined) return { name, kind };
  }
  const id = NUMBERED.exec(message)?.[1];
  const helper = id === undefined ? undefined : db.apis.find((a) => a.kind === "helper" && a.id === Number(id));
  return helper ? { name: helper.name, kind: "helper" } : undefined;
}
