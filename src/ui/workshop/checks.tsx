import { signal } from "@preact/signals";
import type { Taking } from "../../session/taking.ts";
import type { CheckOutcome } from "../../workshop/types.ts";
import { session, toast } from "../state.ts";
import { Icon } from "../widgets/icon.tsx";
import { surface } from "./surface.ts";

/** Folded away by who wants the room for the text. */
const folded = signal(false);

/** What the step asks for, each with how it stands now. It follows the editor by itself. */
export function Checks({ taking }: { taking: Taking }) {
  const step = taking.step.value;
  const state = taking.checks.value;
  if (step.checks.length === 0 && Object.keys(step.solution).length === 0) return null;
  const fresh = state.kind === "checking" ? state.fresh.length : 0;
  const outcomes = state.kind === "done" ? state.outcomes : state.kind === "checking" ? [...state.fresh, ...(state.last ?? []).slice(fresh)] : null;
  const stale = state.kind === "checking" || (state.kind === "done" && state.stale);
  const passed = outcomes?.filter((o) => o.passed).length ?? 0;
  const all = step.checks.length > 0 && outcomes !== null && passed === step.checks.length;
  const next = taking.neighbour(1);
  // Of the starter nothing has failed yet: it is what is to be done.
  const untouched = taking.own.value.files === undefined;
  return (
    <section class="checks" data-all={all && !stale} aria-label="Checks">
      <div class="checks-head">
        <button type="button" class="checks-fold" aria-expanded={!folded.value} onClick={() => { folded.value = !folded.value; }}>
          <Icon name={folded.value ? "right" : "down"} size={12} />
          <strong>{all && !stale ? "Passed" : "Checks"}</strong>
          {step.checks.length > 0 && <span class={`num ${all ? "ok" : "muted"}`}>{outcomes && outcomes.length > 0 ? passed : "–"}/{step.checks.length}</span>}
          {state.kind === "checking" && <span class="spinner" aria-hidden="true" />}
        </button>
        <span class="grow" />
        <button type="button" class="button small" onClick={() => { surface.value = "solution"; }} disabled={Object.keys(step.solution).length === 0}><Icon name="diff" size={13} /> Solution</button>
        <button type="button" class="button small" disabled={taking.own.value.files === undefined} title="Back to the step's starter; other steps stay as they are" onClick={() => {
          const undo = taking.reset();
          toast("This step is back at its starter.", "info", { label: "Undo", run: undo });
        }}><Icon name="undo" size={13} /> Reset</button>
      </div>
      {!folded.value && step.checks.length > 0 && (
        <ul class="check-list" data-stale={stale} aria-live="polite" aria-busy={state.kind === "checking"}>
          {step.checks.map((check, i) => <Row key={`${step.id}-${i}`} title={check.title} outcome={outcomes?.[i] ?? null} before={outcomes?.[i - 1] ?? null} stale={stale && i >= fresh} untouched={untouched} />)}
        </ul>
      )}
      {state.kind === "none" && step.checks.length > 0 && <Waiting />}
      {all && !stale && next && <button type="button" class="button run next" onClick={() => taking.goTo(next.id)}>Next: <span class="ellipsis">{next.title}</span> <Icon name="right" size={14} /></button>}
    </section>
  );
}

function Row({ title, outcome, before, stale, untouched }: { title: string; outcome: CheckOutcome | null; before: CheckOutcome | null; stale: boolean; untouched: boolean }) {
  // One refusal fails every check that would have run the program: it is told once.
  const detail = outcome?.detail !== "" && outcome?.detail === before?.detail ? "as above" : outcome?.detail;
  const state = outcome === null ? "open" : outcome.passed ? "passed" : "failed";
  return (
    <li class="check" data-state={state} data-stale={stale} data-untouched={untouched}>
      <span class="check-mark">{state === "open" || (state === "failed" && untouched) ? <i /> : <Icon name={state === "passed" ? "check" : "cross"} size={13} />}<span class="sr">{{ open: "not checked yet", passed: "passed", failed: untouched ? "to do" : "not passed" }[state]}: </span></span>
      <span class="check-text">{title}{outcome && !outcome.passed && detail && <span class="check-detail">{detail}</span>}</span>
    </li>
  );
}

/** Why there is nothing to see yet: on a first visit clang is still on its way, and there is a text to read meanwhile. */
function Waiting() {
  const compile = session.compile.value;
  const download = session.download.value;
  if (compile.kind === "broken") return <p class="checks-note no">There is no compiler: {compile.message}</p>;
  if (download) {
    const mb = (n: number): string => (n / 1e6).toFixed(1);
    return <p class="checks-note muted num">clang is on its way{download.total > 0 ? `, ${mb(download.received)} of ${mb(download.total)} MB` : ""}; the checks follow by themselves.</p>;
  }
  if (!session.autoCompile.value && session.object.value === null) return <p class="checks-note muted">Compiling while typing is off: press Run.</p>;
  return <p class="checks-note muted">Checked as soon as it is compiled.</p>;
}
