import type { Btf } from "../../btf/types.ts";
import { FEATURES, type FeatureName, type FeatureRange } from "../../kernel/features.ts";
import type { Kernel, KernelPackManifest } from "../../kernel/types.ts";
import { MAP_TYPES } from "../uapi.ts";
import { SECTION_DEFS } from "../section-defs.ts";

export interface FakeKernelOptions {
  /** "7.2" */
  name?: string;
  btf?: Btf | null;
  modules?: ReadonlyMap<string, Btf>;
  config?: Readonly<Record<string, string>>;
  /** map types it does not have */
  withoutMaps?: readonly string[];
  /** functions that BTF names and the symbol table does not */
  withoutAddress?: readonly string[];
}

/** A kernel of nothing but BTF, configuration and map types: as much as loading an object asks for. */
export function fakeKernel(options: FakeKernelOptions = {}): Kernel {
  const name = options.name ?? "7.2";
  const [major = 7, minor = 2] = name.split(".").map(Number);
  const version = { major, minor, patch: 12 };
  const manifest: KernelPackManifest = {
    schema: 1, kernel: name, release: `${name}.12-fake`, version, packages: [], progTypes: [...new Set(SECTION_DEFS.map((d) => d.type))].map((type, id) => ({ id, name: type, supported: true })), attachTypes: [], helpers: [], kfuncs: [], dtors: [], ctx: [],
    mapTypes: MAP_TYPES.map((type, id) => ({ id, name: type, supported: !options.withoutMaps?.includes(type) })),
    limits: { insns: 1_000_000, complexity: 1_000_000, stack: 512, callFrames: 8, logLevels: 2 }, probes: {}, modules: [...(options.modules?.keys() ?? [])],
    functionsWithoutAddress: { "": options.withoutAddress ?? [] },
  };
  const before = (text: string): boolean => {
    const [a = 0, b = 0] = text.split(".").map(Number);
    return major < a || (major === a && minor < b);
  };
  return {
    name, release: manifest.release, version, manifest, btf: options.btf ?? null, modules: options.modules ?? new Map(),
    has: (feature: FeatureName) => {
      const range: FeatureRange = FEATURES[feature];
      return !(range.since !== undefined && before(range.since)) && (range.until === undefined || before(range.until));
    },
    helper: () => undefined,
    helperByName: () => undefined,
    helperProto: () => "unknown",
    helperProtoFor: () => "unknown",
    kfuncAllowed: () => false,
    kfunc: () => undefined,
    kfuncById: () => undefined,
    config: (key) => options.config?.[key],
    ctxAccess: () => undefined,
    policy: null,
    imageOnly: false,
  };
}
