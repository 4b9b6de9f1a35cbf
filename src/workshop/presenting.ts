import { isRecord } from "./reader.ts";
import { kernelOf } from "./kernels.ts";
import type { Workshop } from "./types.ts";

/** What the page in front of the room and the presenter's window tell each other. Both are ours; what arrives is read as if it were not. */

/** A stop watch: `since` is a time in milliseconds while it runs, null while it rests; `before` is what it had counted until then. */
export interface StopWatch { since: number | null; before: number }

export const stopped: StopWatch = { since: null, before: 0 };
export const started = (now: number): StopWatch => ({ since: now, before: 0 });
export const elapsed = (watch: StopWatch, now: number): number => watch.before + (watch.since === null ? 0 : Math.max(0, now - watch.since));
export const toggled = (watch: StopWatch, now: number): StopWatch => (watch.since === null ? { ...watch, since: now } : { since: null, before: elapsed(watch, now) });

/** "4:05", "1:02:07". */
export function clockText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${h > 0 ? `${h}:${String(m).padStart(2, "0")}` : m}:${String(s).padStart(2, "0")}`;
}

export interface PresenterState {
  kind: "state";
  workshop: string;
  steps: readonly { id: string; title: string; minutes: number }[];
  current: string;
  /** Markdown */
  notes: string;
  goal: string;
  hints: readonly string[];
  kernel: string;
  passed: boolean;
  step: StopWatch;
  total: StopWatch;
  large: boolean;
  /** the room's link is on the screen */
  link: boolean;
}

export type PresenterCommand =
  | { kind: "hello" }
  | { kind: "go"; step: string }
  /** a link of the notes that acts on the page (see links.ts) */
  | { kind: "follow"; href: string }
  | { kind: "large"; on: boolean }
  | { kind: "link"; on: boolean }
  | { kind: "watch"; which: "step" | "total"; what: "toggle" | "restart" };

export function readCommand(value: unknown): PresenterCommand | null {
  if (!isRecord(value)) return null;
  switch (value["kind"]) {
    case "hello":
      return { kind: "hello" };
    case "go":
      return typeof value["step"] === "string" ? { kind: "go", step: value["step"] } : null;
    case "follow":
      return typeof value["href"] === "string" ? { kind: "follow", href: value["href"] } : null;
    case "large":
    case "link":
      return typeof value["on"] === "boolean" ? { kind: value["kind"], on: value["on"] } : null;
    case "watch": {
      const { which, what } = value;
      return (which === "step" || which === "total") && (what === "toggle" || what === "restart") ? { kind: "watch", which, what } : null;
    }
    default:
      return null;
  }
}

export function readState(value: unknown): PresenterState | null {
  if (!isRecord(value) || value["kind"] !== "state" || !Array.isArray(value["steps"])) return null;
  const text = (key: string): string => (typeof value[key] === "string" ? value[key] : "");
  const watch = (key: string): StopWatch => {
    const w = value[key];
    return isRecord(w) && typeof w["before"] === "number" && (w["since"] === null || typeof w["since"] === "number") ? { since: w["since"], before: w["before"] } : stopped;
  };
  const list: unknown[] = value["steps"];
  const hints: unknown[] = Array.isArray(value["hints"]) ? value["hints"] : [];
  return {
    kind: "state", workshop: text("workshop"), current: text("current"), notes: text("notes"), goal: text("goal"), kernel: text("kernel"),
    steps: list.filter(isRecord).map((s) => ({ id: String(s["id"]), title: String(s["title"]), minutes: Number(s["minutes"]) || 0 })),
    hints: hints.filter((h): h is string => typeof h === "string"),
    passed: value["passed"] === true, step: watch("step"), total: watch("total"), large: value["large"] === true, link: value["link"] === true,
  };
}

/**
 * Every release that a workshop needs, oldest first: those its steps and checks name, and of `there` (what the page has) those that
 * its custom kernels mention, for an overlay may take a function from another release.
 */
export function releasesOf(workshop: Workshop, there: readonly string[]): string[] {
  const named = new Set<string>();
  const add = (name: string): void => {
    const known = kernelOf(workshop, name);
    if (known) named.add(known.release);
  };
  for (const step of workshop.steps) {
    add(step.kernel);
    step.kernels.forEach(add);
    for (const check of step.checks) check.kernels.forEach(add);
  }
  for (const lab of Object.values(workshop.labs)) {
    for (const [, release = ""] of lab.matchAll(/"(\d{1,3}\.\d{1,3})"/g)) if (there.includes(release)) named.add(release);
  }
  return [...named].sort(byAge);
}

/** Order of releases by their numbers: 5.10 before 6.1. */
export function byAge(a: string, b: string): number {
  const [x, y] = [a, b].map((name) => name.split(".").map(Number));
  return (x?.[0] ?? 0) - (y?.[0] ?? 0) || (x?.[1] ?? 0) - (y?.[1] ?? 0);
}
