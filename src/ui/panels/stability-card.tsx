import { useEffect, useState } from "preact/hooks";
import type { StabilityFactor, StabilityRecord } from "../../kernel/stability-types.ts";
import { askLab } from "../lab/lab-state.ts";
import { session } from "../state.ts";

const PULL: Readonly<Record<StabilityFactor["pull"], { text: string; tag: string }>> = {
  keep: { text: "stays", tag: "ok" }, change: { text: "may change", tag: "warn" }, neither: { text: "either way", tag: "" }, unknown: { text: "not known", tag: "un" },
};
const FACTOR: Readonly<Record<StabilityFactor["factor"], string>> = { use: "Use", age: "Age", alternative: "Alternatives", norm: "Norm", cost: "Cost" };
const KIND = { project: "project", tree: "kernel tree", tests: "selftests" } as const;

export type StabilityAnswer = { ok: true; value: StabilityRecord } | { ok: false; error: string } | null;

/** Asks for the record of an API on the chosen kernel with its overlay; null while it is under way. */
export function useStability(name: string): StabilityAnswer {
  const { kernel, overlay } = session.project.value;
  const [answer, setAnswer] = useState<StabilityAnswer>(null);
  useEffect(() => {
    let wanted = true;
    setAnswer(null);
    void askLab((api) => api.stability(name, kernel, overlay)).then((a) => { if (wanted) setAnswer(a === "gone" ? { ok: false, error: "the kernel worker stopped" } : a); });
    return () => { wanted = false; };
  }, [name, kernel, overlay]);
  return answer;
}

/** What decides whether it may change: a summary, the five things the kernel's documentation names, and who calls it. */
export function Stability({ answer }: { answer: StabilityAnswer }) {
  if (answer === null) return <p class="faint">…</p>;
  if (!answer.ok) return <p class="no">{answer.error}</p>;
  const { summary, factors, norm, users } = answer.value;
  return (
    <section class="stability" aria-label="Stability record">
      <h3 class="heading">May it change?</h3>
      <div class="stability-summary">{summary.map((s) => <p key={s}>{s}</p>)}</div>
      <dl class="stability-factors">{factors.map((f) => <div key={f.factor}><dt>{FACTOR[f.factor]}</dt><dd><span class={`tag ${PULL[f.pull].tag}`}>{PULL[f.pull].text}</span></dd><dd>{f.says}{f.factor === "norm" && <div class="faint">{norm.source}</div>}</dd></div>)}</dl>
      {users && users.rows.length > 0 && (
        <details><summary class="heading">Callers, of the files searched</summary>
          <table class="table stability-users"><tbody>{users.rows.map((r) => <tr key={r.name}><td class="num">{r.callers} of {r.files}</td><td>{r.name} <span class="faint">{r.version}</span> <span class="tag">{KIND[r.kind]}</span></td><td class="muted">{r.examples.join(", ")}{r.callers > r.examples.length && " …"}</td></tr>)}</tbody></table>
        </details>
      )}
    </section>
  );
}
