import { FEATURES } from "./features.ts";
import type { FeatureName, FeatureRange } from "./features.ts";
import { compareSeries } from "./releases.ts";
import type { KernelPackManifest } from "./types.ts";

type Version = KernelPackManifest["version"];

/** Is the release, or an earlier one of its stable series, among those that got the fix? */
function isFixed(fixes: readonly string[], version: Version): boolean {
  return fixes.some((fix) => {
    const [major, minor, patch] = fix.split(".").map(Number);
    return major === version.major && minor === version.minor && patch !== undefined && patch <= version.patch;
  });
}

/**
 * Whether one feature is on in a kernel: its probe's answer where the pack has one, else the range of releases (`until` is the first
 * release without it) and the fixes of stable releases.
 * @param kernel "6.12"
 * @param version with the patch release; without it no fix counts
 */
export function featureIsOn(range: FeatureRange, kernel: string, probes: KernelPackManifest["probes"], version?: Version): boolean {
  const answer = range.probe === undefined ? undefined : probes[range.probe];
  if (answer !== undefined) return answer === true || (typeof answer === "number" && answer > 0);
  if (version && range.fixes && isFixed(range.fixes, version)) return true;
  if (range.since !== undefined && compareSeries(kernel, range.since) < 0) return false;
  return range.until === undefined || compareSeries(kernel, range.until) < 0;
}

/** The named features of a kernel. */
export function evaluateFeatures(manifest: KernelPackManifest): ReadonlySet<FeatureName> {
  const on = new Set<FeatureName>();
  for (const [name, range] of Object.entries(FEATURES) as [FeatureName, FeatureRange][]) {
    if (featureIsOn(range, manifest.kernel, manifest.probes, manifest.version)) on.add(name);
  }
  return on;
}
