import type { BtfId } from "../base/brand.ts";
import { err, ok, type Result } from "../base/result.ts";
import { KIND_NAMES } from "./constants.ts";
import { kindsCompatible } from "./core-compat.ts";
import { essentialName } from "./core-names.ts";
import { CoreKind, EINVAL, coreKindText, formatSpec, isEnumvalKind, isFieldKind, matchSpec, parseSpec, type CoreSpec } from "./core-spec.ts";
import { calcEnumval, calcField, calcType, type Calculated } from "./core-value.ts";
import { BtfKind, type Btf } from "./types.ts";

/** One record of .BTF.ext core_relo with its access string looked up. */
export interface CoreRelo { typeId: BtfId; access: string; kind: number }

/** What an instruction must become (libbpf struct bpf_core_relo_res). */
export interface CoreResult {
  /** value the compiler is expected to have put there */
  origVal: bigint;
  newVal: bigint;
  poison: boolean;
  /** the instruction's present value must equal origVal */
  validate: boolean;
  /** the access's size cannot be changed safely */
  failMemSizeAdjust: boolean;
  /** bytes of the field accessed, 0 when that is not known or does not matter */
  origSize: number;
  newSize: number;
}

const ENOTSUP = -95;
interface Candidate { btf: Btf; id: BtfId }

/**
 * CO-RE relocation of one object's types against a kernel's BTF (libbpf relo_core.c and bpf_core_find_cands). Keeps the
 * candidates found for each local type, and drops those a successful relocation has ruled out, as libbpf does.
 */
export class CoreRelocator {
  private readonly local: Btf;
  private readonly vmlinux: Btf;
  private readonly modules: () => Iterable<Btf>;
  private readonly candidates = new Map<BtfId, Candidate[]>();

  /** `modules` is only asked when vmlinux has no type of a wanted name. */
  constructor(local: Btf, vmlinux: Btf, modules: () => Iterable<Btf>) {
    this.local = local;
    this.vmlinux = vmlinux;
    this.modules = modules;
  }

  /** Finds the value for a relocation; `warn` gets libbpf's lines, the error is a negative errno. `prefix` is "prog 'x': relo #3". */
  resolve(relo: CoreRelo, prefix: string, program: string, insn: number, warn: (line: string) => void): Result<CoreResult, number> {
    const type = this.local.type(relo.typeId);
    if (!type) return err(EINVAL);
    const name = "name" in type ? type.name : "";
    const spec = parseSpec(this.local, relo.typeId, relo.kind, relo.access, (line) => warn(`prog '${program}': ${line}`));
    if (!spec.ok) {
      warn(`${prefix}: parsing [${relo.typeId}] ${KIND_NAMES[type.kind]} ${name || "<anon>"} + ${relo.access} failed: ${spec.error}`);
      return err(EINVAL);
    }
    if (relo.kind === CoreKind.TYPE_ID_LOCAL) {
      const id = BigInt(relo.typeId);
      return ok({ origVal: id, newVal: id, poison: false, validate: false, failMemSizeAdjust: false, origSize: 0, newSize: 0 });
    }
    if (name === "") {
      warn(`${prefix}: target candidate search failed for [${relo.typeId}] ${KIND_NAMES[type.kind]} : ${EINVAL}`);
      return err(EINVAL);
    }
    return this.choose(relo, spec.value, prefix, insn, program, warn);
  }

  private choose(relo: CoreRelo, local: CoreSpec, prefix: string, insn: number, program: string, warn: (line: string) => void): Result<CoreResult, number> {
    const candidates = this.candidatesFor(relo.typeId);
    const kept: Candidate[] = [];
    let chosen: { result: CoreResult; spec: CoreSpec } | undefined;
    for (const [i, candidate] of candidates.entries()) {
      const match = matchSpec(local, candidate.btf, candidate.id);
      if (!match.ok) {
        warn(`${prefix}: error matching candidate #${i} ${formatSpec(match.error.spec)}: ${match.error.errno}`);
        return err(match.error.errno);
      }
      if (!match.value) continue;
      const result = calculate(relo, local, match.value, prefix, insn, program, warn);
      if (!result.ok) return result;
      if (!chosen) {
        chosen = { result: result.value, spec: match.value };
      } else if (match.value.bitOffset !== chosen.spec.bitOffset) {
        warn(`${prefix}: field offset ambiguity: ${match.value.bitOffset} != ${chosen.spec.bitOffset}`);
        return err(EINVAL);
      } else if (result.value.poison !== chosen.result.poison || result.value.newVal !== chosen.result.newVal) {
        const word = (one: CoreResult): string => `${one.poison ? "failure" : "success"} ${one.newVal}`;
        warn(`${prefix}: relocation decision ambiguity: ${word(result.value)} != ${word(chosen.result)}`);
        return err(EINVAL);
      }
      kept.push(candidate);
    }
    if (chosen) {
      this.candidates.set(relo.typeId, kept);
      return ok(chosen.result);
    }
    return calculate(relo, local, null, prefix, insn, program, warn);
  }

  /** Kernel types of the same essential name and kind: vmlinux's, or if it has none the modules'. */
  private candidatesFor(id: BtfId): readonly Candidate[] {
    const known = this.candidates.get(id);
    if (known) return known;
    const found: Candidate[] = [];
    const wanted = this.local.type(id);
    if (wanted) {
      addCandidates(found, this.vmlinux, wanted);
      if (found.length === 0) for (const module of this.modules()) addCandidates(found, module, wanted);
    }
    this.candidates.set(id, found);
    return found;
  }
}

function addCandidates(found: Candidate[], btf: Btf, wanted: NonNullable<ReturnType<Btf["type"]>>): void {
  const name = essentialName(wanted.name);
  const ids = new Set<BtfId>();
  for (const id of btf.named(name)) if (id >= btf.startId) ids.add(id);
  if (btf.flavouredIds) for (const id of btf.flavouredIds()) ids.add(id);
  else for (let id = btf.startId; id < btf.count; id++) ids.add(id);
  for (const id of [...ids].sort((a, b) => a - b)) {
    const type = btf.type(id);
    if (type && kindsCompatible(type, wanted) && essentialName(type.name) === name) found.push({ btf, id });
  }
}

/** libbpf bpf_core_calc_relo: the value before and after, or that the instruction is to be poisoned. */
function calculate(
  relo: CoreRelo, local: CoreSpec, target: CoreSpec | null, prefix: string, insn: number, program: string, warn: (line: string) => void,
): Result<CoreResult, number> {
  const lines = (line: string): void => warn(`prog '${program}': ${line}`);
  const calc = isFieldKind(relo.kind)
    ? (spec: CoreSpec | null): Calculated => calcField(relo.kind, spec, insn, lines)
    : isEnumvalKind(relo.kind)
      ? (spec: CoreSpec | null): Calculated => calcEnumval(relo.kind, spec)
      : (spec: CoreSpec | null): Calculated => calcType(relo.kind, spec);
  const result: CoreResult = { origVal: 0n, newVal: 0n, poison: false, validate: true, failMemSizeAdjust: false, origSize: 0, newSize: 0 };
  const before = calc(local);
  const after = before.outcome === "value" ? calc(target) : before;
  for (const one of [before, after]) {
    if (one.outcome === "error") {
      if (one.errno === ENOTSUP) warn(`${prefix}: unrecognized CO-RE relocation ${coreKindText(relo.kind)} (${relo.kind}) at insn #${insn}`);
      return err(one.errno);
    }
  }
  if (before.outcome === "value") {
    result.origVal = before.value;
    result.validate = before.validate;
    result.origSize = before.size;
  }
  if (before.outcome !== "value" || after.outcome !== "value") {
    result.poison = true;
    return ok(result);
  }
  result.newVal = after.value;
  result.newSize = after.size;
  if (isFieldKind(relo.kind) && before.size !== after.size && target) {
    const from = local.btf.type(before.typeId);
    const to = target.btf.type(after.typeId);
    const pointers = from?.kind === BtfKind.PTR && to?.kind === BtfKind.PTR;
    const unsigned = from?.kind === BtfKind.INT && to?.kind === BtfKind.INT && !onlySigned(from) && !onlySigned(to);
    result.failMemSizeAdjust = !pointers && !unsigned;
  }
  return ok(result);
}

/** The encoding is BTF_INT_SIGNED and nothing else. */
function onlySigned(type: { signed: boolean; char: boolean; bool: boolean }): boolean {
  return type.signed && !type.char && !type.bool;
}
