import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { clockText, elapsed, readState, type PresenterCommand, type PresenterState, type StopWatch } from "../../workshop/presenting.ts";
import { Icon, Logo } from "../widgets/icon.tsx";
import { renderMarkdown } from "../workshop/markdown.ts";

const PING_MS = 2000;
/** Without an answer for this long, the page in front of the room is gone. */
const LOST_MS = 6500;

/** The presenter's own window: notes and clocks, and the page in front of the room on a line. */
export function Presenter({ channel: name }: { channel: string }) {
  const [state, setState] = useState<PresenterState | null>(null);
  const [lost, setLost] = useState(false);
  const now = useNow();
  const channel = useRef<BroadcastChannel | null>(null);
  const send = (command: PresenterCommand): void => channel.current?.postMessage(command);
  useEffect(() => {
    const line = new BroadcastChannel(`bpf-playground-presenter-${name}`);
    channel.current = line;
    let heard = Date.now();
    line.onmessage = ({ data }) => {
      const next = readState(data);
      if (!next) return;
      heard = Date.now();
      setState(next);
      setLost(false);
    };
    send({ kind: "hello" });
    const ping = setInterval(() => {
      send({ kind: "hello" });
      if (Date.now() - heard > LOST_MS) setLost(true);
    }, PING_MS);
    return () => {
      clearInterval(ping);
      line.close();
    };
  }, [name]);
  const at = state?.steps.findIndex((s) => s.id === state.current) ?? -1;
  const go = (by: number): void => {
    const step = state?.steps[at + by];
    if (step) send({ kind: "go", step: step.id });
  };
  useEffect(() => {
    const key = (event: KeyboardEvent): void => {
      const by = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 }[event.key];
      if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      go(by);
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  });
  useEffect(() => {
    document.title = state ? `${state.steps[at]?.title ?? ""} · Presenter` : "Presenter · BPF Playground";
  }, [state, at]);
  if (!state) return <div class="empty"><Logo size={40} /><strong>{lost ? "No page answers" : "Waiting for the page…"}</strong><p>This window shows the notes of a workshop. Open it from there: “Give this workshop”, “Open the presenter's window”.</p></div>;
  const step = state.steps[at];
  const click = (event: MouseEvent): void => {
    const link = (event.target as HTMLElement).closest<HTMLElement>("a[data-do]");
    if (!link) return;
    event.preventDefault();
    send({ kind: "follow", href: link.dataset["do"] ?? "" });
  };
  const planned = state.steps.reduce((sum, s) => sum + s.minutes, 0);
  return (
    <div class="presenter">
      <header class="presenter-head">
        <Logo /><h1 class="ellipsis">{state.workshop}</h1><span class="grow" />
        {lost && <span class="tag no">the page does not answer</span>}
        <span class="num muted">{new Date(now).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}</span>
      </header>
      <section class="clocks">
        <Clock label="This step" which="step" watch={state.step} now={now} minutes={step?.minutes ?? 0} send={send} />
        <Clock label="Since the start" which="total" watch={state.total} now={now} minutes={planned} send={send} />
        <span class="grow" />
        <div class="presenter-buttons">
          <button type="button" class="button outlined" aria-pressed={state.large} onClick={() => send({ kind: "large", on: !state.large })}>Large type</button>
          <button type="button" class="button outlined" aria-pressed={state.link} onClick={() => send({ kind: "link", on: !state.link })}><Icon name="qr" size={15} /> Address on the screen</button>
        </div>
      </section>
      <main class="presenter-main">
        <section class="presenter-notes" onClick={click}>
          <p class="kicker num">Step {at + 1} of {state.steps.length} · Linux {state.kernel}{state.passed && <span class="ok"> · passed here</span>}</p>
          <h2>{step?.title}</h2>
          {state.goal && <p class="goal"><span>{state.goal}</span></p>}
          <Notes text={state.notes} />
          {state.hints.length > 0 && <details class="presenter-hints"><summary>{state.hints.length} {state.hints.length === 1 ? "hint" : "hints"} for the room</summary><ol class="prose">{state.hints.map((h, i) => <li key={i} dangerouslySetInnerHTML={{ __html: renderMarkdown(h) }} />)}</ol></details>}
        </section>
        <nav class="presenter-steps" aria-label="Steps">
          <ol>{state.steps.map((s, i) => (
            <li key={s.id}><button type="button" aria-current={s.id === state.current ? "step" : undefined} onClick={() => send({ kind: "go", step: s.id })}><span class="num">{i + 1}</span><span class="grow">{s.title}</span>{s.minutes > 0 && <span class="num faint">{s.minutes} min</span>}</button></li>
          ))}</ol>
        </nav>
      </main>
      <footer class="presenter-foot">
        <button type="button" class="button outlined" disabled={at <= 0} onClick={() => go(-1)}><Icon name="left" /> Back</button>
        <span class="grow" />
        <button type="button" class="button run" disabled={at >= state.steps.length - 1} onClick={() => go(1)}>{state.steps[at + 1] ? `Next: ${state.steps[at + 1]!.title}` : "The last step"} <Icon name="right" /></button>
      </footer>
    </div>
  );
}

function Notes({ text }: { text: string }) {
  const html = useMemo(() => renderMarkdown(text), [text]);
  return text.trim() === "" ? <p class="faint">This step has no notes.</p> : <div class="prose" dangerouslySetInnerHTML={{ __html: html }} />;
}

function Clock({ label, which, watch, now, minutes, send }: { label: string; which: "step" | "total"; watch: StopWatch; now: number; minutes: number; send: (command: PresenterCommand) => void }) {
  const ms = elapsed(watch, now);
  const over = minutes > 0 && ms > minutes * 60_000;
  return (
    <div class="clock" data-over={over}>
      <span class="label">{label}{minutes > 0 && <span class="faint num"> of {minutes} min</span>}</span>
      <span class="clock-time num" role="timer">{clockText(ms)}</span>
      <span class="clock-buttons">
        <button type="button" class="button small icon" aria-label={watch.since === null ? `Start: ${label}` : `Pause: ${label}`} onClick={() => send({ kind: "watch", which, what: "toggle" })}><Icon name={watch.since === null ? "play" : "pause"} size={13} /></button>
        <button type="button" class="button small icon" aria-label={`From zero: ${label}`} onClick={() => send({ kind: "watch", which, what: "restart" })}><Icon name="refresh" size={13} /></button>
      </span>
      {minutes > 0 && <span class="clock-bar"><i style={{ width: `${Math.min(100, ms / (minutes * 600))}%` }} /></span>}
    </div>
  );
}

function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return now;
}
