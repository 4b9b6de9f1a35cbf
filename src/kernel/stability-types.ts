/** The stability record: what decides whether a helper or kfunc may change, as far as it is known. */
import type { ApiReplacement } from "./api-types.ts";

/** Programs are counted by what they are: shipped to users, part of the kernel's own tree, or tests. */
export type UserKind = "project" | "tree" | "tests";

/** One place that was searched for callers (public/kernels/users.json). */
export interface UserSource {
  /** package or folder: "libbpf-tools", "linux 7.3: tools/sched_ext" */
  name: string;
  version: string;
  kind: UserKind;
  /** compiled objects (calls are exact) or C text (a name followed by a bracket) */
  form: "objects" | "source";
  /** how many were searched */
  files: number;
}

export interface UsersTable {
  sources: readonly UserSource[];
  /** API → for each source with callers: its index, files that call it, and up to three of their names */
  uses: ReadonlyMap<string, readonly UserCount[]>;
}
export interface UserCount { source: number; files: number; examples: readonly string[] }

/** One of the five things that the kernel's documentation names as deciding, and which way it pulls. */
export interface StabilityFactor {
  factor: "use" | "age" | "alternative" | "norm" | "cost";
  /** keep: speaks against changing it; change: for it */
  pull: "keep" | "change" | "neither" | "unknown";
  says: string;
}

export interface AreaNorm {
  /** "sched_ext" */
  area: string;
  /** one sentence: what its maintainers have written down, or that they have written nothing */
  rule: string;
  /** "kernel 7.3 Documentation/scheduler/sched-ext.rst, “ABI Instability”" */
  source: string;
  /** by the rule alone */
  promise: "stable" | "none" | "general";
  /** what happened to the area's APIs over the kernels of the packs */
  measured: { apis: number; gone: number; changed: number };
}

export interface StabilityRecord {
  name: string;
  kind: "helper" | "kfunc";
  id: number | null;
  /** "kernel 7.2+NAME" brings it and no real one; null for a real API */
  madeUpBy: string | null;
  signature: string | null;
  /** null for a made-up one */
  age: {
    since: string;
    until: string | null;
    /** the kernel before `since` in the list: it came after that one; null where the oldest kernel has it already */
    after: string | null;
    /** kernels of the list that have it, of those that can tell */
    lived: number;
    of: number;
    /** kernels whose packs cannot tell */
    unknown: readonly string[];
  } | null;
  changes: readonly { kernel: string; kind: "signature" | "flags" | "program types" | "gone" | "back" | "policy" | "other"; what: string }[];
  /** null: the table of users is not there */
  users: {
    rows: readonly (UserSource & { callers: number; examples: readonly string[] })[];
    /** files that call it, by kind */
    totals: Readonly<Record<UserKind, number>>;
    /** files searched, by kind */
    searched: Readonly<Record<UserKind, number>>;
  } | null;
  successor: ApiReplacement | null;
  /** what it took the place of */
  predecessors: readonly string[];
  norm: AreaNorm;
  factors: readonly StabilityFactor[];
  /** plain sentences, most important first */
  summary: readonly string[];
}
