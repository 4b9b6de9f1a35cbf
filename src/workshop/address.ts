/**
 * Which workshop and step an address of the page asks for: `#w=ID` or `#workshop=ID` a workshop of the page's own, `#w=ID/STEP` a
 * step of it (by folder name or number); `?workshop=URL` one from elsewhere, with `#step=STEP`; `#w=~ID` one that was opened from a
 * file and is kept in this browser.
 */
export type Wanted =
  | { kind: "own"; id: string; step: string | null }
  | { kind: "kept"; id: string; step: string | null }
  | { kind: "url"; url: string; step: string | null };

const NAMED = /^(?:w|workshop)=(~?)([\w-]{1,64})(?:\/([\w-]{1,64}))?$/;

/**
 * What an address asks for, null when that is no workshop. `url` is the value of the query's `workshop`, `hash` the fragment; `start` is the
 * fragment that counts when the address asks for nothing (an offline copy opens its workshop by itself).
 */
export function readAddress(url: string | null, hash: string, start: string | null = null): Wanted | null {
  const fragment = hash.replace(/^#/, "");
  const named = NAMED.exec(fragment) ?? (fragment === "" && start !== null && url === null ? NAMED.exec(start) : null);
  if (named) return { kind: named[1] === "~" ? "kept" : "own", id: named[2] ?? "", step: named[3] ?? null };
  if (url !== null && (fragment === "" || fragment.startsWith("step="))) return { kind: "url", url, step: /^step=([\w-]{1,64})$/.exec(fragment)?.[1] ?? null };
  return null;
}

/** The query and fragment that ask for it: what readAddress reads. */
export function writeAddress(wanted: Wanted): { search: string; hash: string } {
  if (wanted.kind === "url") return { search: `?workshop=${encodeURIComponent(wanted.url)}`, hash: wanted.step === null ? "" : `#step=${wanted.step}` };
  return { search: "", hash: `#w=${wanted.kind === "kept" ? "~" : ""}${wanted.id}${wanted.step === null ? "" : `/${wanted.step}`}` };
}

/** A step by its folder's name, or by its number from 1 on. */
export function findStep(steps: readonly { id: string }[], step: string): string | null {
  return steps.find((s) => s.id === step)?.id ?? (/^\d{1,2}$/.test(step) ? (steps[Number(step) - 1]?.id ?? null) : null);
}
