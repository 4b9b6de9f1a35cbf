import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { compareSides, type Pair, type Side } from "../../session/lab/side-by-side.ts";
import { panel, session } from "../state.ts";
import { Icon } from "../widgets/icon.tsx";
import { inForce, labClient, overlayName, openLab } from "./lab-state.ts";

type State = { kind: "none" } | { kind: "asking" } | { kind: "failed"; message: string } | { kind: "done"; pairs: readonly Pair[]; key: string };
const state = signal<State>({ kind: "none" });
let seq = 0;

/** Everything that the comparison is about: another of it asks again. */
const keyOf = (): string => {
  const { kernel, overlay, input, maps } = session.project.value;
  return JSON.stringify([session.object.value?.id, kernel, overlay, input, maps]);
};

/** BPF_PROG_TEST_RUN takes no data for these; the project's packet is for the other programs of the object. */
const WITHOUT_DATA = new Set(["syscall", "raw_tracepoint", "tracing", "lsm", "struct_ops"]);

async function ask(): Promise<void> {
  const object = session.object.value;
  const programs = session.summary.value?.programs ?? [];
  const { kernel, overlay } = session.project.value;
  if (!object || overlay === null || programs.length === 0) return;
  const own = ++seq;
  const key = keyOf();
  state.value = { kind: "asking" };
  const pairs: Pair[] = [];
  for (const { name, type } of programs) {
    const input = session.runInput(name);
    if (!input.ok) {
      state.value = { kind: "failed", message: input.error };
      return;
    }
    const pair = await labClient().about(object, (api) => compareSides(api, object.id, { ...input.value, ...(type !== null && WITHOUT_DATA.has(type) ? { dataIn: null } : {}) }, overlay, { upstream: kernel, custom: `${kernel}+${overlayName(overlay)}` }));
    if (own !== seq) return;
    if (pair === "gone") {
      state.value = { kind: "failed", message: "the kernel worker stopped" };
      return;
    }
    pairs.push(pair);
  }
  state.value = { kind: "done", pairs, key };
}

/** The same object on the release as it is and on the custom kernel. */
export function ComparePage() {
  const key = keyOf();
  useEffect(() => {
    if (session.object.value && inForce.value) void ask();
  }, [key]);
  if (!inForce.value) return <div class="empty"><strong>Nothing to compare yet</strong><p>Put a custom kernel in force: then the same object is judged and run on it and on Linux {session.project.value.kernel} as it is.</p><button type="button" class="button outlined" onClick={() => openLab("kernel")}>Custom kernel</button></div>;
  if (!session.object.value) return <div class="empty"><strong>No object</strong><p>It appears when the program compiles.</p></div>;
  const s = state.value;
  return (
    <div class="scroll pad lab">
      <div class="row spread"><h2 class="lab-title">Side by side</h2><button type="button" class="button small" onClick={() => void ask()}><Icon name="refresh" size={12} /> Again</button></div>
      {s.kind === "failed" && <p class="no">{s.message}</p>}
      {(s.kind === "asking" || s.kind === "none") && <p class="faint" role="status">Judging and running on both…</p>}
      {s.kind === "done" && s.pairs.map((pair) => (
        <section key={pair.program} class="lab-pair">
          <h3 class="heading"><code>{pair.program}</code></h3>
          {pair.differences.length > 0 ? <ul class="lab-diffs">{pair.differences.map((d) => <li key={d}>{d}</li>)}</ul> : <p class="muted">No difference.</p>}
          <div class="lab-sides"><SideCard side={pair.upstream} program={null} /><SideCard side={pair.custom} program={pair.program} /></div>
          {(pair.custom.verdict.lab?.undetectable.length ?? 0) > 0 && <p class="warn lab-undetectable"><Icon name="alert" size={13} /> Only the run shows it.</p>}
        </section>
      ))}
    </div>
  );
}

/** A number that means nothing names itself: "32 (unknown action)". */
const returned = (value: number, action: string | undefined): string => (action === undefined || action === "" ? String(value) : action.startsWith(String(value)) ? action : `${value} ${action}`);

/** `program`: that of the verdict the page shows elsewhere too, null for the other side. */
function SideCard({ side, program }: { side: Side; program: string | null }) {
  const { verdict, run } = side;
  const warned = verdict.lab?.warned === true && verdict.verdict === "accepted";
  const state = warned ? "warned" : verdict.verdict;
  return (
    <article class="lab-side" data-verdict={state}>
      <header class="row"><strong class="num">Linux {side.title}</strong><span class="grow" /><span class={`tag ${state === "accepted" ? "ok" : state === "rejected" ? "no" : state === "warned" ? "warn" : "un"}`}>{warned ? "accepted, warned" : verdict.verdict}</span></header>
      {verdict.message && <pre class="quote">{verdict.message}</pre>}
      {verdict.api && <p class="muted">{verdict.api.sentences[0]}</p>}
      {(verdict.lab?.uses ?? []).map((u) => <p key={u.path + u.name} class={u.what === "deprecated" || u.what === "behaves" ? "warn" : "muted"}>{u.text}{u.sites.length > 0 && u.sites[0]!.source && <span class="faint"> (line {[...new Set(u.sites.flatMap((x) => x.source?.line ?? []))].join(", ")})</span>}</p>)}
      {run ? (
        <dl class="lab-run"><div><dt>returns</dt><dd class="num">{run.outcome === "exited" ? returned(run.retval, run.action) : `${run.outcome}${run.message ? `: ${run.message}` : ""}`}</dd></div>
          <div><dt>instructions</dt><dd class="num">{run.insnsExecuted}</dd></div>
          {run.trace.length > 0 && <div><dt>trace</dt><dd><pre>{run.trace.slice(0, 6).map((line) => line.replace(/^.*?bpf_trace_printk: /, "")).join("\n")}</pre></dd></div>}</dl>
      ) : <p class="faint">Not run: {side.notRun}.</p>}
      {verdict.verdict === "rejected" && program !== null && <button type="button" class="link" onClick={() => { session.update({ program }); panel.value = "verdict"; }}>Why</button>}
    </article>
  );
}
