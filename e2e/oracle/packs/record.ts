/**
 * What a kernel answered, kept as data: which helper and kfunc each kind of program may call, which program and map
 * types there are. Taken from the verifier's messages alone, so that it can speak against a pack, whose helper table
 * comes from the prototype the verifier took and whose kfunc table names hooks read from memory.
 */
import { contextStruct } from "./context.ts";
import { accessTaken, helperUnanswered, kfuncAnswer, readType } from "./manifest.ts";
import type { KernelFacts } from "./probe.ts";

/** Answers of one kernel. Strings hold one letter an entry, in the order of the names beside them: y, n, or ? where the kernel refused before it looked. */
export interface AnswerRecord {
  readonly kernel: string;
  readonly release: string;
  /** kinds of program that were asked about: key → program type */
  readonly variants: Readonly<Record<string, string>>;
  readonly helpers: { readonly ids: readonly number[]; readonly answers: Answers };
  /** kfuncs as "name" or "module/name" */
  readonly kfuncs: { readonly names: readonly string[]; readonly answers: Answers };
  /**
   * Accesses of the context, in the order of contextAccesses(progType, lengths[key]): n refused, w a write that was taken,
   * else a read that was taken: the letter's place from A on names the register type in `types`.
   */
  readonly context: { readonly types: readonly string[]; readonly lengths: Readonly<Record<string, number>>; readonly answers: Answers };
  readonly progTypes: Readonly<Record<string, boolean>>;
  readonly mapTypes: Readonly<Record<string, boolean>>;
}

/** Many kinds of program get the same answers: each different string stands once, and `of` says which one a key has. */
export interface Answers {
  readonly rows: readonly string[];
  readonly of: Readonly<Record<string, number>>;
}

/** What check_helper_call says to a number it does not know, and to one this program may not call (5.10 to 7.3). */
export const helperRefused = /unknown func |invalid func |program of this type cannot use helper /;

function fold(rows: ReadonlyMap<string, string>): Answers {
  const distinct = [...new Set(rows.values())];
  return { rows: distinct, of: Object.fromEntries([...rows].map(([key, row]) => [key, distinct.indexOf(row)])) };
}

/** The row of a key; undefined when that kind of program was not asked about. */
export function row(answers: Answers, key: string): string | undefined {
  const at = answers.of[key];
  return at === undefined ? undefined : answers.rows[at];
}

function contextRecord(facts: KernelFacts): AnswerRecord["context"] {
  const types: string[] = [];
  const lengths: Record<string, number> = {};
  const rows = new Map<string, string>();
  for (const { variant, write, answer } of facts.contextAnswers) {
    lengths[variant.key] ??= contextStruct(facts.btf, variant.progType).size;
    let letter = "n";
    if (accessTaken.test(answer.log)) {
      const type = readType(answer.log) ?? "?";
      if (!write && !types.includes(type)) types.push(type);
      letter = write ? "w" : String.fromCharCode(65 + types.indexOf(type));
    }
    rows.set(variant.key, (rows.get(variant.key) ?? "") + letter);
  }
  if (types.length > 26) throw new Error("more register types than letters");
  return { types, lengths, answers: fold(rows) };
}

/** Everything of `facts` that a test checks packs against. */
export function makeRecord(kernel: string, release: string, facts: KernelFacts): AnswerRecord {
  const helperRows = new Map<string, string>();
  for (const [key, answers] of facts.helperAnswers) {
    const letter = (message: string) => (helperUnanswered.test(message) ? "?" : helperRefused.test(message) ? "n" : "y");
    helperRows.set(key, facts.helpers.map(({ id }) => letter(answers.get(id)?.message ?? "")).join(""));
  }
  const kfuncs = facts.live.flatMap(({ module, kfuncs: own }) => {
    const btf = module === null ? facts.btf : facts.modules.find((entry) => entry.name === module)?.btf;
    return [...new Set(own.map((entry) => entry.id))].sort((a, b) => a - b).map((id) => ({ key: `${module ?? ""}/${id}`, name: `${module === null ? "" : `${module}/`}${btf?.type(id)?.name ?? id}` }));
  });
  const kfuncRows = new Map<string, string>();
  for (const [key, answers] of facts.kfuncAnswers) {
    kfuncRows.set(key, kfuncs.map((kfunc) => kfuncAnswer(answers.get(kfunc.key) ?? "")).join(""));
  }
  return {
    kernel,
    release,
    variants: Object.fromEntries(facts.variants.map((variant) => [variant.key, variant.progType])),
    helpers: { ids: facts.helpers.map(({ id }) => id), answers: fold(helperRows) },
    kfuncs: { names: kfuncs.map(({ name }) => name), answers: fold(kfuncRows) },
    context: contextRecord(facts),
    progTypes: Object.fromEntries(facts.progTypeNames.map((name) => [name, facts.supported.has(name)])),
    mapTypes: Object.fromEntries(facts.mapTypeNames.map(({ id, name }) => [name, facts.mapTypes.has(id)])),
  };
}

/** As it is written: one line a row, so that a change shows. */
export function recordText(record: AnswerRecord): string {
  return `${JSON.stringify(record, null, 1)}\n`;
}
