/** Applies the operations of an overlay to a pack. */
import { err, ok } from "../../base/result.ts";
import type { Result } from "../../base/result.ts";
import type { Btf } from "../../btf/types.ts";
import type { Overlay, OverlayChange } from "../overlay-schema.ts";
import { compareSeries } from "../releases.ts";
import type { KernelPack, KernelPackManifest, KernelPolicy } from "../types.ts";
import { helper, helperVersions } from "./apply-helpers.ts";
import { add, backport, change, deprecate, remove, rename } from "./apply-kfuncs.ts";
import { addType, allowKfuncs, programType, removeField, removeType } from "./apply-types.ts";
import { behave, symbolVersion, versions } from "./apply-versions.ts";
import { LAB_MODULE, Workbench } from "./workbench.ts";

/** A pack with an overlay's changes made, and what they were. */
export interface OverlaidPack extends KernelPack {
  policy: Omit<KernelPolicy, "api">;
}

export interface ApplyOptions {
  /** packs of the releases that functions are backported from (see donorReleases) */
  donors?: ReadonlyMap<string, KernelPack>;
  /** the API version whose signatures and behaviour are wanted; default 0 */
  apiVersion?: number;
}

/** The release a custom kernel calls itself: never one before the release it is made of. */
export function simulatedReleaseOf(pack: KernelPack, overlay: Overlay): string {
  const own = pack.manifest.kernel;
  const wanted = overlay.simulatedRelease;
  return wanted !== undefined && compareSeries(wanted, own) > 0 ? wanted : own;
}

/** Releases whose packs an overlay needs besides its own. */
export function donorReleases(overlay: Overlay): string[] {
  const out = new Set<string>();
  for (const op of overlay.changes ?? []) if ((op.op === "helper" || op.op === "backport") && op.from !== undefined) out.add(op.from);
  return [...out];
}

/** New types come first, so that prototypes can name them in whatever order the document stands. */
const FIRST: ReadonlySet<OverlayChange["op"]> = new Set(["add type", "program type"]);

/** Applies an overlay to a pack. The pack is not changed. Errors: a prototype naming types that the kernel lacks, two things of one name. */
export function applyOverlay(pack: KernelPack, overlay: Overlay, options: ApplyOptions = {}): Result<OverlaidPack, string> {
  const work = new Workbench(pack, simulatedReleaseOf(pack, overlay), options.apiVersion ?? 0, options.donors ?? new Map());
  const changes = [...(overlay.changes ?? []).entries()];
  for (const first of [true, false]) {
    for (const [i, op] of changes) {
      if (FIRST.has(op.op) !== first || !work.inForce("since" in op ? op.since : undefined)) continue;
      const done = apply(work, op, `changes[${i}]`);
      if (!done.ok) return err(`custom kernel: ${done.error}`);
    }
  }
  for (const [i, op] of changes) if (op.op === "program type" && work.programTypes.has(op.name)) allowKfuncs(work, op, `changes[${i}]`);
  return ok(finish(work, overlay));
}

function apply(work: Workbench, op: OverlayChange, path: string): Result<null, string> {
  switch (op.op) {
    case "deprecate": return deprecate(work, op, path);
    case "remove": return remove(work, op, path);
    case "add": return add(work, op, path);
    case "rename": return rename(work, op, path);
    case "change": return change(work, op, path);
    case "behave": return behave(work, op, path);
    case "versions": return versions(work, op, path);
    case "helper versions": return helperVersions(work, op, path);
    case "symbol version": return symbolVersion(work, op, path);
    case "helper": return helper(work, op, path);
    case "backport": return backport(work, op, path);
    case "add type": return addType(work, op, path);
    case "remove type": return removeType(work, op, path);
    case "remove field": return removeField(work, op, path);
    case "program type": return programType(work, op, path);
  }
}

function finish(work: Workbench, overlay: Overlay): OverlaidPack {
  const { pack } = work;
  const symbolVersions = work.settleSymbols();
  const withBtf = overlay.btf !== false && work.btf !== null;
  return {
    manifest: manifestOf(work, withBtf),
    btf: withBtf ? work.btf : null,
    modules: withBtf ? modulesOf(work) : new Map<string, Btf>(),
    config: withBtf ? pack.config : withoutBtf(pack.config),
    policy: {
      name: overlay.name, deprecated: work.deprecated, removed: work.removed, added: work.added, changed: work.changed, renamed: work.renamed,
      behaves: work.behaves, symbolVersions, symbolSets: work.symbolSets, programTypes: work.programTypes, changes: work.changes,
      simulatedRelease: work.simulatedRelease, notes: work.notes,
    },
  };
}

function manifestOf(work: Workbench, withBtf: boolean): KernelPackManifest {
  const { manifest } = work.pack;
  const lastId = Math.max(0, ...manifest.progTypes.map((t) => t.id));
  const types = [...work.programTypes.keys()].map((name, i) => ({ id: lastId + 1 + i, name, supported: true }));
  return {
    ...manifest,
    progTypes: [...manifest.progTypes, ...types],
    helpers: [...work.helpers.values()].sort((a, b) => a.id - b.id),
    kfuncs: withBtf ? [...work.kfuncs.values()].flat() : [],
    ctx: [...manifest.ctx, ...work.contexts],
    version: work.version(),
    modules: withBtf ? manifest.modules : [],
  };
}

function modulesOf(work: Workbench): ReadonlyMap<string, Btf> {
  const out = new Map<string, Btf>(work.modules);
  if (work.layer && work.layer.count > work.layer.startId) out.set(LAB_MODULE, work.layer);
  return out;
}

function withoutBtf(config: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...config].filter(([name]) => !name.startsWith("CONFIG_DEBUG_INFO_BTF")));
}
