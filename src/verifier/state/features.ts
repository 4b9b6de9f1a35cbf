/** The named features that checks ask often, read once per verification into plain fields. */
import { type FeatureName, FEATURES } from "../../kernel/features.ts";
import type { Kernel } from "../../kernel/types.ts";

export type Features = Readonly<Record<FeatureName, boolean>>;

const cache = new WeakMap<Kernel, Features>();

export function features(kernel: Kernel): Features {
  let f = cache.get(kernel);
  if (!f) {
    f = Object.fromEntries((Object.keys(FEATURES) as FeatureName[]).map((n) => [n, kernel.has(n)])) as Features;
    cache.set(kernel, f);
  }
  return f;
}
