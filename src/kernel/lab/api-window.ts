import { compareSeries } from "../releases.ts";
import type { Overlay } from "../overlay-schema.ts";
import { releasesBetween } from "./release-dates.ts";

type Api = NonNullable<Overlay["api"]>;

/** The API version of a kernel that calls itself so: what the document says, or a later one that a later release brought. */
export function currentVersion(api: Api, simulatedRelease: string): number {
  const there = (api.releases ?? []).filter((r) => compareSeries(r.release, simulatedRelease) <= 0).map((r) => r.version);
  return Math.max(api.version, ...there);
}

/**
 * The oldest version that is kept. A version is superseded by the release that brings the next one and is kept for
 * `supportWindow` releases from that one on. Where no releases are listed, every release brings a version.
 */
export function oldestVersion(api: Api, simulatedRelease: string): number {
  const current = currentVersion(api, simulatedRelease);
  const releases = [...(api.releases ?? [])].sort((a, b) => a.version - b.version);
  if (releases.length === 0) return Math.max(0, current - api.supportWindow);
  let oldest = current;
  while (oldest > 0) {
    const successor = releases.find((r) => r.version >= oldest);
    const since = successor === undefined || successor.version > current ? simulatedRelease : successor.release;
    if (releasesBetween(since, simulatedRelease) >= api.supportWindow) break;
    // Versions that no release is listed for share their successor's fate.
    const before = releases.filter((r) => r.version < oldest).at(-1)?.version;
    oldest = before ?? 0;
  }
  return oldest;
}

/** Why a program's version cannot be had; null when it can. */
export function refusedVersion(kernel: string, wanted: number, current: number, oldest: number): string | null {
  if (wanted > current) return `the program is written for API version ${wanted}; kernel ${kernel} has API version ${current}`;
  if (wanted >= oldest) return null;
  const kept = oldest === current ? `keeps none but its own` : `keeps ${oldest} to ${current}`;
  const declared = wanted === 0 ? "the program declares no API version, which counts as 0" : `the program is written for API version ${wanted}`;
  return `${declared}; kernel ${kernel} has API version ${current} and ${kept}`;
}
