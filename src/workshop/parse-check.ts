import { FieldReader, isRecord } from "./reader.ts";
import type { Check, KernelName, StepInput, WorkshopProblem } from "./types.ts";

/** What a check takes from its step. */
export interface CheckSurroundings { kernels: readonly KernelName[]; labs: Readonly<Record<string, string>> }

type Shape = { [K in Check["kind"]]: Omit<Extract<Check, { kind: K }>, "title" | "program" | "kernels" | "kind"> };
type Fields = Pick<FieldReader, "text" | "optionalText" | "number" | "choice" | "texts">;
interface Kind<K extends Check["kind"]> {
  read(r: Fields, input: () => StepInput | null): Shape[K];
  /** the title where the author gives none */
  title(shape: Shape[K], kernels: readonly KernelName[]): string;
}

/** One entry a kind of check, in the order in which a table of names and values is looked at. */
const KINDS: { [K in Check["kind"]]: Kind<K> } = {
  verdict: {
    read: (r) => ({ verdict: r.choice("verdict", ["accepted", "rejected"], "accepted"), stage: r.optionalText("stage"), message: r.optionalText("message") }),
    title: (s, kernels) => `${kernels.join(", ")} ${s.verdict === "accepted" ? (kernels.length > 1 ? "take it" : "takes it") : kernels.length > 1 ? "refuse it" : "refuses it"}`,
  },
  warning: {
    read: (r) => ({ text: r.text("warning") === "none" ? null : r.text("warning") }),
    title: (s, kernels) => (s.text === null ? `${kernels.join(", ")}: no warning` : `${kernels.join(", ")}: a warning says "${s.text}"`),
  },
  log: { read: (r) => ({ text: r.text("log") }), title: (s, kernels) => `the log of ${kernels.join(", ")} says "${s.text}"` },
  returns: { read: (r, input) => ({ value: r.number("returns"), input: input() }), title: (s) => `it returns ${s.value}` },
  map: { read: (r, input) => ({ map: r.text("map"), key: r.text("key"), value: r.text("value"), input: input() }), title: (s) => `map ${s.map} holds the value` },
  packet_out: { read: (r, input) => ({ hex: r.text("packet_out"), input: input() }), title: () => "the packet comes out as asked" },
  trace: { read: (r, input) => ({ text: r.text("trace"), input: input() }), title: (s) => `it prints "${s.text}"` },
  insns_below: { read: (r) => ({ count: r.number("insns_below") }), title: (s, kernels) => `the verifier of ${kernels.join(", ")} needs fewer than ${s.count} instructions` },
  calls: { read: (r) => ({ api: r.text("calls") }), title: (s) => `it calls ${s.api}` },
  avoids: { read: (r) => ({ api: r.text("avoids") }), title: (s) => `it does not call ${s.api}` },
  compiles: {
    read: (r) => ({ without: r.choice("compiles", ["errors", "warnings"], "errors") }),
    title: (s) => (s.without === "errors" ? "it compiles" : "it compiles without a warning"),
  },
  answer: {
    read: (r) => ({ question: r.text("question"), accepted: r.texts("answer") }),
    title: (s) => `the question "${s.question}" is answered`,
  },
  script: { read: (r, input) => ({ expression: r.text("script"), input: input() }), title: (s) => s.expression },
};

export const CHECK_KINDS = Object.keys(KINDS) as readonly Check["kind"][];

/** One entry of a step's `checks`; null when it is none, with the problem noted. */
export function parseCheck(data: unknown, around: CheckSurroundings, file: string, path: string, problems: WorkshopProblem[]): Check | null {
  if (!isRecord(data)) {
    problems.push({ file, path, message: `a check is a table with one of ${CHECK_KINDS.join(", ")}` });
    return null;
  }
  const r = new FieldReader(data, file, path, problems);
  const kind = CHECK_KINDS.find((name) => Object.hasOwn(data, name));
  if (kind === undefined) {
    r.fail("", `names no known check: ${CHECK_KINDS.join(", ")}`);
    return null;
  }
  const check = build(kind, r, around, () => parseInput(r.raw("input"), file, `${path}.input`, problems));
  r.close();
  return check;
}

function build<K extends Check["kind"]>(kind: K, r: FieldReader, around: CheckSurroundings, input: () => StepInput | null): Check {
  const program = r.optionalText("program");
  const given = r.optionalText("title");
  const own = r.kernelNames("kernels", around.labs);
  const kernels = own.length > 0 ? own : around.kernels;
  const shape = KINDS[kind].read(r, input);
  return { kind, title: given ?? KINDS[kind].title(shape, kernels), program, kernels, ...shape } as unknown as Check;
}

/** `input` of a step or a check: {preset | data, ctx, repeat, maps}. */
export function parseInput(data: unknown, file: string, path: string, problems: WorkshopProblem[]): StepInput | null {
  if (data === undefined || data === null) return null;
  const r = new FieldReader(data, file, path, problems);
  const maps: Record<string, { key: string; value: string }[]> = {};
  const given = r.raw("maps");
  if (given !== undefined && !isRecord(given)) r.fail("maps", "expected a table of map names");
  for (const [name, entries] of Object.entries(isRecord(given) ? given : {})) {
    if (!Array.isArray(entries)) {
      r.fail(`maps.${name}`, "expected a list of key and value");
      continue;
    }
    maps[name] = entries.map((entry: unknown, i) => {
      const e = new FieldReader(entry, file, `${path}.maps.${name}[${i}]`, problems);
      const pair = { key: e.text("key"), value: e.text("value") };
      e.close();
      return pair;
    });
  }
  const input = { preset: r.optionalText("preset"), dataIn: r.optionalText("data"), ctxIn: r.optionalText("ctx"), repeat: r.positive("repeat", 1), maps };
  if (input.preset !== null && input.dataIn !== null) r.fail("data", "is given beside a preset; one of the two");
  r.close();
  return input;
}
