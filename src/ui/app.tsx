import { lazy, Suspense } from "preact/compat";
import { useEffect, useRef } from "preact/hooks";
import { openFiles } from "./actions.ts";
import { EditorPane } from "./editor/editor-pane.tsx";
import { EmbedHeader, Header } from "./header.tsx";
import { KernelRail } from "./kernel-rail.tsx";
import { LabPanel } from "./lab/panel.tsx";
import { ApiPanel } from "./panels/api-explorer.tsx";
import { CallsPanel } from "./panels/calls.tsx";
import { InputPanel } from "./panels/input.tsx";
import { InsnsPanel } from "./panels/insns.tsx";
import { LogPanel } from "./panels/log.tsx";
import { MatrixPanel } from "./panels/matrix.tsx";
import { OutputPanel } from "./panels/output.tsx";
import { WhyPanel } from "./panels/why.tsx";
import { editorShare, narrow, workshopShare } from "./prefs.ts";
import { dismissToast, embedded, pane, panel, PANELS, runProgram, saveNow, session, toast, toasts, type Panel } from "./state.ts";
import { StatusBar } from "./status-bar.tsx";
import { VerdictHead } from "./verdict-head.tsx";
import { Icon } from "./widgets/icon.tsx";
import { Split } from "./widgets/split.tsx";
import { arriving, libraryOpen, room, takeDrop } from "./workshop/door.ts";

const Library = lazy(() => import("./workshop/library.tsx").then((m) => m.Library));

export function App() {
  useEffect(() => {
    const key = (event: KeyboardEvent): void => {
      const command = event.metaKey || event.ctrlKey;
      if (command && event.key.toLowerCase() === "s" && !event.defaultPrevented) {
        event.preventDefault();
        saveNow();
        toast("Saved in this browser.");
      } else if (command && event.key === "Enter" && !event.defaultPrevented) {
        event.preventDefault();
        void runProgram();
      }
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    if (!takeDrop(event.dataTransfer)) void openFiles([...(event.dataTransfer?.files ?? [])]);
  };
  const Workshop = room.value?.Pane;
  return (
    <div class={`app ${narrow.value ? "narrow" : ""} ${embedded ? "embedded" : ""}`} onDragOver={(e) => e.preventDefault()} onDrop={drop}>
      {embedded ? <EmbedHeader /> : <Header />}
      {narrow.value ? <Narrow /> : (
        <main class="body">
          <Split share={workshopShare} direction="row" label="Size of the workshop's text" first={Workshop ? <Workshop /> : null}
            second={<Split share={editorShare} direction="row" label="Size of the editor" first={<EditorPane />} second={<Results />} />} />
        </main>
      )}
      <StatusBar />
      {libraryOpen.value && <Suspense fallback={null}><Library /></Suspense>}
      {arriving.value && <div class="arriving" role="status"><span class="spinner" /> {arriving.value}</div>}
      <Toasts />
    </div>
  );
}

/** One pane at a time; all stay in the document so that none loses its place. */
function Narrow() {
  const errors = session.build.value?.diagnostics.filter((d) => d.severity === "error").length ?? 0;
  const Workshop = room.value?.Pane;
  return (
    <>
      <main class="body">
        {Workshop && <div class="narrow-pane" hidden={pane.value !== "text"}><Workshop /></div>}
        <div class="narrow-pane" hidden={pane.value !== "editor"}><EditorPane /></div>
        <div class="narrow-pane" hidden={pane.value !== "results"}><Results /></div>
      </main>
      <nav class={`pane-switch ${Workshop ? "three" : ""}`} aria-label="Panes">
        {Workshop && <button type="button" aria-current={pane.value === "text"} onClick={() => { pane.value = "text"; }}><Icon name="steps" /> Text<ChecksCount /></button>}
        <button type="button" aria-current={pane.value === "editor"} onClick={() => { pane.value = "editor"; }}><Icon name="pencil" /> Source{errors > 0 && <span class="tag no">{errors}</span>}</button>
        <button type="button" aria-current={pane.value === "results"} onClick={() => { pane.value = "results"; }}><VerdictDot /> Verdict</button>
      </nav>
    </>
  );
}

/** How many of the step's checks pass, for who is in another pane. */
function ChecksCount() {
  const checks = room.value?.taking.checks.value;
  if (checks?.kind !== "done" || checks.stale) return null;
  const passed = checks.outcomes.filter((o) => o.passed).length;
  return <span class={`tag num ${passed === checks.outcomes.length ? "ok" : ""}`}>{passed}/{checks.outcomes.length}</span>;
}

function VerdictDot() {
  const check = session.check.value;
  const verdict = check.kind === "done" ? check.verdict.verdict : "";
  return <span class={`dot ${verdict}`} />;
}

const VIEWS: Readonly<Record<Panel, () => preact.JSX.Element>> = {
  verdict: WhyPanel, log: LogPanel, insns: InsnsPanel, calls: CallsPanel, output: OutputPanel, input: InputPanel, matrix: MatrixPanel, api: ApiPanel, lab: LabPanel,
};

function Results() {
  const View = VIEWS[panel.value];
  useEffect(() => {
    document.getElementById(`tab-${panel.value}`)?.scrollIntoView({ inline: "nearest", block: "nearest" });
  }, [panel.value]);
  const key = (event: KeyboardEvent): void => {
    const at = PANELS.findIndex((p) => p.id === panel.value);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    const next = to === undefined ? undefined : PANELS.at(to % PANELS.length);
    if (!next) return;
    panel.value = next.id;
    requestAnimationFrame(() => document.getElementById(`tab-${next.id}`)?.focus());
    event.preventDefault();
  };
  return (
    <section class="pane results" aria-label="Verdict and results">
      <KernelRail />
      <VerdictHead />
      <div class="tabs" role="tablist" aria-label="Results" onKeyDown={key}>
        {PANELS.map((p) => (
          <button key={p.id} id={`tab-${p.id}`} type="button" role="tab" aria-selected={panel.value === p.id} aria-controls="panel" tabIndex={panel.value === p.id ? 0 : -1} onClick={() => { panel.value = p.id; }}>{p.title}</button>
        ))}
      </div>
      <div id="panel" class="panel" role="tabpanel" aria-labelledby={`tab-${panel.value}`}><View /></div>
    </section>
  );
}

function Toasts() {
  const box = useRef<HTMLDivElement>(null);
  const count = toasts.value.length;
  useEffect(() => {
    // Shown again, it lies above whatever was opened since.
    if (box.current?.matches(":popover-open")) box.current.hidePopover();
    if (count > 0) box.current?.showPopover?.();
  }, [count]);
  return (
    <div ref={box} class="toasts" role="status" aria-live="polite" popover="manual">
      {toasts.value.map((t) => (
        <div key={t.id} class={`toast ${t.kind}`}>
          <span class="grow">{t.text}</span>
          {t.action && <button type="button" class="button small outlined" onClick={() => { t.action!.run(); dismissToast(t.id); }}>{t.action.label}</button>}
          <button type="button" class="button small icon" aria-label="Dismiss" onClick={() => dismissToast(t.id)}><Icon name="cross" size={12} /></button>
        </div>
      ))}
    </div>
  );
}
