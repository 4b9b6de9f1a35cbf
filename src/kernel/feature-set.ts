import { FEATURES } from "./features.ts";
import type { FeatureName, FeatureRange } from "./features.ts";
import { compareSeries } from "./releases.ts";
import type { KernelPackManifest } from "./types.ts";

/** Whether one feature is on in a kernel: its probe's answer where the pack has one, else the range of releases (`until` is the first release without it). */
export function featureIsOn(range: FeatureRange, kernel: string, probes: KernelPackManifest["probes"]): boolean {
  const answer = range.probe === undefined ? undefined : probes[range.probe];
  if (answer !== undefined) return answer === true || (typeof answer === "number" && answer > 0);
  if (range.since !== undefined && compareSeries(kernel, range.since) < 0) return false;
  return range.until === undefined || compareSeries(kernel, range.until) < 0;
}

/** The named features of a kernel. */
export function evaluateFeatures(manifest: KernelPackManifest): ReadonlySet<FeatureName> {
  const on = new Set<FeatureName>();
  for (const [name, range] of Object.entries(FEATURES) as [FeatureName, FeatureRange][]) {
    if (featureIsOn(range, manifest.kernel, manifest.probes)) on.add(name);
  }
  return on;
}
