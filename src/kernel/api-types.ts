/** What a helper or kfunc is at one kernel. */
export interface ApiState {
  /** C prototype without a semicolon: "struct rq *scx_bpf_cpu_rq(s32 cpu)" */
  signature: string;
  /** kfunc: KF_ flags by that release's own bits; helper: "gpl_only", "pkt_access", "might_sleep", "allow_fastcall" */
  flags: readonly string[];
  /** sorted */
  programTypes: readonly string[];
  /** module it lives in; null: the kernel itself */
  module: string | null;
  /** helper: each argument list the verifier checks against, "RET_INTEGER(ARG_CONST_MAP_PTR, ARG_PTR_TO_MAP_KEY)"; kfunc: empty */
  protos: readonly string[];
}

/** A stretch of neighbouring kernels in which nothing about it changed. */
export interface ApiSpan extends ApiState {
  /** first and last kernel of the stretch, both with it */
  from: string;
  to: string;
}

/** How a replacement was found: by name pairs and prototypes of the packs, or in the reviewed table (with its source). */
export interface ApiReplacement {
  name: string;
  how: "rename" | "implicit argument" | "version suffix" | "similar" | "reviewed";
  /** takes the same arguments in the same order and returns the same */
  sameArguments: boolean;
  /** first kernel of the packs that has it */
  since: string;
  /** reviewed: where it is said; other alternatives */
  note: string | null;
}

export interface ApiLife {
  name: string;
  kind: "helper" | "kfunc";
  /** helper number; null for a kfunc */
  id: number | null;
  /** first and last kernel of the packs that has it; until is null while the newest has it */
  since: string;
  until: string | null;
  replacement: ApiReplacement | null;
  spans: readonly ApiSpan[];
}

/** The life of every helper and kfunc over all packs (public/kernels/api.json). */
export interface ApiDb {
  /** oldest first; `off` are the options of a reviewed list that this kernel was built without; `imageOnly`: its pack knows neither modules nor options */
  kernels: readonly { kernel: string; release: string; off: readonly string[]; imageOnly?: boolean }[];
  /** sorted by name, a helper before a kfunc of the same name */
  apis: readonly ApiLife[];
}

/** One row of `api NAME`: the API at one kernel, and what differs from the kernel before in the list. `known` is false where the pack cannot tell whether the kernel has it. */
export interface ApiRow { kernel: string; state: ApiState | null; change: string | null; known: boolean }

/** One difference between two kernels. */
export interface ApiDifference {
  name: string;
  kind: "helper" | "kfunc";
  what: "added" | "removed" | "changed";
  /** changed: what differs, for people; removed: the replacement */
  detail: string | null;
  before: ApiState | null;
  after: ApiState | null;
}

/** A mechanical change of the source that an editor can offer. */
export type QuickFix =
  | { kind: "rename"; title: string; from: string; to: string; /** the other takes one argument less, or one more, at the end: the verifier fills it */ lastArgument?: "drop" | "add" }
  | { kind: "guard"; title: string; name: string; /** weak declaration to put before the first use */ declaration: string; /** condition to put around the call */ condition: string };

/** Why a helper or kfunc cannot be had on a kernel, and what to do about it. */
export interface ApiExplanation {
  name: string;
  kind: "helper" | "kfunc";
  status: "removed" | "later" | "not built" | "removed by policy" | "no BTF" | "not allowed" | "not known" | "unknown" | "present";
  since: string | null;
  until: string | null;
  replacement: string | null;
  /** plain sentences, most important first */
  sentences: readonly string[];
  fixes: readonly QuickFix[];
}
