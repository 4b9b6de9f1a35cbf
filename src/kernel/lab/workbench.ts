import { decodeBase64 } from "../../base/bytes.ts";
import { err, ok } from "../../base/result.ts";
import type { Result } from "../../base/result.ts";
import type { BtfId } from "../../base/brand.ts";
import { BtfKind } from "../../btf/types.ts";
import type { Btf, BtfOf } from "../../btf/types.ts";
import { addKfunc, parsePrototype } from "../c-prototype.ts";
import { LayerBtf } from "../layer-btf.ts";
import { nearestNames } from "../nearest.ts";
import { compareSeries, parseRelease } from "../releases.ts";
import type { CtxAccess, HelperEntry, KernelPack, KfuncEntry } from "../types.ts";
import { EditedBtf } from "./edited-btf.ts";
import { compileExpression } from "./expression-compile.ts";
import type { ExpressionScope } from "./expression-compile.ts";
import type { LabBody } from "./schema-words.ts";
import type { Fate, FunctionBody, LabProgramType, PolicyChange, VersionedSymbol } from "./types.ts";

/** The name under which an overlay's own kfuncs appear, as if a module had brought them. */
export const LAB_MODULE = "lab";

export interface EntryOptions {
  prototype: string;
  flags: readonly string[];
  progTypes: readonly string[];
  exact?: KfuncEntry["exact"];
  origin?: string;
  body?: LabBody;
  path: string;
}

/** What holds everything that is being changed while an overlay is applied; the operations work on it. */
export class Workbench {
  readonly pack: KernelPack;
  /** packs of other releases, from which functions are backported */
  readonly donors: ReadonlyMap<string, KernelPack>;
  readonly simulatedRelease: string;
  /** the API version whose signatures are shown */
  readonly apiVersion: number;
  readonly kfuncs = new Map<string, KfuncEntry[]>();
  readonly helpers = new Map<number, HelperEntry>();
  readonly btf: EditedBtf | null;
  readonly modules = new Map<string, EditedBtf>();
  readonly layer: LayerBtf | null;
  readonly contexts: CtxAccess[] = [];
  readonly programTypes = new Map<string, LabProgramType>();
  readonly deprecated = new Map<string, Fate>();
  readonly removed = new Map<string, Fate>();
  readonly added = new Set<string>();
  readonly changed = new Map<string, string>();
  readonly renamed = new Map<string, { to: string; alias: boolean }>();
  readonly behaves = new Map<string, { kind: "kfunc" | "helper"; reason: string | null }>();
  readonly symbols = new Map<string, { version: string; entry: KfuncEntry }[]>();
  readonly symbolSets: string[] = [];
  readonly changes: PolicyChange[] = [];
  readonly notes: string[] = [];

  constructor(pack: KernelPack, simulatedRelease: string, apiVersion: number, donors: ReadonlyMap<string, KernelPack>) {
    this.pack = pack;
    this.donors = donors;
    this.simulatedRelease = simulatedRelease;
    this.apiVersion = apiVersion;
    for (const kfunc of pack.manifest.kfuncs) this.kfuncs.set(kfunc.name, [...(this.kfuncs.get(kfunc.name) ?? []), kfunc]);
    for (const helper of pack.manifest.helpers) this.helpers.set(helper.id, helper);
    this.btf = pack.btf === null ? null : new EditedBtf(pack.btf, null);
    for (const [name, module] of pack.modules) this.modules.set(name, new EditedBtf(module, this.btf));
    this.layer = this.btf === null ? null : new LayerBtf(LAB_MODULE, this.btf);
  }

  /** A change with a `since` is in force from that release on. */
  inForce(since: string | undefined): boolean {
    return since === undefined || compareSeries(this.simulatedRelease, since) >= 0;
  }

  record(change: PolicyChange): void {
    this.changes.push(change);
  }

  /** Whether the kernel has the kfunc; a note says so when it has not. */
  present(name: string, path: string, purpose: string): boolean {
    if (this.kfuncs.has(name)) return true;
    const near = nearestNames(name, this.kfuncs.keys(), 2);
    const hint = near.length > 0 ? ` (nearest: ${near.join(", ")})` : "";
    this.notes.push(`${path}: kernel ${this.pack.manifest.kernel} has no kfunc ${name} ${purpose}${hint}`);
    return false;
  }

  helperByName(name: string): HelperEntry | undefined {
    for (const helper of this.helpers.values()) if (helper.name === name) return helper;
    return undefined;
  }

  /** BTF of a module or of the kernel itself, as edited so far. */
  btfOf(module: string | null): Btf | undefined {
    if (module === null) return this.btf ?? undefined;
    return module === LAB_MODULE ? (this.layer ?? undefined) : this.modules.get(module);
  }

  protoOf(kfunc: KfuncEntry): BtfOf<typeof BtfKind.FUNC_PROTO> | undefined {
    const btf = this.btfOf(kfunc.module);
    const func = btf?.type(kfunc.btfId);
    const proto = func?.kind === BtfKind.FUNC ? btf?.type(func.type) : undefined;
    return proto?.kind === BtfKind.FUNC_PROTO ? proto : undefined;
  }

  /** Takes the kfunc out of the tables and out of BTF. */
  dropKfunc(name: string): void {
    for (const kfunc of this.kfuncs.get(name) ?? []) {
      const btf = this.btfOf(kfunc.module);
      if (btf instanceof EditedBtf) btf.removeFunc(kfunc.btfId);
      else if (btf instanceof LayerBtf) btf.hide(kfunc.btfId);
    }
    // Other functions of that name (static ones of another file) are no kfuncs but would be found.
    for (const btf of [this.btf, ...this.modules.values()]) for (const id of btf?.named(name) ?? []) if (id >= btf!.startId) btf!.removeFunc(id);
    this.kfuncs.delete(name);
  }

  /** A kfunc with BTF of its own; null when the kernel has no BTF, so that there can be none. */
  makeEntry(options: EntryOptions): Result<KfuncEntry | null, string> {
    const { path } = options;
    const proto = parsePrototype(options.prototype);
    if (!proto.ok) return err(`${path}.prototype: ${proto.error}`);
    if (!this.layer) return ok(null);
    const id = addKfunc(this.layer, proto.value);
    if (!id.ok) return err(`${path}.prototype: ${id.error} (kernel ${this.pack.manifest.kernel})`);
    return this.entryFor(id.value, proto.value.name, options);
  }

  /** The entry of a FUNC that stands in the layer already. */
  entryFor(id: BtfId, name: string, options: Omit<EntryOptions, "prototype">): Result<KfuncEntry, string> {
    const { flags, progTypes, exact, origin, path } = options;
    const entry: KfuncEntry = {
      name, module: LAB_MODULE, btfId: id, flags, progTypes, ...(exact ? { exact } : {}), ...(origin === undefined ? {} : { origin }),
      sets: [{ name: `${LAB_MODULE}_kfunc_set`, hook: LAB_MODULE, filter: false, flags }],
    };
    if (!options.body) return ok(entry);
    const body = this.kfuncBody(options.body, entry, `${path}.body`);
    return body.ok ? ok({ ...entry, body: body.value }) : body;
  }

  kfuncBody(body: LabBody, entry: KfuncEntry, path: string): Result<FunctionBody, string> {
    const proto = this.protoOf(entry);
    const btf = this.btfOf(entry.module);
    return this.body(body, entry.name, proto && btf ? { btf, params: proto.params, ret: proto.ret } : null, path);
  }

  helperBody(body: LabBody, helper: HelperEntry, path: string): Result<FunctionBody, string> {
    return this.body(body, helper.name, this.helperScope(helper), path);
  }

  /** Parameters by the names of bpf_helper_defs.h; where its prototype is not simple, five numbers a1 … a5. */
  private helperScope(helper: HelperEntry): ExpressionScope | null {
    if (!this.layer) return null;
    const proto = helper.prototype === undefined ? undefined : parsePrototype(helper.prototype);
    if (proto?.ok) {
      const id = addKfunc(this.layer, { ...proto.value, name: "" });
      const func = id.ok ? this.layer.type(id.value) : undefined;
      const type = func?.kind === BtfKind.FUNC ? this.layer.type(func.type) : undefined;
      if (type?.kind === BtfKind.FUNC_PROTO) return { btf: this.layer, params: type.params, ret: type.ret };
    }
    const u64 = this.layer.find(BtfKind.TYPEDEF, "u64") ?? (0 as BtfId);
    return { btf: this.layer, params: [1, 2, 3, 4, 5].map((i) => ({ name: `a${i}`, type: u64 })), ret: u64 };
  }

  private body(body: LabBody, name: string, scope: ExpressionScope | null, path: string): Result<FunctionBody, string> {
    if (body.language === "c") {
      if (body.object === undefined) return ok({ kind: "source", name });
      const object = decodeBase64(body.object);
      return object ? ok({ kind: "object", name, object }) : err(`${path}.object: not base64`);
    }
    if (!scope) return ok({ kind: "source", name });
    const code = compileExpression(body.text, scope);
    return code.ok ? ok({ kind: "expression", text: body.text, code: code.value }) : err(`${path}.text: ${code.error}`);
  }

  knownTypes(types: readonly string[], path: string): readonly string[] {
    const known = [...this.pack.manifest.progTypes.map((t) => t.name), ...this.programTypes.keys()];
    for (const type of types) {
      if (known.includes(type)) continue;
      const near = nearestNames(type, known, 1);
      this.notes.push(`${path}.programTypes: kernel ${this.pack.manifest.kernel} has no program type ${type}${near[0] ? ` (nearest: ${near[0]})` : ""}`);
    }
    return types.filter((t) => known.includes(t));
  }

  /** The release of whose functions one is taken; the error says that its pack is not there. */
  donor(release: string, path: string): Result<KernelPack, string> {
    const donor = this.donors.get(release);
    return donor ? ok(donor) : err(`${path}.from: there is no kernel ${release} to take it from`);
  }

  version(): { major: number; minor: number; patch: number } {
    const { kernel, version } = this.pack.manifest;
    return this.simulatedRelease === kernel ? version : parseRelease(this.simulatedRelease)!;
  }

  /** Which function a versioned name is; the latest set's serves those who ask for no version. */
  settleSymbols(): ReadonlyMap<string, readonly VersionedSymbol[]> {
    const out = new Map<string, readonly VersionedSymbol[]>();
    for (const [name, symbols] of this.symbols) {
      const chosen = symbols.at(-1)!.entry;
      const all = new Map([...symbols.map((s) => s.entry), ...(this.kfuncs.get(name) ?? [])].map((e) => [`${e.module}:${e.btfId}`, e]));
      const entries = [...all.values()].map((e) => {
        if (e.module === chosen.module && e.btfId === chosen.btfId) return e;
        const btf = this.btfOf(e.module);
        if (btf instanceof EditedBtf || btf instanceof LayerBtf) btf.hide(e.btfId);
        return { ...e, byIdOnly: true as const };
      });
      this.kfuncs.set(name, entries);
      out.set(name, symbols.map(({ version, entry }) => ({ version, module: entry.module, btfId: entry.btfId })));
    }
    return out;
  }
}

export function withFlag(flags: readonly string[], flag: string): readonly string[] {
  return flags.includes(flag) ? flags : [...flags, flag];
}
