import { computed, effect, signal } from "@preact/signals";
import type { Taking } from "../../session/taking.ts";
import { elapsed, readCommand, started, stopped, toggled, type PresenterState, type StopWatch } from "../../workshop/presenting.ts";
import { roomLink } from "../../workshop/results.ts";
import { largeType } from "../prefs.ts";
import { toast } from "../state.ts";
import { room } from "./door.ts";
import { follow } from "./pane.tsx";
import { surface } from "./surface.ts";

/** Giving a workshop from this page: the room's address, the stop watches, and the line to the presenter's window. */

/** Where others reach this page. From localhost nobody does: the presenter puts the computer's address in. */
export const roomBase = signal(new URL("./", document.baseURI).href);
export const onlyHere = computed(() => /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?:[:/]|$)/.test(roomBase.value));
export function linkOf({ source }: Taking): ReturnType<typeof roomLink> {
  const here = new URL("./", document.baseURI).href;
  // A workshop that lies beside the page is reached in the room where the page is.
  return roomLink(roomBase.value, source.kind === "url" && source.url.startsWith(here) ? { kind: "url", url: `./${source.url.slice(here.length)}` } : source);
}

export const presenting = signal(false);
const stepWatch = signal<StopWatch>(stopped);
const totalWatch = signal<StopWatch>(stopped);
let stop: (() => void) | null = null;

/** Opens the presenter's window: notes, clocks and a way to move this page from it. */
export function openPresenter(taking: Taking): void {
  if (stop === null) start(taking);
  const opened = window.open(new URL(`presenter.html#${name}`, document.baseURI), `presenter-${name}`, "popup,width=1100,height=760");
  if (!opened) toast("The browser kept the second window from opening. Allow pop-ups for this page and try again.", "bad");
}

let name = "";

function start(taking: Taking): void {
  name = Math.random().toString(36).slice(2, 10);
  const channel = new BroadcastChannel(`bpf-playground-presenter-${name}`);
  presenting.value = true;
  if (totalWatch.value.since === null) totalWatch.value = started(Date.now());
  stepWatch.value = started(Date.now());
  const state = computed<PresenterState>(() => {
    const step = taking.step.value;
    return {
      kind: "state", workshop: taking.workshop.title, steps: taking.workshop.steps.map(({ id, title, minutes }) => ({ id, title, minutes })), current: step.id, notes: step.notes, goal: step.goal,
      hints: step.hints, kernel: step.kernel, passed: taking.own.value.passed, step: stepWatch.value, total: totalWatch.value, large: largeType.value, link: surface.value === "room",
    };
  });
  let shown = taking.step.peek().id;
  const undo = [
    effect(() => channel.postMessage(state.value)),
    effect(() => {
      // Each step has its own time; a watch that rests goes on resting.
      const { id } = taking.step.value;
      if (id === shown) return;
      shown = id;
      stepWatch.value = stepWatch.peek().since === null && elapsed(stepWatch.peek(), Date.now()) > 0 ? stopped : started(Date.now());
    }),
    effect(() => {
      if (room.value?.taking !== taking) queueMicrotask(() => stop?.());
    }),
  ];
  channel.onmessage = ({ data }) => {
    const command = readCommand(data);
    if (!command) return;
    if (command.kind === "hello") channel.postMessage(state.value);
    else if (command.kind === "go") taking.goTo(command.step);
    else if (command.kind === "follow") follow(taking, command.href);
    else if (command.kind === "large") largeType.value = command.on;
    else if (command.kind === "link") surface.value = command.on ? "room" : null;
    else {
      const watch = command.which === "step" ? stepWatch : totalWatch;
      watch.value = command.what === "restart" ? started(Date.now()) : toggled(watch.value, Date.now());
    }
  };
  stop = () => {
    for (const run of undo) run();
    channel.close();
    presenting.value = false;
    stop = null;
  };
}
