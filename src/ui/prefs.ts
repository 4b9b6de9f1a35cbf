import { effect, signal, type Signal } from "@preact/signals";
import type { Store } from "../session/documents.ts";

/** localStorage where it may be used; a store that forgets where it may not (private windows, sandboxed frames). */
export function browserStore(): Store {
  let storage: Storage | null = null;
  try {
    storage = window.localStorage;
    const probe = "bpf-playground/probe";
    storage.setItem(probe, "1");
    storage.removeItem(probe);
  } catch {
    storage = null;
  }
  const memory = new Map<string, string>();
  return {
    get: (key) => (storage ? storage.getItem(key) : (memory.get(key) ?? null)),
    set: (key, value) => {
      try {
        if (storage) storage.setItem(key, value);
        else memory.set(key, value);
        return true;
      } catch {
        return false;
      }
    },
    remove: (key) => (storage ? storage.removeItem(key) : void memory.delete(key)),
    keys: () => (storage ? Object.keys(storage) : [...memory.keys()]),
  };
}

export const store = browserStore();

/** A signal whose value is kept in this browser. A stored value that `valid` refuses is forgotten. */
export function kept<T extends string | number | boolean>(name: string, initial: T, valid: (value: unknown) => boolean = (v) => typeof v === typeof initial): Signal<T> {
  const key = `bpf-playground/pref/${name}`;
  let start = initial;
  try {
    const value: unknown = JSON.parse(store.get(key) ?? "null");
    if (value !== null && valid(value)) start = value as T;
  } catch {
    // a damaged preference is no preference
  }
  const result = signal<T>(start);
  let first = true;
  effect(() => {
    const value = result.value;
    if (first) first = false;
    else store.set(key, JSON.stringify(value));
  });
  return result;
}

export type ThemeChoice = "system" | "light" | "dark";
export const themeChoice = kept<ThemeChoice>("theme", "system", (v) => v === "system" || v === "light" || v === "dark");
const systemDark = signal(matchMedia("(prefers-color-scheme: dark)").matches);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => {
  systemDark.value = event.matches;
});
/** The theme in force. */
export const theme = signal<"light" | "dark">("light");
effect(() => {
  theme.value = themeChoice.value === "system" ? (systemDark.value ? "dark" : "light") : themeChoice.value;
  document.documentElement.dataset["theme"] = theme.value;
});

/** One pane at a time below this width. */
const narrowQuery = matchMedia("(max-width: 820px)");
export const narrow = signal(narrowQuery.matches);
narrowQuery.addEventListener("change", (event) => {
  narrow.value = event.matches;
});

const clampShare = (v: unknown): boolean => typeof v === "number" && v >= 0.15 && v <= 0.85;
export const editorShare = kept<number>("editor-share", 0.48, clampShare);
export const problemsShare = kept<number>("problems-share", 0.8, clampShare);
export const inspectorShare = kept<number>("inspector-share", 0.68, clampShare);
export const workshopShare = kept<number>("workshop-share", 0.3, clampShare);
/** Type that the last row of a room can read. */
export const largeType = signal(false);
export const autoCompile = kept<boolean>("auto-compile", true);
/** Beside the editor's lines: what each cost the verifier. */
export const heatShown = kept<boolean>("heat", true);
export const vimKeys = kept<boolean>("vim", false);
export const wrapLog = kept<boolean>("wrap-log", false);
