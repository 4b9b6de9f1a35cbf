import type { BtfId } from "../base/brand.ts";
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { Btf } from "../btf/types.ts";
import { evaluateFeatures } from "./feature-set.ts";
import type { FeatureName } from "./features.ts";
import { currentVersion, oldestVersion, refusedVersion } from "./lab/api-window.ts";
import { applyOverlay, simulatedReleaseOf } from "./lab/apply.ts";
import type { ApiWindow } from "./lab/types.ts";
import type { Overlay } from "./overlay-schema.ts";
import { parseRelease } from "./releases.ts";
import { unaskedProto } from "./unasked.ts";
import { lookUpVariant } from "./variant.ts";
import type { ProgramVariant } from "./variant.ts";
import type {
  AttachType, CtxAccess, HelperEntry, HelperProto, Kernel, KernelPack, KernelPackManifest, KernelPolicy, KfuncEntry, ProgType,
} from "./types.ts";

/**
 * Makes a simulated kernel of an opened pack, perhaps with a custom kernel's overlay on it. Named features stay those of
 * the real release under it: nobody knows what the verifier of a simulated later release would do.
 */
export function makeKernel(pack: KernelPack, overlay: Overlay | null = null, donors: ReadonlyMap<string, KernelPack> = new Map()): Result<Kernel, string> {
  if (parseRelease(pack.manifest.kernel) === undefined) return err(`the pack's kernel "${pack.manifest.kernel}" is not a release`);
  const features = evaluateFeatures(pack.manifest);
  if (overlay === null) return ok(new PackKernel(pack, features, null));
  if (overlay.api) return new VersionedKernels(pack, features, overlay, donors).shown();
  const overlaid = applyOverlay(pack, overlay, { donors });
  return overlaid.ok ? ok(new PackKernel(overlaid.value, features, { ...overlaid.value.policy, api: null })) : overlaid;
}

/** One custom kernel as programs of different API versions see it; each view is made when a program asks for it. */
class VersionedKernels {
  private readonly pack: KernelPack;
  private readonly features: ReadonlySet<FeatureName>;
  private readonly overlay: Overlay;
  private readonly donors: ReadonlyMap<string, KernelPack>;
  private readonly current: number;
  private readonly oldest: number;
  private readonly views = new Map<number, Result<Kernel, string>>();

  constructor(pack: KernelPack, features: ReadonlySet<FeatureName>, overlay: Overlay, donors: ReadonlyMap<string, KernelPack>) {
    this.pack = pack;
    this.features = features;
    this.overlay = overlay;
    this.donors = donors;
    const release = simulatedReleaseOf(pack, overlay);
    this.current = currentVersion(overlay.api!, release);
    this.oldest = oldestVersion(overlay.api!, release);
  }

  /** The kernel with its own version's signatures: what its headers declare. */
  shown(): Result<Kernel, string> {
    return this.view(this.current);
  }

  private at(version: number): Result<Kernel, string> {
    const refused = refusedVersion(`${this.pack.manifest.kernel}+${this.overlay.name}`, version, this.current, this.oldest);
    return refused === null ? this.view(version) : err(refused);
  }

  private view(version: number): Result<Kernel, string> {
    let view = this.views.get(version);
    if (!view) {
      view = this.make(version);
      this.views.set(version, view);
    }
    return view;
  }

  private make(version: number): Result<Kernel, string> {
    const overlaid = applyOverlay(this.pack, this.overlay, { donors: this.donors, apiVersion: version });
    if (!overlaid.ok) return overlaid;
    const api: ApiWindow = {
      version: this.current, oldest: this.oldest, supportWindow: this.overlay.api!.supportWindow, shown: version, at: (v) => this.at(v),
    };
    return ok(new PackKernel(overlaid.value, this.features, { ...overlaid.value.policy, api }));
  }
}

class PackKernel implements Kernel {
  readonly name: string;
  readonly release: string;
  readonly version: Kernel["version"];
  readonly manifest: KernelPackManifest;
  readonly btf: Btf | null;
  readonly modules: ReadonlyMap<string, Btf>;
  readonly policy: KernelPolicy | null;
  readonly imageOnly: boolean;
  private readonly features: ReadonlySet<FeatureName>;
  private readonly options: ReadonlyMap<string, string>;
  private readonly helpers = new Map<number, HelperEntry>();
  private readonly helperNames = new Map<string, HelperEntry>();
  private readonly kfuncNames = new Map<string, KfuncEntry>();
  private readonly kfuncIds = new Map<string, KfuncEntry>();
  private readonly contexts = new Map<string, CtxAccess>();

  constructor(pack: KernelPack, features: ReadonlySet<FeatureName>, policy: KernelPolicy | null) {
    const { manifest } = pack;
    this.name = policy ? `${manifest.kernel}+${policy.name}` : manifest.kernel;
    this.release = policy && policy.simulatedRelease !== manifest.kernel ? `${policy.simulatedRelease}.0-${policy.name}` : manifest.release;
    this.version = manifest.version;
    this.manifest = manifest;
    this.btf = pack.btf;
    this.modules = pack.modules;
    this.options = pack.config;
    // Every .config sets something: an empty one stands for a package without it, which has no modules either.
    this.imageOnly = pack.config.size === 0;
    this.features = features;
    this.policy = policy;
    for (const helper of manifest.helpers) {
      this.helpers.set(helper.id, helper);
      this.helperNames.set(helper.name, helper);
    }
    for (const kfunc of manifest.kfuncs) {
      const known = this.kfuncNames.get(kfunc.name);
      if (!kfunc.byIdOnly && (!known || (known.module !== null && kfunc.module === null))) this.kfuncNames.set(kfunc.name, kfunc);
      this.kfuncIds.set(kfuncKey(kfunc.module, kfunc.btfId), kfunc);
    }
    for (const access of manifest.ctx) this.contexts.set(`${access.progType}:${access.attachType ?? ""}`, access);
  }

  has(feature: FeatureName): boolean {
    return this.features.has(feature);
  }

  helper(id: number): HelperEntry | undefined {
    return this.helpers.get(id);
  }

  helperByName(name: string): HelperEntry | undefined {
    return this.helperNames.get(name);
  }

  helperProto(id: number, progType: ProgType, attachType: AttachType | null): HelperProto | "unknown" | "not-allowed" {
    return this.helperProtoFor(id, { type: progType, attachType, sleepable: false });
  }

  helperProtoFor(id: number, program: ProgramVariant): HelperProto | "unknown" | "not-allowed" {
    const helper = this.helpers.get(id);
    if (!helper) return "unknown";
    const index = unaskedProto(helper, program) ?? lookUpVariant(helper.allowed, program);
    return (index === undefined ? undefined : helper.protos[index]) ?? "not-allowed";
  }

  kfuncAllowed(kfunc: KfuncEntry, program: ProgramVariant): boolean {
    const exact = kfunc.exact === undefined ? undefined : lookUpVariant(kfunc.exact, program);
    return exact ?? kfunc.progTypes.includes(program.type);
  }

  kfunc(name: string): KfuncEntry | undefined {
    return this.kfuncNames.get(name);
  }

  kfuncById(module: string | null, id: BtfId): KfuncEntry | undefined {
    return this.kfuncIds.get(kfuncKey(module, id));
  }

  config(name: string): string | undefined {
    return this.options.get(name);
  }

  ctxAccess(progType: ProgType, attachType: AttachType | null): CtxAccess | undefined {
    return this.contexts.get(`${progType}:${attachType ?? ""}`) ?? this.contexts.get(`${progType}:`);
  }
}

function kfuncKey(module: string | null, id: BtfId): string {
  return `${module ?? ""}:${id}`;
}
