/** Says why a helper or kfunc cannot be had on a kernel, as a colleague would, and what to change. */
import { isKnownAt, kernelAfter, stateAt } from "./api-change.ts";
import { GROUP_OPTIONS } from "./api-life.ts";
import type { ApiDb, ApiExplanation, ApiLife, ApiSpan, QuickFix } from "./api-types.ts";
import { nearestNames } from "./nearest.ts";
import { compareSeries } from "./releases.ts";
import type { Kernel, ProgType } from "./types.ts";

/** The life of an API by name; where a helper and a kfunc share it, of the given kind. */
export function findApi(db: ApiDb, name: string, kind?: ApiLife["kind"]): ApiLife | undefined {
  return db.apis.find((a) => a.name === name && (kind === undefined || a.kind === kind));
}

/** libbpf drops a `___suffix` when it looks for a kfunc: kfunc___v2 asks for kfunc (libbpf bpf_core_essential_name_len). */
export function essentialName(name: string): string {
  const at = name.lastIndexOf("___");
  return at > 0 && at + 3 < name.length ? name.slice(0, at) : name;
}

interface Draft { status: ApiExplanation["status"]; sentences: string[]; fixes: QuickFix[] }

export interface ExplainOptions {
  kind?: ApiLife["kind"];
  /** type of the program that calls it */
  progType?: ProgType;
  /** the kernel refused the call, so a type that may make it in general may not here (its attach type, being sleepable or not) */
  refused?: boolean;
}

/**
 * Explains why `name` does not resolve on a kernel, or, with a program type, why that type may not call it. The sentences
 * begin with the name where the first is about it. For a name no kernel of the database has, the nearest names are given.
 */
export function explainMissing(written: string, kernel: Kernel, db: ApiDb, options: ExplainOptions = {}): ApiExplanation {
  const name = findApi(db, written, options.kind) ? written : essentialName(written);
  const life = findApi(db, name, options.kind);
  const kind = life?.kind ?? options.kind ?? "kfunc";
  const base = (draft: Draft): ApiExplanation => ({
    name, kind, status: draft.status, since: life?.since ?? null, until: life?.until ?? null,
    replacement: kernel.policy?.removed.get(name)?.replacement ?? life?.replacement?.name ?? null,
    sentences: draft.sentences, fixes: draft.fixes,
  });

  const fate = kernel.policy?.removed.get(name);
  if (fate) return base(removedByPolicy(name, kernel, fate));
  if (kind === "kfunc" && kernel.btf === null && (life || options.kind)) {
    return base({
      status: "no BTF", fixes: [],
      sentences: [`${name}: kernel ${kernel.name} is built without BTF, so it has no kfuncs; a kfunc is found by its BTF id`],
    });
  }
  const lab = labState(name, life, kernel, options);
  if (lab) return base(lab);
  if (!life) return base(unknown(name, db));
  const here = kernel.manifest.kernel;
  const state = stateAt(db, life, here);
  if (state) return base(present(life, state, here, options));
  if (!isKnownAt(db, life, here)) return base(notKnown(life, here));
  if (compareSeries(here, life.since) < 0) return base(notYet(life, here, db));
  return base(gone(life, here, db));
}

/** A function that a custom kernel brought or changed: the database knows only the releases'. */
function labState(name: string, life: ApiLife | undefined, kernel: Kernel, { progType }: ExplainOptions): Draft | null {
  const { policy } = kernel;
  if (!policy) return null;
  const helper = life?.kind === "helper" ? kernel.helperByName(name) : undefined;
  if (helper && helper.id !== life!.id) {
    return { status: "removed by policy", fixes: [], sentences: [`${name}: its number is ${helper.id} in ${kernel.name}, ${life!.id} in the releases; a program has the number of the headers it was built with`] };
  }
  const kfunc = life?.kind === "helper" ? undefined : kernel.kfunc(name);
  if (!kfunc || !(policy.added.has(name) || policy.changed.has(name))) return null;
  if (progType === undefined || kfunc.progTypes.includes(progType)) return { status: "present", fixes: [], sentences: [`${name}: kernel ${kernel.name} has it`] };
  const types = kfunc.progTypes.length > 0 ? kfunc.progTypes.join(", ") : "none";
  return { status: "not allowed", fixes: [], sentences: [`${name}: kernel ${kernel.name} has it, but not for ${progType} programs; program types that may call it: ${types}`] };
}

function unknown(name: string, db: ApiDb): Draft {
  const near = nearestNames(name, db.apis.map((a) => a.name), 3);
  const hint = near.length > 0 ? `; nearest: ${near.join(", ")}` : "";
  return {
    status: "unknown", sentences: [`${name}: no kernel from ${db.kernels[0]?.kernel ?? "?"} to ${db.kernels.at(-1)?.kernel ?? "?"} has it${hint}`],
    fixes: near.slice(0, 1).map((to) => rename(name, to)),
  };
}

function present(life: ApiLife, state: ApiSpan, here: string, { progType, refused }: ExplainOptions): Draft {
  const where = state.module === null ? "" : ` in the module ${state.module}`;
  if (progType !== undefined && !state.programTypes.includes(progType)) {
    const types = state.programTypes.length > 0 ? state.programTypes.join(", ") : "none that is known";
    return { status: "not allowed", fixes: [], sentences: [`${life.name}: kernel ${here} has it${where}, but not for ${progType} programs; program types that may call it: ${types}`] };
  }
  if (refused && progType !== undefined) {
    return { status: "not allowed", fixes: [], sentences: [`${life.name}: kernel ${here} lets ${progType} programs call it${where}, but not every one: attach type and attach point decide`] };
  }
  return { status: "present", fixes: [], sentences: [`${life.name}: kernel ${here} has it${where}`] };
}

function removedByPolicy(name: string, kernel: Kernel, fate: { removedIn: string | null; replacement: string | null; reason: string | null }): Draft {
  const when = fate.removedIn === null ? `${kernel.name} is without it` : `deprecated, removed in ${fate.removedIn}; this kernel calls itself ${kernel.policy!.simulatedRelease}`;
  const sentences = [`${name}: ${when}${fate.reason === null ? "" : ` (${fate.reason})`}`];
  if (fate.replacement !== null) sentences.push(`use ${fate.replacement}`);
  return { status: "removed by policy", sentences, fixes: fate.replacement === null ? [] : [rename(name, fate.replacement)] };
}

function notKnown(life: ApiLife, here: string): Draft {
  const module = life.spans.find((s) => s.module !== null)!.module;
  return {
    status: "not known", fixes: guards(life),
    sentences: [`${life.name}: a kfunc of the module ${module}; the pack of ${here} was made from the kernel's image alone, so whether ${here} has it is not known`, ...guardSentence(life)],
  };
}

/** The option whose absence explains that a whole group is missing. */
function missingOption(name: string, here: string, db: ApiDb): string | undefined {
  const off = db.kernels.find((k) => k.kernel === here)?.off ?? [];
  return GROUP_OPTIONS.find((g) => name.startsWith(g.prefix) && off.includes(g.option) && compareSeries(here, g.since) >= 0)?.option;
}

function notYet(life: ApiLife, here: string, db: ApiDb): Draft {
  const number = life.kind === "helper" ? `helper ${life.name}#${life.id}` : life.name;
  const fixes = guards(life);
  const option = missingOption(life.name, here, db);
  if (option !== undefined) {
    return { status: "not built", fixes, sentences: [`${number}: ${here} is built without ${option}, which brings it; of the kernels here ${life.since} is the first with it`, ...guardSentence(life)] };
  }
  const impl = implForm(life, here, db);
  return {
    status: "later", fixes: [...(impl ? [impl.fix] : []), ...fixes],
    sentences: [`${number}: ${here} does not have it yet; of the kernels here ${life.since} is the first with it`, ...(impl ? [impl.sentence] : []), ...guardSentence(life)],
  };
}

function gone(life: ApiLife, here: string, db: ApiDb): Draft {
  const back = life.spans.find((s) => compareSeries(s.from, here) > 0);
  if (back) {
    return { status: "not built", fixes: guards(life), sentences: [`${life.name}: ${life.since} has it and ${back.from} again, ${here} as built here does not`, ...guardSentence(life)] };
  }
  const last = life.until ?? life.since;
  const absent = kernelAfter(db, last) ?? here;
  const sentences = [`${life.name}: in ${last}, gone in ${absent}`];
  const fixes: QuickFix[] = [];
  const { replacement } = life;
  if (replacement && findApi(db, replacement.name, life.kind) && stateAt(db, findApi(db, replacement.name, life.kind)!, here)) {
    const same = replacement.sameArguments ? "takes the same arguments"
      : replacement.how === "implicit argument" ? "takes the same arguments but the last, which the verifier fills itself"
      : "takes its place with other arguments";
    sentences.push(`${replacement.name} ${same} and exists from ${replacement.since} on${replacement.note === null ? "" : ` (${replacement.note})`}`);
    if (replacement.sameArguments) fixes.push(rename(life.name, replacement.name));
    else if (replacement.how === "implicit argument") fixes.push(withoutLast(life.name, replacement.name));
  } else if (replacement) {
    sentences.push(`${replacement.name} took its place, and ${here} has that no more either`);
  }
  fixes.push(...guards(life));
  sentences.push(...guardSentence(life));
  return { status: "removed", sentences, fixes };
}

function rename(from: string, to: string): QuickFix {
  return { kind: "rename", title: `Call ${to} instead of ${from}`, from, to };
}

function withoutLast(from: string, to: string): QuickFix {
  return { ...rename(from, to), title: `Call ${to} instead of ${from}, without the last argument`, lastArgument: "drop" } as QuickFix;
}

/** The same function under the name it has where the argument that the verifier fills is still written (KF_IMPLICIT_ARGS came with 7.0). */
function implForm(life: ApiLife, here: string, db: ApiDb): { sentence: string; fix: QuickFix } | null {
  const other = findApi(db, `${life.name}_impl`, "kfunc");
  if (life.kind !== "kfunc" || other?.replacement?.name !== life.name || other.replacement.how !== "implicit argument" || other.replacement.sameArguments) return null;
  if (!stateAt(db, other, here)) return null;
  return {
    sentence: `${here} has it as ${other.name}, with one more argument at the end that the verifier fills: pass NULL`,
    fix: { kind: "rename", title: `Call ${other.name} with NULL at the end`, from: life.name, to: other.name, lastArgument: "add" },
  };
}

/** One object for kernels with and without a kfunc: a weak declaration, which libbpf leaves 0 where the kernel lacks it. */
function guards(life: ApiLife): QuickFix[] {
  if (life.kind !== "kfunc") return [];
  const signature = life.spans.at(-1)!.signature;
  return [{
    kind: "guard", title: `Call ${life.name} only where the kernel has it`, name: life.name,
    declaration: `extern ${signature} __ksym __weak;`, condition: `bpf_ksym_exists(${life.name})`,
  }];
}

function guardSentence(life: ApiLife): string[] {
  if (life.kind === "kfunc") return ["a weak declaration and bpf_ksym_exists() let one object serve both"];
  return [`bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_${life.name.replace(/^bpf_/, "")}) tells at load time whether a kernel has it`];
}

/** The sentences as one line: "scx_bpf_dispatch: in 6.16, gone in 6.18; scx_bpf_dsq_insert takes …". */
export function explanationText(explanation: Pick<ApiExplanation, "sentences">): string {
  return explanation.sentences.join("; ");
}
