import { stateAt, kernelAfter } from "./api-change.ts";
import type { ApiDb, ApiLife, ApiReplacement, ApiState } from "./api-types.ts";
import { REVIEWED } from "./api-reviewed.ts";
import { splitSignature } from "./c-signature.ts";
import { compareSeries } from "./releases.ts";

/** What took the place of an API that the newest kernel lacks; null when nothing is known to. */
export function findReplacement(db: ApiDb, gone: ApiLife): ApiReplacement | null {
  const next = kernelAfter(db, gone.until);
  if (next === undefined || gone.until === null) return null;
  const last = stateAt(db, gone, gone.until)!;
  const until = gone.until;
  const others = db.apis.filter((a) => a.kind === gone.kind && a.name !== gone.name);
  const present = others.filter((a) => stateAt(db, a, next) !== undefined);
  // A successor known by its name may come some releases after the end.
  const later = others.filter((a) => compareSeries(a.spans.at(-1)!.to, until) > 0);
  const byName = (name: string): ApiLife | undefined => later.find((a) => a.name === name);
  const found = (life: ApiLife, how: ApiReplacement["how"], note: string | null = null): ApiReplacement => ({
    name: life.name, how, note, since: life.since, sameArguments: sameAnywhere(db, gone.name, last, life),
  });

  const reviewed = REVIEWED[gone.name];
  const target = reviewed ? byName(reviewed.name) : undefined;
  if (reviewed && target) return found(target, "reviewed", reviewed.note);
  const plain = gone.name.endsWith("_impl") ? byName(gone.name.slice(0, -"_impl".length)) : undefined;
  if (plain) return found(plain, "implicit argument");
  const stem = gone.name.replace(/_{2,3}v\d+$/, "");
  const versions = later.filter((a) => a.name.replace(/_{2,3}v\d+$/, "") === stem).sort((a, b) => (a.name < b.name ? 1 : -1));
  if (versions[0]) return found(versions[0], "version suffix");
  return byLikeness(db, gone, last, present, found);
}

function byLikeness(
  db: ApiDb, gone: ApiLife, last: ApiState, present: readonly ApiLife[],
  found: (life: ApiLife, how: ApiReplacement["how"]) => ApiReplacement,
): ApiReplacement | null {
  // A successor is not older than what it succeeds.
  const scored = present
    .filter((a) => compareSeries(a.since, gone.since) >= 0)
    .map((life) => ({ life, same: sameAnywhere(db, gone.name, last, life), words: wordLikeness(gone.name, life.name) }))
    .sort((a, b) => Number(b.same) - Number(a.same) || b.words - a.words || (a.life.name < b.life.name ? -1 : 1));
  // What acquires is not succeeded by what releases: flags agree where both are there to compare.
  const same = scored.filter((s) => s.same && flagsAgree(db, gone, last, s.life));
  const params = splitSignature(last.signature, gone.name)?.params.length ?? 0;
  const best = same[0];
  // The same prototype: with arguments enough to be telling, or the only such, or much of the name in common.
  if (best && best.words > (same[1]?.words ?? 0) && best.words >= 0.3) return found(best.life, "rename");
  if (best && same.length === 1 && params >= 1 && best.words >= 0.2) return found(best.life, "rename");
  // With other arguments it must have come later: what was there from the beginning is a neighbour.
  const alike = scored.filter((s) => s.words >= 0.5 && compareSeries(s.life.since, gone.since) > 0).sort((a, b) => b.words - a.words);
  if (alike[0] && (alike.length === 1 || alike[0].words > alike[1]!.words)) return found(alike[0].life, alike[0].same ? "rename" : "similar");
  return null;
}

function flagsAgree(db: ApiDb, gone: ApiLife, last: ApiState, other: ApiLife): boolean {
  const beside = gone.until === null ? undefined : stateAt(db, other, gone.until);
  return beside === undefined || [...beside.flags].sort().join() === [...last.flags].sort().join();
}

/** Whether at some kernel the other takes the same types in the same order and returns the same. */
function sameAnywhere(db: ApiDb, name: string, state: ApiState, other: ApiLife): boolean {
  const wanted = shape(state, name);
  return wanted !== undefined && other.spans.some((span) => shape(span, other.name) === wanted);
}

function shape(state: ApiState, name: string): string | undefined {
  const split = splitSignature(state.signature, name);
  return split && `${split.ret}(${split.params.map((p) => `${p.type} ${p.name}`).join(",")})`;
}

/** Share of name parts in common, 0…1. */
function wordLikeness(a: string, b: string): number {
  const x = new Set(a.split("_"));
  const y = new Set(b.split("_"));
  const common = [...x].filter((w) => y.has(w)).length;
  return common / (x.size + y.size - common);
}
