import type { Result } from "../base/result.ts";
import type { ShimPlan } from "../kernel/shim-types.ts";
import type { SourcePos } from "../loader/types.ts";
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
  /** C bodies that are not compiled yet; compile each with the kernel's vmlinux.h (with the overlay) and hand the objects to withBodies */
  labBodies(overlay: string): Promise<Result<readonly LabBodySource[], string>>;
  /** the overlay's text with objects filled in, by path */
  withBodies(overlay: string, objects: Readonly<Record<string, Uint8Array>>): Promise<Result<string, string>>;
  /** a header that lets one source serve several kernels */
  shim(request: ShimRequest): Promise<Result<ShimPlan, string>>;
}

/** What of a custom kernel's changes a program meets. */
export interface LabVerdict {
  /** the overlay's name */
  name: string;
  /** "7.2+NAME" */
  kernel: string;
  simulatedRelease: string;
  uses: readonly LabUse[];
  /** it calls something deprecated: accepted, but not for long (amber in a matrix) */
  warned: boolean;
  /** functions it calls that do something else under the same name and prototype: only a run shows it */
  undetectable: readonly string[];
  /** where the kernel has API versions: the program's, the kernel's, and the oldest it keeps */
  apiVersion: { program: number; kernel: number; oldest: number } | null;
}

/** A change that concerns a call of the program. */
export interface LabUse extends LabChange {
  kind: "kfunc" | "helper" | "type" | "field" | "program type";
  /** call sites; none where the loader refused the object before it looked at calls */
  sites: readonly { insn: number; source?: SourcePos }[];
}

/** A function of a custom kernel in C that waits for a compiler: `program` is what to give it, without debug information. */
export interface LabBodySource { path: string; name: string; program: string }

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
  /** API versions, where the kernel has them */
  api: { version: number; oldest: number; supportWindow: number } | null;
  /** sets of versioned symbols, oldest first */
  symbolSets: readonly string[];
  /** program types of its own; `struct` is in its vmlinux.h */
  programTypes: readonly { name: string; section: string; struct: string; about: string | null }[];
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
