import type { BtfId } from "../../base/brand.ts";
import type { Result } from "../../base/result.ts";
import type { Kernel } from "../types.ts";
import type { Code } from "./expression-code.ts";

/** What a function of a custom kernel does in place of its own. */
export type FunctionBody =
  | { kind: "expression"; text: string; code: Code }
  /** an object file with a function of that name */
  | { kind: "object"; name: string; object: Uint8Array }
  /** C source that nobody has compiled yet */
  | { kind: "source"; name: string };

/** What becomes of a deprecated or removed function. */
export interface Fate { removedIn: string | null; replacement: string | null; reason: string | null }

/** A field of a new program type's context. */
export interface LabField { name: string; type: string; count: number; off: number; size: number; read: boolean; write: boolean; role: "scalar" | "data" | "data_end"; pointer?: LabPointer }

/** What a pointer in a made-up context leads to. `known`: the release has the struct; where it has not, programs cannot read the field. */
export interface LabPointer { struct: string; trust: "trusted" | "rcu" | "untrusted"; mayBeNull: boolean; known: boolean }

/** A program type that the release does not have. */
export interface LabProgramType {
  name: string;
  section: string;
  struct: string;
  size: number;
  fields: readonly LabField[];
  packet: "read" | "read write" | null;
  returns: { min: number; max: number } | null;
  about: string | null;
}

/** A symbol under a version: which function it is. */
export interface VersionedSymbol { version: string; module: string | null; btfId: BtfId }

/** API versions of a kernel, and as which version's kernel this one stands. */
export interface ApiWindow {
  /** the kernel's own */
  version: number;
  /** the oldest that is kept */
  oldest: number;
  supportWindow: number;
  /** the version whose signatures and behaviour this view of the kernel shows */
  shown: number;
  /** the same kernel as a program of that version sees it; an error names both numbers */
  at(version: number): Result<Kernel, string>;
}

/** A change that a custom kernel makes, by the name of what it concerns. */
export interface PolicyChange {
  name: string;
  kind: "kfunc" | "helper" | "type" | "field" | "program type";
  what: "deprecated" | "removed" | "added" | "renamed" | "changed" | "behaves" | "versioned" | "symbol version" | "renumbered" | "backported";
  /** a sentence for people, beginning with the name */
  text: string;
  reason: string | null;
  /** place in the document: "changes[2]" */
  path: string;
  /** a helper whose number means something else, or nothing */
  helperId?: number;
  /** its new name */
  to?: string;
}

/** What a custom kernel adds to a release; built from an overlay (overlay.ts). */
export interface KernelPolicy {
  name: string;
  deprecated: ReadonlyMap<string, Fate>;
  removed: ReadonlyMap<string, Fate>;
  added: ReadonlySet<string>;
  /** name → the prototype it has now */
  changed: ReadonlyMap<string, string>;
  /** old name → new one */
  renamed: ReadonlyMap<string, { to: string; alias: boolean }>;
  /** functions of the same name and prototype that do something else: nothing tells a program so */
  behaves: ReadonlyMap<string, { kind: "kfunc" | "helper"; reason: string | null }>;
  /** kfunc → its versions in the order of the sets */
  symbolVersions: ReadonlyMap<string, readonly VersionedSymbol[]>;
  /** all sets in order: "LINUX_7.2" */
  symbolSets: readonly string[];
  programTypes: ReadonlyMap<string, LabProgramType>;
  api: ApiWindow | null;
  /** everything that is different, in the document's order */
  changes: readonly PolicyChange[];
  /** the release the kernel calls itself, "7.6" */
  simulatedRelease: string;
  /** what the overlay asks for and this release makes pointless ("changes[0]: … has no kfunc …"), for people */
  notes: readonly string[];
}
