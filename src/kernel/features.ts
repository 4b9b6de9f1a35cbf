/**
 * Named differences between releases. A feature is either on from a release on (and perhaps off again later), or
 * decided by a probe of the booted kernel. Checks ask `kernel.has("name")`; only this file knows versions.
 */
export interface FeatureRange {
  /** first release that has it, "major.minor"; undefined: all simulated ones */
  since?: string;
  /** first release that no longer has it */
  until?: string;
  /** key of the manifest's `probes`: where a pack has that probe, its answer (true, or a number above 0) decides instead of the range */
  probe?: string;
  /** what it is, for people */
  what: string;
}

export const FEATURES = {
  structured_errors: { since: "7.3", what: "the error line is followed by a structured report" },
  bpf_loop: { since: "5.17", what: "bpf_loop and callbacks that loop" },
  open_coded_iters: { since: "6.4", what: "iterator kfuncs (KF_ITER_NEW, KF_ITER_NEXT, KF_ITER_DESTROY)" },
} as const satisfies Record<string, FeatureRange>;

export type FeatureName = keyof typeof FEATURES;
