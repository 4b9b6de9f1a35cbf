import { computed, effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { boundsText, outcomeText, stateRows } from "../../session/state-rows.ts";
import type { InsnStates, InsnVisit, RegView } from "../../verifier/types.ts";
import { selectInsn, session, sourceOfInsn } from "../state.ts";
import { Icon } from "../widgets/icon.tsx";

/** Visits fetched at once; stepping further asks for the next ones. */
const WINDOW = 20;

/** Which visit is on show, from 1; null: the refusal's, else the first. */
const picked = signal<number | null>(null);
/** The side of a branch whose state after is on show. */
const side = signal<"here" | "aside">("here");
const fetched = signal<{ key: string; answer: InsnStates | string } | null>(null);

export const visitCount = (insn: number): number => session.verdict.value?.verify?.visits[insn] ?? 0;

const subject = computed(() => {
  const insn = session.project.value.selectedInsn;
  const verdict = session.verdict.value;
  const total = insn === null ? 0 : visitCount(insn);
  if (insn === null || !verdict || total === 0) return null;
  const refusedHere = verdict.verdict === "rejected" && verdict.insn === insn;
  const visit = Math.min(picked.value ?? (refusedHere ? total : 1), total);
  const from = Math.floor((visit - 1) / WINDOW) * WINDOW + 1;
  return { insn, total, visit, from, verdict };
});
let asked: unknown[] = [];
effect(() => {
  const s = subject.value;
  const now = s ? [s.verdict, s.insn, s.from] : [];
  if (now.length === asked.length && now.every((v, i) => v === asked[i])) return;
  const anew = now[0] !== asked[0] || now[1] !== asked[1];
  asked = now;
  if (anew) {
    picked.value = null;
    side.value = "here";
  }
});

/** Fetches what the panel shows; only called while it is on show. */
async function fetchStates(key: string, insn: number, from: number): Promise<void> {
  const answer = await session.states({ insn, from, max: WINDOW });
  if (answer === null) return;
  fetched.value = { key, answer: answer.ok ? answer.value : answer.error.message };
}
let verdictNumber = 0;
const numbers = new WeakMap<object, number>();
function keyOf(verdict: object, insn: number, from: number): string {
  if (!numbers.has(verdict)) numbers.set(verdict, ++verdictNumber);
  return `${numbers.get(verdict)} ${insn} ${from}`;
}

/** Registers and stack before and after the selected instruction, as the verifier saw them, visit by visit. */
export function StatesView() {
  const s = subject.value;
  const key = s ? keyOf(s.verdict, s.insn, s.from) : null;
  useEffect(() => {
    if (s && key && fetched.peek()?.key !== key) void fetchStates(key, s.insn, s.from);
  }, [key]);
  const { selectedInsn } = session.project.value;
  if (selectedInsn === null) return <div class="empty small"><p>Pick an instruction, or step with <kbd>j</kbd> and <kbd>k</kbd>: what the verifier knew before and after it stands here.</p></div>;
  if (!s) return <div class="empty small"><p>{session.verdict.value?.verify ? "The verifier never came here: this instruction cannot be reached." : "The verifier was not reached."}</p></div>;
  const answer = fetched.value?.key === key ? fetched.value.answer : null;
  const visit = typeof answer === "object" ? answer?.visits.find((v) => v.visit === s.visit) : undefined;
  return (
    <div class="inspector">
      <div class="panel-bar">
        <span class="nowrap"><span class="muted">Instruction </span><strong class="num">{s.insn}</strong></span>
        {visit && visit.before.frame > 0 && <span class="muted nowrap">in {visit.before.calls.join(" › ")}</span>}
        {visit && <Outcome visit={visit} />}
        <span class="grow" />
        {s.total > 1 && <Stepper visit={s.visit} total={s.total} path={visit?.path ?? null} />}
      </div>
      {visit ? <Table visit={visit} /> : <div class="empty small"><p>{typeof answer === "string" ? answer : answer ? "No state was kept of this visit." : "…"}</p></div>}
    </div>
  );
}

function Stepper({ visit, total, path }: { visit: number; total: number; path: number | null }) {
  const go = (to: number) => () => {
    picked.value = Math.max(1, Math.min(total, to));
    side.value = "here";
  };
  return (
    <span class="row nowrap stepper">
      <button type="button" class="button small icon" aria-label="First visit" disabled={visit === 1} onClick={go(1)}>«</button>
      <button type="button" class="button small icon" aria-label="Visit before" disabled={visit === 1} onClick={go(visit - 1)}><Icon name="left" size={14} /></button>
      <span class="num muted" aria-live="polite">visit {visit.toLocaleString("en")} of {total.toLocaleString("en")}{path !== null && path > 0 && `, path ${path.toLocaleString("en")}`}</span>
      <button type="button" class="button small icon" aria-label="Next visit" disabled={visit === total} onClick={go(visit + 1)}><Icon name="right" size={14} /></button>
      <button type="button" class="button small icon" aria-label="Last visit" disabled={visit === total} onClick={go(total)}>»</button>
    </span>
  );
}

function Outcome({ visit }: { visit: InsnVisit }) {
  const { to, equal } = visit;
  const tone = visit.outcome === "refused" ? "no" : visit.outcome === "pruned" ? "un" : "";
  const text = outcomeText(visit);
  if (equal && equal.visit > 0) return <button type="button" class="tag un" title="Show the visit that covers it" onClick={() => { picked.value = equal.visit; }}>{text}</button>;
  if (to !== undefined) return <button type="button" class="tag" onClick={() => selectInsn(to, sourceOfInsn.value.get(to))}>{text}</button>;
  return <span class={`tag ${tone}`}>{text}</span>;
}

function Table({ visit }: { visit: InsnVisit }) {
  const aside = visit.other !== undefined && side.value === "aside";
  const after = aside ? visit.other!.state : (visit.after ?? null);
  const rows = stateRows(visit.before, after);
  const held = after ?? visit.before;
  return (
    <div class="states-scroll" tabIndex={0} role="region" aria-label="Registers and stack">
      <table class="states">
        <thead>
          <tr>
            <th scope="col"><span class="sr">Register</span></th>
            <th scope="col">before</th>
            {after && (
              <th scope="col">
                after
                {visit.other && (
                  <span class="segments small" role="radiogroup" aria-label="Side of the branch">
                    {([["here", visit.to], ["aside", visit.other.to]] as const).map(([id, to]) => (
                      <label key={id} data-on={side.value === id} title={id === "here" ? "Explored at once" : `Put aside as path ${visit.other!.path} and explored later`}>
                        <input type="radio" class="sr" name="branch-side" checked={side.value === id} onChange={() => { side.value = id; }} /><span>to {to}{id === "aside" ? ", later" : ""}</span>
                      </label>
                    ))}
                  </span>
                )}
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((r) => (
            <tr key={r.name} data-change={r.change}>
              <th scope="row">{r.name}</th>
              <td data-when="before"><View view={r.before} /></td>
              {after && <td data-when="after">{r.change === "same" ? <span class="faint">same</span> : r.after ? <View view={r.after} /> : <span class="faint">no longer readable</span>}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      {held.held.length > 0 && <p class="muted held">Held: {held.held.join(", ")}</p>}
    </div>
  );
}

function View({ view }: { view: RegView | null }) {
  if (!view) return <span class="faint">not readable</span>;
  const bounds = boundsText(view);
  return <span title={[bounds, view.precise ? "precise: its exact value decided something" : null, view.id > 0 ? `id ${view.id}: shares what is known with others of this id` : null].filter((t) => t !== null).join("\n")}>{view.text}</span>;
}
