/**
 * A pack's manifest out of what was read and asked.
 */
import { BtfKind } from "../../../src/btf/types.ts";
import type { CtxAccess, HelperEntry, HelperProto, KernelPackManifest, KfuncEntry } from "../../../src/kernel/types.ts";
import { imageRecord, type ImageRecord } from "../images.ts";
import { contextStruct, longContexts, sampleStep } from "./context.ts";
import { limitsOf } from "./features.ts";
import { kfuncFlagNames } from "./kfunc-flags.ts";
import type { KernelFacts } from "./probe.ts";
import { kernelEnums, type Variant } from "./variants.ts";

/** What the kernel says to a kfunc that this kind of program may not call (check_kfunc_call, all releases that have kfuncs). */
const kfuncRefused = /calling kernel function \S+ is not allowed/;

/** Said before the verifier asks for a prototype (6.16 on): such an answer tells nothing of the helper. */
export const helperUnanswered = /program with __ref argument cannot tail call/;

/** What a log says to a kfunc: may be called (or was refused for its arguments), may not, or nothing. */
export function kfuncAnswer(log: string): "y" | "n" | "?" {
  if (kfuncRefused.test(log)) return "n";
  // 7.2 looks for the prototype without the implicit arguments after it has looked at the program type.
  if (/does not have a valid func_proto/.test(log)) return "y";
  // Refused before the program type was looked at (add_kfunc_call, 6.3 on).
  return /metadata kfuncs require device-bound program|^processed 0 insns/m.test(log) ? "?" : "y";
}

/**
 * Folds answers by variant into keys: the program type alone where every variant of it says the same, else the most
 * common answer (a plain variant's, where there is one) and the exact keys that differ. Undefined is "no".
 */
export function foldVariants<T>(variants: readonly Variant[], answer: (variant: Variant) => T | undefined): Map<string, T | undefined> {
  const out = new Map<string, T | undefined>();
  const members = new Set(variants.map((variant) => variant.progType));
  for (const progType of members) {
    const own = variants.filter((variant) => variant.progType === progType);
    foldGroup(progType, own, answer, out);
  }
  return out;
}

function foldGroup<T>(key: string, group: readonly Variant[], answer: (variant: Variant) => T | undefined, out: Map<string, T | undefined>): void {
  const plain = group.find((variant) => variant.key === key);
  const general = plain ? answer(plain) : mostCommon(group.map(answer));
  out.set(key, general);
  // struct_ops: one level more, NAME and NAME/member
  const structs = new Map<string, Variant[]>();
  for (const variant of group) {
    const slash = variant.key.indexOf("/");
    if (slash >= 0 && variant.key.slice(0, slash) !== key) {
      const name = variant.key.slice(0, slash);
      structs.set(name, [...(structs.get(name) ?? []), variant]);
    } else if (variant !== plain && answer(variant) !== closest(variant.key, out, general)) out.set(variant.key, answer(variant));
  }
  for (const [name, own] of structs) {
    const before = new Map<string, T | undefined>();
    foldGroup(name, own, answer, before);
    for (const [exact, value] of before) if (exact !== name || value !== general) out.set(exact, value);
  }
}

/** What a reader would find for a key that is not there: the key without ":sleepable", or the general answer. */
function closest<T>(key: string, out: ReadonlyMap<string, T | undefined>, general: T | undefined): T | undefined {
  const parent = key.replace(/:sleepable$/, "");
  return parent !== key && out.has(parent) ? out.get(parent) : general;
}

function mostCommon<T>(values: readonly (T | undefined)[]): T | undefined {
  const counts = new Map<T | undefined, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}

function helperEntries(facts: KernelFacts): HelperEntry[] {
  return facts.helpers.map(({ id, name }) => {
    const used = new Set<bigint>();
    for (const answers of facts.helperAnswers.values()) {
      const proto = answers.get(id)?.proto ?? 0n;
      if (proto !== 0n) used.add(proto);
    }
    const addresses = [...used].sort((a, b) => (symbolOf(facts, a) < symbolOf(facts, b) ? -1 : 1));
    const answered = (variant: Variant) => !helperUnanswered.test(facts.helperAnswers.get(variant.key)?.get(id)?.message ?? "");
    const folded = foldVariants(facts.variants.filter((variant) => facts.helperAnswers.has(variant.key) && answered(variant)), (variant) => {
      const proto = facts.helperAnswers.get(variant.key)?.get(id)?.proto ?? 0n;
      return proto === 0n ? undefined : addresses.indexOf(proto);
    });
    const allowed: Record<string, number> = {};
    for (const [key, index] of folded) {
      if (index !== undefined) allowed[key] = index;
      else if (key.includes(":")) allowed[key] = -1;
    }
    dropNeedlessRefusals(allowed);
    return { id, name, protos: addresses.map((address) => protoAt(facts, address)), allowed };
  });
}

/** A "no" for an exact key says nothing where the general key is not there either. */
function dropNeedlessRefusals(allowed: Record<string, number>): void {
  for (const [key, index] of Object.entries(allowed)) {
    if (index !== -1) continue;
    const shorter = [key.replace(/:sleepable$/, ""), key.split("/")[0] ?? "", key.split(":")[0] ?? ""].filter((other) => other !== key);
    if (!shorter.some((other) => allowed[other] !== undefined)) delete allowed[key];
  }
}

function symbolOf(facts: KernelFacts, address: bigint): string {
  return facts.protos.get(address)?.symbol ?? address.toString(16);
}

function protoAt(facts: KernelFacts, address: bigint): HelperProto {
  const proto = facts.protos.get(address);
  if (!proto) throw new Error(`the kernel took a prototype at 0x${address.toString(16)} that was not read`);
  return proto;
}

function kfuncEntries(facts: KernelFacts, kernel: string): KfuncEntry[] {
  const out: KfuncEntry[] = [];
  const hookTypes = typesOfHooks(facts);
  for (const { module, kfuncs } of facts.live) {
    const btf = module === null ? facts.btf : facts.modules.find((entry) => entry.name === module)?.btf;
    if (!btf || kfuncs.length === 0) continue;
    const sets = facts.sets.filter((set) => set.module === module);
    for (const id of [...new Set(kfuncs.map((entry) => entry.id))].sort((a, b) => a - b)) {
      const func = btf.type(id);
      if (func?.kind !== BtfKind.FUNC) throw new Error(`kfunc id ${id} of ${module ?? "vmlinux"} is no function`);
      const hooks = kfuncs.filter((entry) => entry.id === id);
      const flags = hooks.reduce((bits, entry) => bits | entry.flags, 0);
      const asked = facts.variants.filter((variant) => facts.kfuncAnswers.has(variant.key));
      const unanswered = asked.some((variant) => kfuncAnswer(facts.kfuncAnswers.get(variant.key)?.get(`${module ?? ""}/${id}`) ?? "") === "?");
      const byHook = new Set(hooks.flatMap((entry) => [...(hookTypes.get(entry.hook) ?? [])]));
      const may = (variant: Variant) => (unanswered ? byHook.has(variant.progType) || undefined : kfuncAnswer(facts.kfuncAnswers.get(variant.key)?.get(`${module ?? ""}/${id}`) ?? "") === "n" ? undefined : true);
      const progTypes = [...new Set(asked.filter(may).map((variant) => variant.progType))].sort();
      const folded = foldVariants(asked, may);
      const only: Record<string, boolean> = {};
      for (const [key, yes] of folded) if (key.includes(":") || (yes === undefined && progTypes.includes(key))) only[key] = yes === true;
      out.push({
        name: func.name,
        module,
        btfId: id,
        flags: kfuncFlagNames(kernel, flags),
        progTypes,
        ...(Object.keys(only).length > 0 ? { exact: only } : {}),
        sets: hooks.map((hook) => ({
          name: sets.filter((set) => set.ids.includes(id) && inHook(set.ids, kfuncs, hook.hook)).map((set) => set.name).join(" ") || "",
          hook: hook.hook,
          filter: hook.filters.length > 0,
          flags: kfuncFlagNames(kernel, hook.flags),
        })),
      });
    }
  }
  return out;
}

/** Program types each hook stands for: those to which every kfunc of the hook is allowed, going by hooks without a filter. */
function typesOfHooks(facts: KernelFacts): Map<string, Set<string>> {
  const out = new Map<string, Set<string>>();
  const types = [...new Set(facts.variants.map((variant) => variant.progType))];
  const answerTo = (module: string | null, id: number, progType: string) => {
    const variant = facts.variants.find((entry) => entry.progType === progType && facts.kfuncAnswers.has(entry.key));
    return variant ? (facts.kfuncAnswers.get(variant.key)?.get(`${module ?? ""}/${id}`) ?? "") : undefined;
  };
  const entries = facts.live.flatMap(({ module, kfuncs }) => kfuncs.filter((entry) => entry.filters.length === 0).map((entry) => ({ ...entry, module })));
  for (const hook of new Set(entries.map((entry) => entry.hook))) {
    const own = entries.filter((entry) => entry.hook === hook && kfuncAnswer(answerTo(entry.module, entry.id, types[0] ?? "") ?? "") !== "?");
    const stands = (progType: string) => own.length > 0 && own.every((entry) => {
      const answer = answerTo(entry.module, entry.id, progType);
      return answer !== undefined && kfuncAnswer(answer) !== "n";
    });
    out.set(hook, new Set(types.filter(stands)));
  }
  return out;
}

/** Whether all of a set is registered on a hook. */
function inHook(ids: readonly number[], kfuncs: readonly { readonly id: number; readonly hook: string }[], hook: string): boolean {
  return ids.every((id) => kfuncs.some((entry) => entry.id === id && entry.hook === hook));
}

/** The register type a read gave, as the log prints it, without its details; "scalar" for what older releases call inv or print as a number. */
export function readType(log: string): string | null {
  const match = /\bR0(?:_[a-zA-Z]+)?=([A-Za-z_]+|-?\d+|0x[0-9a-f]+)/.exec(log);
  if (!match?.[1]) return null;
  const word = match[1];
  return /^(inv|P?scalar|-?\d|0x)/.test(word) || word === "invP" ? "scalar" : word;
}

type Field = { off: number; size: number; read: string | null; write: boolean };

/** Samples of a long context folded into one range, if they were all taken up to some point and none after it. */
function foldLong(progType: string, fields: readonly Field[]): { fields: readonly Field[]; rest?: CtxAccess["rest"] } {
  const near = longContexts[progType]?.near;
  const samples = near === undefined ? [] : fields.filter((field) => field.off >= near);
  const first = samples[0];
  if (near === undefined || !first) return { fields };
  const sizes = [...new Set(samples.map((field) => field.size))].sort((a, b) => a - b);
  const to = Math.max(...samples.map((field) => field.off + field.size));
  const wide = samples.filter((field) => field.size === 8).length;
  const alike = samples.every((field) => field.read === first.read && field.write === first.write);
  if (!alike || wide !== (to - near) / sampleStep) throw new Error(`the context of ${progType} is no plain range past ${near}`);
  return { fields: fields.filter((field) => field.off < near), rest: { from: near, to, sizes, read: first.read, write: first.write } };
}

/** The access was taken: the verifier went on to the instruction that reads an unwritten register. */
export const accessTaken = /R8 !read_ok/;

function contextAccess(facts: KernelFacts): CtxAccess[] {
  const byVariant = new Map<Variant, Map<string, Field>>();
  for (const { variant, off, size, write, answer } of facts.contextAnswers) {
    let fields = byVariant.get(variant);
    if (!fields) byVariant.set(variant, (fields = new Map()));
    if (!accessTaken.test(answer.log)) continue;
    const key = `${off}/${size}`;
    const field = fields.get(key) ?? { off, size, read: null, write: false };
    if (write) field.write = true;
    else field.read = readType(answer.log) ?? "?";
    fields.set(key, field);
  }
  const out: CtxAccess[] = [];
  const all = [...byVariant].map(([variant, fields]) => ({ variant, ...foldLong(variant.progType, [...fields.values()].sort((a, b) => a.off - b.off || a.size - b.size)) }));
  for (const progType of new Set(all.map(({ variant }) => variant.progType))) {
    const own = all.filter(({ variant }) => variant.progType === progType);
    const texts = own.map(({ fields, rest }) => JSON.stringify({ fields, rest }));
    const { name } = contextStruct(facts.btf, progType);
    const plain = own.findIndex(({ variant }) => variant.attachType === null);
    const general = plain >= 0 ? texts[plain] : texts.every((text) => text === texts[0]) ? texts[0] : undefined;
    if (general !== undefined) out.push({ progType, attachType: null, struct: name, ...(JSON.parse(general) as { fields: Field[] }) });
    own.forEach(({ variant, fields, rest }, i) => {
      if (variant.attachType !== null && texts[i] !== general) out.push({ progType, attachType: variant.attachType, struct: name, fields, ...(rest ? { rest } : {}) });
    });
  }
  return out;
}

const packagesOf = (record: ImageRecord) => [record.image, record.modules, record.base].flatMap((pkg) => (pkg ? [{ name: pkg.name, version: pkg.version, sha256: pkg.sha256 }] : []));

/** The manifest of a kernel. */
export function makeManifest(kernel: string, facts: KernelFacts): KernelPackManifest {
  const record = imageRecord(kernel);
  const [major = 0, minor = 0, patch = 0] = record.version.split(".").map(Number);
  const enums = kernelEnums(facts.btf);
  const kfuncs = kfuncEntries(facts, kernel);
  const nameIn = (module: string | null, id: number) => (module === null ? facts.btf : facts.modules.find((entry) => entry.name === module)?.btf)?.type(id)?.name ?? `#${id}`;
  return {
    schema: 1,
    kernel,
    release: record.release,
    version: { major, minor, patch },
    packages: packagesOf(record),
    progTypes: enums.progTypes.map(({ id, name }) => ({ id, name, supported: facts.supported.has(name) })),
    mapTypes: enums.mapTypes.map(({ id, name }) => ({ id, name, supported: facts.mapTypes.has(id) })),
    attachTypes: enums.attachTypes,
    helpers: helperEntries(facts),
    kfuncs,
    dtors: facts.live.flatMap(({ module, dtors }) => dtors.map((dtor) => ({ struct: nameIn(module, dtor.struct), kfunc: nameIn(module, dtor.kfunc) }))),
    structOps: facts.live.flatMap(({ module, structOps }) => structOps.map((name) => ({ name, module }))),
    idSets: facts.idSets,
    functionsWithoutAddress: facts.withoutAddress,
    ctx: contextAccess(facts),
    limits: limitsOf(facts.features),
    probes: facts.features,
    modules: facts.modules.map((module) => module.name),
  };
}
