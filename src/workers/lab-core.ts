/** The engine behind the lab's pages. */
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { BtfKind } from "../btf/types.ts";
import { overlayTextProblems, placeOf } from "../kernel/overlay-problems.ts";
import { nextRelease, releaseDate, removalOf } from "../kernel/lab/release-dates.ts";
import { compareSeries } from "../kernel/releases.ts";
import { planShim } from "../kernel/shim.ts";
import type { ShimPlan } from "../kernel/shim-types.ts";
import { stabilityRecord } from "../kernel/stability.ts";
import type { StabilityRecord } from "../kernel/stability-types.ts";
import type { Kernel } from "../kernel/types.ts";
import type { KernelStore } from "./kernel-store.ts";
import { bodyProgram, uncompiledBodies, withObjects } from "../kernel/lab/bodies.ts";
import { parseOverlay } from "../kernel/overlay.ts";
import type { LabBodySource, LabNameKind, LabPolicy, OverlayReport, ShimRequest } from "./lab-api.ts";

const MAX_NAMES = 60;
/** How far a form offers releases beyond the newest kernel. */
const RELEASES_AHEAD = 14;

export async function stability(store: KernelStore, name: string, kernelName: string | null, overlay: string | null): Promise<Result<StabilityRecord, string>> {
  const apis = await store.apis();
  if (!apis.ok) return apis;
  const users = await store.users();
  // Only an overlay says something of its own: a release's part is in the database.
  const kernel = kernelName === null || overlay === null ? null : await store.kernel(kernelName, overlay);
  // An overlay that cannot be applied is told of elsewhere; the releases' part of the record still stands.
  return stabilityRecord(name, { db: apis.value, users: users.ok ? users.value : null, kernel: kernel?.ok ? kernel.value : null });
}

export async function overlayProblems(store: KernelStore, overlay: string, kernelName: string): Promise<OverlayReport> {
  const problems = overlayTextProblems(overlay);
  if (problems.length > 0) return { problems, notes: [] };
  const kernel = await store.kernel(kernelName, overlay);
  if (!kernel.ok) return { problems: [placeOf(kernel.error)], notes: [] };
  return { problems: [], notes: (kernel.value.policy?.notes ?? []).map(placeOf) };
}

export async function labNames(store: KernelStore, kernelName: string, overlay: string | null, what: LabNameKind, part: string): Promise<Result<readonly string[], string>> {
  if (what === "release") {
    const index = await store.index();
    return index.ok ? ok(releasesAround(index.value.kernels.map((k) => k.kernel)).filter((r) => r.startsWith(part)).slice(0, MAX_NAMES)) : index;
  }
  let kernel = await store.kernel(kernelName, overlay);
  if (!kernel.ok && overlay !== null) kernel = await store.kernel(kernelName, null);
  if (!kernel.ok) return kernel;
  return ok(best(namesOf(kernel.value, what), part));
}

function* namesOf(kernel: Kernel, what: Exclude<LabNameKind, "release">): Generator<string> {
  const { manifest, btf } = kernel;
  switch (what) {
    case "kfunc":
      for (const k of manifest.kfuncs) yield k.name;
      break;
    case "helper":
      for (const h of manifest.helpers) yield h.name;
      break;
    case "program type":
      for (const t of manifest.progTypes) if (t.supported) yield t.name;
      break;
    case "flag":
      for (const k of manifest.kfuncs) yield* k.flags;
      yield "KF_DEPRECATED";
      break;
    case "struct":
      for (let id = 1; btf !== null && id < btf.count; id++) {
        const type = btf.type(id);
        if (type?.kind === BtfKind.STRUCT && type.name !== "") yield type.name;
      }
  }
}

/** Those beginning with the part, then those containing it; each once, by name. */
function best(names: Iterable<string>, part: string): string[] {
  const begin = new Set<string>();
  const within = new Set<string>();
  for (const name of names) {
    if (name.startsWith(part)) begin.add(name);
    else if (part.length > 1 && name.includes(part)) within.add(name);
  }
  return [...[...begin].sort(), ...[...within].sort()].slice(0, MAX_NAMES);
}

/** The kernels there are and the releases that come after the newest. */
function releasesAround(kernels: readonly string[]): string[] {
  const out = [...kernels];
  for (let at = kernels.at(-1), i = 0; at !== undefined && i < RELEASES_AHEAD; i++) {
    at = nextRelease(at);
    out.push(at);
  }
  return out;
}

export async function labPolicy(store: KernelStore, kernelName: string, overlay: string | null, today: string): Promise<Result<LabPolicy | null, string>> {
  const kernel = await store.kernel(kernelName, overlay);
  if (!kernel.ok) return kernel;
  const { policy } = kernel.value;
  if (!policy) return ok(null);
  const ends = new Set<string>();
  const changes = policy.changes.map((change): LabPolicy["changes"][number] => {
    const fate = change.what === "deprecated" ? policy.deprecated.get(change.name) : change.what === "removed" ? policy.removed.get(change.name) : undefined;
    if (fate?.removedIn) ends.add(fate.removedIn);
    const removal = change.what === "deprecated" && fate?.removedIn ? (removalOf(fate.removedIn, policy.simulatedRelease, today) ?? null) : null;
    return { name: change.name, what: change.what, text: change.text, reason: change.reason, path: change.path, removal, replacement: fate?.replacement ?? null };
  });
  const dates = [...ends].sort(compareSeries).map((r) => releaseDate(r)).filter((d) => d !== undefined);
  return ok({ name: policy.name, simulatedRelease: policy.simulatedRelease, changes, dates,
    api: policy.api && { version: policy.api.version, oldest: policy.api.oldest, supportWindow: policy.api.supportWindow },
    symbolSets: policy.symbolSets,
    programTypes: [...policy.programTypes.values()].map(({ name, section, struct, about }) => ({ name, section, struct, about })),
  });
}

export function labBodies(overlay: string): Result<readonly LabBodySource[], string> {
  const parsed = parseOverlay(overlay);
  return parsed.ok ? ok(uncompiledBodies(parsed.value).map((body) => ({ path: body.path, name: body.name, program: bodyProgram(body) }))) : parsed;
}

export function withBodies(overlay: string, objects: Readonly<Record<string, Uint8Array>>): Result<string, string> {
  const parsed = parseOverlay(overlay);
  return parsed.ok ? ok(JSON.stringify(withObjects(parsed.value, new Map(Object.entries(objects))), null, 2)) : parsed;
}

export async function shim(store: KernelStore, request: ShimRequest): Promise<Result<ShimPlan, string>> {
  const apis = await store.apis();
  if (!apis.ok) return apis;
  if (request.kernels.length === 0) return err("no kernel is in this range");
  return ok(planShim({ db: apis.value, kernels: request.kernels, names: request.names, source: request.source }));
}
