import { lazy, Suspense } from "preact/compat";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Taking } from "../../session/taking.ts";
import { stepProgress } from "../../workshop/progress.ts";
import type { Workshop, WorkshopStep } from "../../workshop/types.ts";
import { goTo, panel, PANELS, pane, runProgram, session, toast } from "../state.ts";
import { narrow } from "../prefs.ts";
import { openApi } from "../panels/api-explorer.tsx";
import { kernelOf } from "../../workshop/kernels.ts";
import { readLink } from "../../workshop/links.ts";
import { Icon } from "../widgets/icon.tsx";
import { Checks } from "./checks.tsx";
import { room } from "./door.ts";
import { Hints } from "./hints.tsx";
import { renderMarkdown } from "./markdown.ts";
import { WorkshopMenu } from "./menu.tsx";
import { surface } from "./surface.ts";

const SURFACES = {
  solution: lazy(() => import("./solution.tsx").then((m) => m.Solution)),
  "hand-in": lazy(() => import("./hand-in.tsx").then((m) => m.HandIn)),
  give: lazy(() => import("./giving.tsx").then((m) => m.Giving)),
  room: lazy(() => import("./room-screen.tsx").then((m) => m.RoomScreen)),
} as const;

/** The workshop beside the editor: where one is in it, the step's text and hints, and the checks as they stand. */
export function WorkshopPane() {
  const taking = room.value?.taking;
  if (!taking) return null;
  const Surface = surface.value === null ? null : SURFACES[surface.value];
  return (
    <section class="pane workshop" aria-label="Workshop">
      <header class="workshop-head">
        <div class="workshop-title"><Icon name="steps" size={15} /><h2 class="ellipsis" title={taking.workshop.title}>{taking.workshop.title}</h2><span class="grow" /><WorkshopMenu taking={taking} /></div>
        <StepRail taking={taking} />
      </header>
      <StepText taking={taking} />
      <Checks taking={taking} />
      {Surface && <Suspense fallback={null}><Surface taking={taking} /></Suspense>}
    </section>
  );
}

/** The steps in a row: what is passed, where one is, what is ahead. */
function StepRail({ taking }: { taking: Taking }) {
  const progress = taking.progress.value;
  const current = taking.step.value.id;
  const { steps } = taking.workshop;
  useEffect(() => {
    document.getElementById(`step-${current}`)?.scrollIntoView({ inline: "center", block: "nearest" });
  }, [current]);
  const passed = steps.filter((s) => stepProgress(progress, s.id).passed).length;
  return (
    <nav class="step-rail" aria-label={`Steps, ${passed} of ${steps.length} passed`}>
      <ol>
        {steps.map((s, i) => {
          const own = stepProgress(progress, s.id);
          return (
            <li key={s.id} data-passed={own.passed} data-tried={!own.passed && own.attempts > 0}>
              <button id={`step-${s.id}`} type="button" aria-current={s.id === current ? "step" : undefined} title={`${i + 1}. ${s.title}${own.passed ? " (passed)" : ""}`} aria-label={`Step ${i + 1}, ${s.title}${own.passed ? ", passed" : ""}`} onClick={() => taking.goTo(s.id)}>
                {own.passed ? <Icon name="check" size={11} /> : i + 1}
              </button>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

function StepText({ taking }: { taking: Taking }) {
  const { workshop } = taking;
  const step = taking.step.value;
  const box = useRef<HTMLDivElement>(null);
  const html = useMemo(() => renderMarkdown(step.text), [step]);
  const shown = useRef(step.id);
  useEffect(() => {
    const text = box.current;
    if (!text) return;
    text.scrollTop = 0;
    // Who goes on to the next step from within the workshop goes on reading there; who types is left alone.
    const focused = document.activeElement;
    if (shown.current !== step.id && (focused === null || focused === document.body || text.parentElement?.contains(focused))) text.focus({ preventScroll: true });
    shown.current = step.id;
  }, [step.id]);
  const click = (event: MouseEvent): void => {
    const link = (event.target as HTMLElement).closest<HTMLElement>("a[data-do]");
    if (!link) return;
    event.preventDefault();
    follow(taking, link.dataset["do"] ?? "");
  };
  // A link that acts is a button, and a button answers to the space bar.
  const key = (event: KeyboardEvent): void => {
    const link = (event.target as HTMLElement).closest<HTMLElement>("a[data-do]");
    if (event.key !== " " || !link) return;
    event.preventDefault();
    follow(taking, link.dataset["do"] ?? "");
  };
  const number = workshop.steps.indexOf(step) + 1;
  return (
    <div ref={box} class="workshop-text" tabIndex={-1} onClick={click} onKeyDown={key}>
      {number === 1 && <About workshop={workshop} taking={taking} />}
      <p class="kicker num">Step {number} of {workshop.steps.length}{step.minutes > 0 && ` · ${step.minutes} min`}{` · Linux ${step.kernel}`}{step.lab && ` + ${step.lab}`}</p>
      <h1>{step.title}</h1>
      {step.goal && <p class="goal"><strong>Goal</strong> <span>{step.goal}</span></p>}
      <div class="prose" dangerouslySetInnerHTML={{ __html: html }} />
      <Hints taking={taking} />
      <Onward taking={taking} step={step} />
      {number === workshop.steps.length && <Sources workshop={workshop} />}
    </div>
  );
}

/** What the workshop is about: open for who comes for the first time, folded afterwards. */
function About({ workshop, taking }: { workshop: Workshop; taking: Taking }) {
  const text = workshop.about || workshop.summary;
  const html = useMemo(() => renderMarkdown(text), [text]);
  const fresh = useMemo(() => Object.values(taking.progress.peek().steps).every((s) => !s.passed && s.attempts === 0), [taking]);
  if (text.trim() === "") return null;
  return (
    <details class="about" open={fresh}>
      <summary>About this {workshop.kind}{workshop.minutes > 0 && <span class="faint num"> · {workshop.minutes} min</span>}</summary>
      <div class="prose small" dangerouslySetInnerHTML={{ __html: html }} />
      {workshop.authors.length > 0 && <p class="faint">By {workshop.authors.join(", ")}{workshop.license && `; ${workshop.license}`}</p>}
    </details>
  );
}

function Sources({ workshop }: { workshop: Workshop }) {
  if (workshop.sources.length === 0) return null;
  return (
    <section class="sources">
      <h3 class="heading">Sources</h3>
      <ul>{workshop.sources.map((s, i) => <li key={i}>{s.title}{s.where && <span class="faint"> {s.where}</span>}</li>)}</ul>
    </section>
  );
}

/** The way on, at the end of the text. */
function Onward({ taking, step }: { taking: Taking; step: WorkshopStep }) {
  const next = taking.neighbour(1);
  const before = taking.neighbour(-1);
  const passed = taking.own.value.passed;
  const all = taking.workshop.steps.every((s) => stepProgress(taking.progress.value, s.id).passed);
  const on = (): void => {
    taking.markRead();
    if (next) taking.goTo(next.id);
  };
  return (
    <div class="onward">
      {before ? <button type="button" class="button" onClick={() => taking.goTo(before.id)}><Icon name="left" size={14} /> Back</button> : <span />}
      {next && <button type="button" class={`button ${passed || step.checks.length === 0 ? "run" : "outlined"}`} onClick={on}><span class="ellipsis">Next: {next.title}</span> <Icon name="right" size={14} /></button>}
      {!next && step.checks.length === 0 && !passed && <button type="button" class="button run" onClick={() => taking.markRead()}><Icon name="check" size={14} /> Done</button>}
      {!next && (passed || all) && (
        <div class="finished" role="status">
          <strong>{all ? "That was the last step." : "The last step is done; some before it are open."}</strong>
          <button type="button" class="button outlined" onClick={() => { surface.value = "hand-in"; }}>Results…</button>
          <button type="button" class="button outlined" onClick={() => void import("./enter.ts").then((inside) => inside.leave())}>Leave</button>
        </div>
      )}
    </div>
  );
}

/** Does what a link in the text, or in the presenter's notes, asks for. */
export function follow(taking: Taking, href: string): void {
  const link = readLink(href);
  if (!link) return;
  switch (link.kind) {
    case "web":
      return;
    case "kernel": {
      const named = kernelOf(taking.workshop, link.kernel);
      if (!named) return toast(`This workshop has no kernel ${link.kernel}.`, "bad");
      session.update({ kernel: named.release, overlay: named.overlay });
      break;
    }
    case "panel": {
      const known = PANELS.find((p) => p.id === link.panel);
      if (known) panel.value = known.id;
      break;
    }
    case "run":
      void runProgram();
      return;
    case "line":
      goTo({ file: session.project.value.activeFile, line: link.line }, false);
      if (narrow.value) pane.value = "editor";
      return;
    case "api":
      openApi(link.name);
      break;
    case "step":
      if (taking.workshop.steps.some((s) => s.id === link.step)) taking.goTo(link.step);
      else toast(`There is no step ${link.step}.`, "bad");
      return;
  }
  if (narrow.value) pane.value = "results";
}
