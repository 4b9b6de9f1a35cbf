import { decodeUtf8 } from "../base/bytes.ts";
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { Btf } from "../btf/types.ts";
import { addKfunc, parsePrototype } from "./c-prototype.ts";
import type { CPrototype } from "./c-prototype.ts";
import { LayerBtf, MaskedBtf } from "./layer-btf.ts";
import { nearestNames } from "./nearest.ts";
import { overlayShape } from "./overlay-schema.ts";
import type { Overlay, OverlayChange } from "./overlay-schema.ts";
import { compareSeries, parseRelease } from "./releases.ts";
import type { KernelPack, KernelPolicy, KfuncEntry } from "./types.ts";

/** The name under which an overlay's own kfuncs appear, as if a module had brought them. */
export const LAB_MODULE = "lab";
const MAX_BYTES = 1_000_000;

/** Reads an overlay document. The error says where in the text or the document and what was expected there. */
export function parseOverlay(input: string | Uint8Array): Result<Overlay, string> {
  const source = typeof input === "string" ? input : decodeUtf8(input);
  if (source.length > MAX_BYTES) return err(`custom kernel: the document has ${source.length} characters, at most ${MAX_BYTES} are taken`);
  let data: unknown;
  try {
    data = JSON.parse(source);
  } catch (error) {
    return err(`custom kernel: not JSON: ${whereInText(source, error instanceof Error ? error.message : "")}`);
  }
  const parsed = overlayShape.parse(data, "");
  if (!parsed.ok) return err(`custom kernel: ${parsed.error.path === "" ? "the document" : parsed.error.path}: ${parsed.error.message}`);
  for (const [i, change] of (parsed.value.changes ?? []).entries()) {
    if (change.op !== "add" && change.op !== "change") continue;
    const proto = parsePrototype(change.prototype);
    if (!proto.ok) return err(`custom kernel: changes[${i}].prototype: ${proto.error}`);
  }
  return parsed;
}

/** V8 names a position in its message; people want a line and a column. */
function whereInText(source: string, message: string): string {
  const position = /position (\d+)/.exec(message)?.[1];
  const plain = message.replace(/\s*(in JSON )?at position.*$/s, "").replace(/, \.\.\..*is not valid JSON$/s, "") || "it cannot be read";
  const at = position === undefined ? source.length : Number(position);
  const before = source.slice(0, at);
  const line = before.split("\n").length;
  return `${plain} at line ${line}, column ${at - before.lastIndexOf("\n")}`;
}

/** A pack with an overlay's changes made, and what they were. */
export interface OverlaidPack extends KernelPack {
  policy: KernelPolicy;
}

type Fate = { removedIn: string | null; replacement: string | null; reason: string | null };

/** Applies an overlay to a pack. The pack is not changed. Errors: a prototype naming types that the release's BTF lacks. */
export function applyOverlay(pack: KernelPack, overlay: Overlay): Result<OverlaidPack, string> {
  const own = pack.manifest.kernel;
  const wanted = overlay.simulatedRelease;
  const simulatedRelease = wanted !== undefined && compareSeries(wanted, own) > 0 ? wanted : own;
  const work = new Workbench(pack, simulatedRelease);
  for (const [i, change] of (overlay.changes ?? []).entries()) {
    const done = work.apply(change, `changes[${i}]`);
    if (!done.ok) return err(`custom kernel: ${done.error}`);
  }
  return ok(work.finish(overlay));
}

/** The one place that holds what is being changed while an overlay is applied. */
class Workbench {
  private readonly pack: KernelPack;
  private readonly simulatedRelease: string;
  private readonly kfuncs: Map<string, KfuncEntry[]>;
  private readonly layer: LayerBtf | null;
  private readonly hidden = new Set<string>();
  private readonly deprecated = new Map<string, Fate>();
  private readonly removed = new Map<string, Fate>();
  private readonly added = new Set<string>();
  private readonly changed = new Map<string, string>();
  private readonly notes: string[] = [];

  constructor(pack: KernelPack, simulatedRelease: string) {
    this.pack = pack;
    this.simulatedRelease = simulatedRelease;
    this.kfuncs = new Map();
    for (const kfunc of pack.manifest.kfuncs) this.kfuncs.set(kfunc.name, [...(this.kfuncs.get(kfunc.name) ?? []), kfunc]);
    this.layer = pack.btf === null ? null : new LayerBtf(LAB_MODULE, pack.btf);
  }

  apply(change: OverlayChange, path: string): Result<null, string> {
    switch (change.op) {
      case "deprecate": {
        if (!this.present(change.kfunc, path, "to deprecate")) return ok(null);
        const fate = { removedIn: change.removedIn ?? null, replacement: change.replacement ?? null, reason: change.reason ?? null };
        if (fate.removedIn !== null && compareSeries(this.simulatedRelease, fate.removedIn) >= 0) this.remove(change.kfunc, fate);
        else this.deprecate(change.kfunc, fate);
        return ok(null);
      }
      case "remove":
        if (this.present(change.kfunc, path, "to remove")) {
          this.remove(change.kfunc, { removedIn: null, replacement: change.replacement ?? null, reason: change.reason ?? null });
        }
        return ok(null);
      case "add":
        return this.add(change, path);
      case "change":
        return this.change(change, path);
      default:
        return err(`${path}.op: "${change.op}" is not simulated`);
    }
  }

  private present(name: string, path: string, purpose: string): boolean {
    if (this.kfuncs.has(name)) return true;
    const near = nearestNames(name, this.kfuncs.keys(), 2);
    const hint = near.length > 0 ? ` (nearest: ${near.join(", ")})` : "";
    this.notes.push(`${path}: kernel ${this.pack.manifest.kernel} has no kfunc ${name} ${purpose}${hint}`);
    return false;
  }

  private deprecate(name: string, fate: Fate): void {
    this.deprecated.set(name, fate);
    this.kfuncs.set(name, this.kfuncs.get(name)!.map((k) => ({ ...k, flags: withFlag(k.flags, "KF_DEPRECATED") })));
  }

  private remove(name: string, fate: Fate): void {
    this.removed.set(name, fate);
    this.deprecated.delete(name);
    this.kfuncs.delete(name);
    this.hidden.add(name);
  }

  private add(change: Extract<OverlayChange, { op: "add" }>, path: string): Result<null, string> {
    const proto = parsePrototype(change.prototype);
    if (!proto.ok) return err(`${path}.prototype: ${proto.error}`);
    const name = proto.value.name;
    if (this.kfuncs.has(name)) {
      this.notes.push(`${path}: kernel ${this.pack.manifest.kernel} has ${name} already; its own is kept`);
      return ok(null);
    }
    const made = this.makeEntry(proto.value, change.flags ?? [], this.knownTypes(change.programTypes, path), path);
    if (!made.ok) return made;
    if (made.value) this.added.add(name);
    return ok(null);
  }

  private change(change: Extract<OverlayChange, { op: "change" }>, path: string): Result<null, string> {
    const proto = parsePrototype(change.prototype);
    if (!proto.ok) return err(`${path}.prototype: ${proto.error}`);
    const name = proto.value.name;
    if (!this.present(name, path, "to change")) return ok(null);
    const before = this.kfuncs.get(name)![0]!;
    const types = change.programTypes ? this.knownTypes(change.programTypes, path) : before.progTypes;
    const flags = change.flags ?? before.flags;
    const made = this.makeEntry(proto.value, this.deprecated.has(name) ? withFlag(flags, "KF_DEPRECATED") : flags, types, path, change.programTypes ? undefined : before.exact);
    if (!made.ok) return made;
    if (!made.value) return ok(null);
    this.hidden.add(name);
    this.changed.set(name, change.prototype.trim());
    return ok(null);
  }

  /** False when the kernel has no BTF, so that no kfunc can be had. */
  private makeEntry(proto: CPrototype, flags: readonly string[], progTypes: readonly string[], path: string, exact?: KfuncEntry["exact"]): Result<boolean, string> {
    if (!this.layer) return ok(false);
    const id = addKfunc(this.layer, proto);
    if (!id.ok) return err(`${path}.prototype: ${id.error} (kernel ${this.pack.manifest.kernel})`);
    const set = { name: `${LAB_MODULE}_kfunc_set`, hook: LAB_MODULE, filter: false, flags };
    this.kfuncs.set(proto.name, [{ name: proto.name, module: LAB_MODULE, btfId: id.value, flags, progTypes, ...(exact ? { exact } : {}), sets: [set] }]);
    return ok(true);
  }

  private knownTypes(types: readonly string[], path: string): readonly string[] {
    const known = this.pack.manifest.progTypes.map((t) => t.name);
    for (const type of types) {
      if (known.includes(type)) continue;
      const near = nearestNames(type, known, 1);
      this.notes.push(`${path}.programTypes: kernel ${this.pack.manifest.kernel} has no program type ${type}${near[0] ? ` (nearest: ${near[0]})` : ""}`);
    }
    return types.filter((t) => known.includes(t));
  }

  finish(overlay: Overlay): OverlaidPack {
    const { manifest } = this.pack;
    const withBtf = overlay.btf !== false && this.pack.btf !== null;
    const masked = this.maskedBtfs();
    const policy: KernelPolicy = {
      name: overlay.name, deprecated: this.deprecated, removed: this.removed, added: this.added, changed: this.changed,
      simulatedRelease: this.simulatedRelease, notes: this.notes,
    };
    return {
      manifest: {
        ...manifest,
        kfuncs: withBtf ? [...this.kfuncs.values()].flat() : [],
        version: this.version(),
        modules: withBtf ? manifest.modules : [],
      },
      btf: withBtf ? masked.btf : null,
      modules: withBtf ? masked.modules : new Map(),
      config: withBtf ? this.pack.config : withoutBtf(this.pack.config),
      policy,
    };
  }

  private version(): KernelPack["manifest"]["version"] {
    const { kernel, version } = this.pack.manifest;
    return this.simulatedRelease === kernel ? version : parseRelease(this.simulatedRelease)!;
  }

  private maskedBtfs(): { btf: Btf | null; modules: ReadonlyMap<string, Btf> } {
    const { btf, modules } = this.pack;
    if (!btf || !this.layer) return { btf: null, modules: new Map() };
    const hide = this.hidden.size > 0;
    const masked = hide ? new MaskedBtf(btf, this.hidden, null) : btf;
    const out = new Map<string, Btf>();
    for (const [name, module] of modules) out.set(name, hide ? new MaskedBtf(module, this.hidden, masked) : module);
    if (this.layer.count > this.layer.startId) out.set(LAB_MODULE, this.layer);
    return { btf: masked, modules: out };
  }
}

function withFlag(flags: readonly string[], flag: string): readonly string[] {
  return flags.includes(flag) ? flags : [...flags, flag];
}

function withoutBtf(config: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...config].filter(([name]) => !name.startsWith("CONFIG_DEBUG_INFO_BTF")));
}
