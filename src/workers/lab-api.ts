import type { Result } from "../base/result.ts";
import type { ShimPlan } from "../kernel/shim-types.ts";
import type { StabilityRecord } from "../kernel/stability-types.ts";

/** What the lab's pages ask the kernel worker besides. Everything here crosses structured clone. */
export interface LabWorkerApi {
  /** what decides whether a helper or kfunc may change; an overlay's own kfuncs too when kernel and overlay are given */
  stability(name: string, kernel: string | null, overlay: string | null): Promise<Result<StabilityRecord, string>>;
  /** everything that is wrong with an overlay's document, each at its place, and what it asks for in vain on that kernel */
  overlayProblems(overlay: string, kernel: string): Promise<OverlayReport>;
  /** names that a form can offer, of the kernel with its overlay; those beginning with `part` first, at most 60 */
  labNames(kernel: string, overlay: string | null, what: LabNameKind, part: string): Promise<Result<readonly string[], string>>;
  /** what a custom kernel changes; null for a plain release. `today` is "2026-11-20": days left are counted from it. */
  labPolicy(kernel: string, overlay: string | null, today: string): Promise<Result<LabPolicy | null, string>>;
  /** a header that lets one source serve several kernels */
  shim(request: ShimRequest): Promise<Result<ShimPlan, string>>;
}

export type LabNameKind = "kfunc" | "helper" | "program type" | "release" | "flag" | "struct";

export interface OverlayReport {
  /** path: "changes[2].removedIn", "" for the document as a whole */
  problems: readonly { path: string; message: string }[];
  /** the same for what the chosen kernel makes pointless */
  notes: readonly { path: string; message: string }[];
}

export interface LabPolicy {
  /** the overlay's name */
  name: string;
  simulatedRelease: string;
  changes: readonly LabChange[];
  /** releases that the document names as the end of something, with the day they came or are projected for; oldest first */
  dates: readonly { release: string; date: string; how: "announced" | "derived" | "projected" }[];
}

export interface LabChange {
  name: string;
  what: string;
  /** a sentence beginning with the name */
  text: string;
  reason: string | null;
  path: string;
  /** deprecated: when it goes away; days from `today`, or from the day of the release the kernel calls itself */
  removal: { release: string; date: string; how: "announced" | "derived" | "projected"; daysLeft: number } | null;
  replacement: string | null;
}

export interface ShimRequest {
  /** C text whose calls are served; null: only `names` */
  source: string | null;
  /** further helpers and kfuncs */
  names: readonly string[];
  /** oldest first */
  kernels: readonly string[];
}
