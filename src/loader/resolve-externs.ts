import type { BtfId } from "../base/brand.ts";
import { KIND_NAMES } from "../btf/constants.ts";
import { typesAreCompatible } from "../btf/core-compat.ts";
import { BtfKind, type Btf } from "../btf/types.ts";
import { LAB_MODULE } from "../kernel/lab/workbench.ts";
import type { Kernel } from "../kernel/types.ts";
import type { Extern } from "./internals.ts";
import { setKconfigNumber, setKconfigText } from "./kconfig.ts";
import { EINVAL, ESRCH, Refusal } from "./refusal.ts";
import { indexOfModule, moduleBtfs, type LoadSession } from "./session.ts";

/** Where an extern ended up. A weak one that was not found is `missing`: calls are poisoned, addresses are 0. */
export type ResolvedExtern =
  | { kind: "kconfig"; offset: number }
  | { kind: "btf"; module: string | null; id: BtfId }
  | { kind: "address"; address: bigint }
  | { kind: "missing" };

/** where the kernel's text begins on x86-64 without KASLR */
const TEXT_START = 0xffff_ffff_8100_0000n;

/**
 * Resolves every extern of the object, whatever program uses it, and fills the .kconfig map's content
 * (libbpf bpf_object__resolve_externs).
 */
export function resolveExterns(session: LoadSession, kconfigData: Uint8Array | undefined): ResolvedExtern[] {
  const { object, log } = session;
  const resolved = new Map<Extern, ResolvedExtern>();
  const unresolved: Extern[] = [];
  const wantConfig: Extern[] = [];
  for (const extern of object.externs) {
    if (!extern.kconfig || !kconfigData) continue;
    resolved.set(extern, { kind: "kconfig", offset: extern.kconfig.offset });
    if (extern.name.startsWith("CONFIG_")) wantConfig.push(extern);
    else setKconfigNumber(extern, kconfigData, virtualKconfig(session.kernel, extern, session), log);
  }
  for (const extern of wantConfig) {
    const value = session.kernel.config(extern.name);
    if (session.kernel.imageOnly) {
      throw new Refusal(`the value of ${extern.name} is not known: the pack of ${session.kernel.name} was made from the kernel's image alone, without its .config`, {
        stage: "resolve", verdict: "unsupported", subject: { kind: "kconfig", name: extern.name },
      });
    }
    if (value === undefined) unresolved.push(extern);
    else setKconfigText(extern, kconfigData as Uint8Array, value, log);
  }
  for (const extern of object.externs) {
    if (extern.kind !== "ksym") continue;
    const found = extern.typeId === 0 ? resolveTypeless(session, extern) : extern.isFunc ? resolveFunc(session, extern) : resolveVar(session, extern);
    resolved.set(extern, found);
    if (found.kind === "missing") unresolved.push(extern);
  }
  for (const extern of object.externs) {
    if (unresolved.includes(extern) && !extern.weak) {
      log.refuse(`extern '${extern.name}' (strong): not resolved`, { stage: "resolve", errno: ESRCH, subject: { kind: extern.kind, name: extern.name } });
    }
  }
  return object.externs.map((extern) => resolved.get(extern) ?? { kind: "missing" });
}

/** LINUX_* variables that libbpf answers itself. */
function virtualKconfig(kernel: Kernel, extern: Extern, session: LoadSession): bigint {
  switch (extern.name) {
    case "LINUX_KERNEL_VERSION": {
      const { major, minor, patch } = kernel.version;
      return BigInt((major << 16) + (minor << 8) + Math.min(patch, 255));
    }
    case "LINUX_HAS_BPF_COOKIE":
      return kernel.has("bpf_cookie") ? 1n : 0n;
    case "LINUX_HAS_SYSCALL_WRAPPER":
      return 1n;
    default:
      if (extern.name.startsWith("LINUX_") && extern.weak) return 0n;
      return session.log.refuse(`extern (kcfg) '${extern.name}': unrecognized virtual extern`, { stage: "resolve", errno: EINVAL, subject: { kind: "kconfig", name: extern.name } });
  }
}

/**
 * `extern const void sym __ksym` is looked up in /proc/kallsyms (libbpf kallsyms_cb), which a pack does not hold. Variables that
 * BTF names are there, functions too but for those of which the pack knows that they are not. Their address is made up, and
 * a program can do nothing with it but compare and print it.
 */
function resolveTypeless(session: LoadSession, extern: Extern): ResolvedExtern {
  const func = findKsym(session, extern.name, BtfKind.FUNC);
  const found = func ?? findKsym(session, extern.name, BtfKind.VAR);
  if (func && session.kernel.manifest.functionsWithoutAddress?.[func.module ?? ""]?.includes(extern.name)) return { kind: "missing" };
  if (found) {
    session.log.warn(`extern (ksym) '${extern.name}': the address is made up; a simulated kernel has none`);
    return { kind: "address", address: TEXT_START + 16n * BigInt(found.id) };
  }
  throw new Refusal(`the address of kernel symbol '${extern.name}' (an extern without a type) is not part of a simulated kernel`, {
    stage: "resolve", verdict: "unsupported", subject: { kind: "ksym", name: extern.name },
  });
}

/** In vmlinux, then in modules (libbpf find_ksym_btf_id). */
export function findKsym(session: LoadSession, name: string, kind: BtfKind): { module: string | null; btf: Btf; id: BtfId } | undefined {
  const { kernel } = session;
  const id = kernel.btf?.find(kind, name);
  if (kernel.btf && id !== undefined) return { module: null, btf: kernel.btf, id };
  for (const [module, btf] of moduleBtfs(session)) {
    const found = btf.find(kind, name);
    if (found !== undefined && found >= btf.startId) return { module, btf, id: found };
  }
  return undefined;
}

function resolveVar(session: LoadSession, extern: Extern): ResolvedExtern {
  const { log, object } = session;
  const details = { stage: "resolve" as const, errno: EINVAL, subject: { kind: "ksym" as const, name: extern.name } };
  const found = findKsym(session, extern.name, BtfKind.VAR);
  if (!found) {
    if (extern.weak) return { kind: "missing" };
    return log.refuse(`extern (var ksym) '${extern.name}': not found in kernel BTF`, { ...details, errno: ESRCH });
  }
  const variable = found.btf.type(found.id);
  const target = variable?.kind === BtfKind.VAR ? found.btf.resolve(variable.type) : undefined;
  if (object.btf && target && typesAreCompatible(object.btf, extern.typeId, found.btf, target.id) === "yes") return { kind: "btf", module: found.module, id: found.id };
  const local = object.btf?.type(extern.typeId);
  return log.refuse(
    `extern (var ksym) '${extern.name}': incompatible types, expected [${extern.typeId}] ${KIND_NAMES[local?.kind ?? 0]} ${local?.name ?? ""}, but kernel has [${target?.id ?? 0}] ${KIND_NAMES[target?.kind ?? 0]} ${target?.name ?? ""}`,
    details,
  );
}

/** The version that a name asks for: "LINUX_7_2" of bpf_example___LINUX_7_2; in capitals, so that libbpf's flavours stay what they are. */
function versionOf(extern: Extern): string | null {
  const suffix = extern.name.slice(extern.essential.length).replace(/^___/, "");
  return /^[A-Z][A-Z0-9_]*_\d+$/.test(suffix) ? suffix : null;
}

const spelled = (version: string): string => version.replaceAll(".", "_");

/** A custom kernel's NAME@VERSION; undefined where the kernel has no versions or the name asks for none. */
function findVersioned(session: LoadSession, extern: Extern): { module: string | null; btf: Btf; id: BtfId } | "unknown version" | undefined {
  const { kernel } = session;
  const { policy } = kernel;
  const wanted = versionOf(extern);
  if (!policy || policy.symbolSets.length === 0 || wanted === null) return undefined;
  const symbol = policy.symbolVersions.get(extern.essential)?.find((s) => spelled(s.version) === wanted);
  const btf = symbol === undefined ? undefined : symbol.module === null ? kernel.btf : kernel.modules.get(symbol.module);
  return symbol && btf ? { module: symbol.module, btf, id: symbol.btfId } : "unknown version";
}

function unknownVersion(session: LoadSession, extern: Extern): string {
  const { symbolSets, symbolVersions } = session.kernel.policy!;
  const wanted = versionOf(extern)!;
  const set = symbolSets.find((s) => spelled(s) === wanted);
  const has = symbolVersions.get(extern.essential)?.map((s) => s.version) ?? [];
  const why = set === undefined ? `kernel ${session.kernel.name} has no version ${wanted}` : `version ${set} of kernel ${session.kernel.name} does not list ${extern.essential}`;
  const there = has.length > 0 ? `${extern.essential} has ${has.join(", ")}` : `${extern.essential} has no versions`;
  return `extern (func ksym) '${extern.name}': ${why}; ${there}`;
}

/** Functions that a custom kernel brings stand for the kernel's own, though they are kept like a module's. */
const homeOf = (module: string | null): string => (module === null || module === LAB_MODULE ? "vmlinux" : module);

function resolveFunc(session: LoadSession, extern: Extern): ResolvedExtern {
  const { log, object } = session;
  const details = { stage: "resolve" as const, errno: EINVAL, subject: { kind: "kfunc" as const, name: extern.essential } };
  const found = findVersioned(session, extern) ?? findKsym(session, extern.essential, BtfKind.FUNC);
  if (!found || found === "unknown version") {
    if (extern.weak) return { kind: "missing" };
    if (found) return log.refuse(unknownVersion(session, extern), { ...details, errno: ESRCH });
    return log.refuse(`extern (func ksym) '${extern.name}': not found in kernel or module BTFs`, { ...details, errno: ESRCH });
  }
  const func = found.btf.type(found.id);
  const proto = func?.kind === BtfKind.FUNC ? func.type : 0;
  if (!object.btf || typesAreCompatible(object.btf, extern.typeId, found.btf, proto) !== "yes") {
    if (extern.weak) return { kind: "missing" };
    return log.refuse(`extern (func ksym) '${extern.name}': func_proto [${extern.typeId}] incompatible with ${homeOf(found.module)} [${proto}]`, details);
  }
  indexOfModule(session, found.module);
  return { kind: "btf", module: found.module, id: found.id };
}
