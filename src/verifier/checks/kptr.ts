/** Kernel pointers in map values and local objects (kernel check_map_kptr_access, map_kptr_match_type). */
import { BPF_LDX, BPF_MEM, BPF_ST, BPF_STX, bpfClass, bpfMode } from "../../isa/table.ts";
import { markChainPrecision } from "../passes/backtrack.ts";
import { btfTypeName, regTypeStr } from "../report/print-state.ts";
import type { Env } from "../state/env.ts";
import { type BtfField, recordHasField } from "../state/maps.ts";
import { inIdSet } from "../state/id-sets.ts";
import { markRegKnownZero, registerIsNull, type RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { structIdsMatch } from "./btf-match.ts";
import { checkPtrOffReg } from "./mem-region.ts";
import { findStructRecord } from "./record.ts";

/** May that pointer be stored in the field? Writes the reason when not. */
export function mapKptrMatchType(env: Env, field: BtfField, reg: RegState, regno: number): boolean {
  const { btf, btfId } = field.kptr!;
  const target = btfTypeName(btf, btfId);
  let name = "";
  const bad = (): boolean => {
    env.verbose(`invalid kptr access, R${regno} type=${regTypeStr(env, reg.type)}${name} expected=${regTypeStr(env, T.PTR_TO_BTF_ID)}${target}`);
    env.verbose(field.type === "kptr_unref" ? ` or ${regTypeStr(env, T.PTR_TO_BTF_ID | T.PTR_UNTRUSTED)}${target}\n` : "\n");
    return false;
  };
  if (T.baseType(reg.type) !== T.PTR_TO_BTF_ID || !reg.btf) return bad();
  let allowed = T.PTR_MAYBE_NULL;
  if (reg.btf !== env.btf) allowed |= T.PTR_TRUSTED | T.MEM_RCU | (field.type === "kptr_unref" ? T.PTR_UNTRUSTED : 0);
  else allowed |= T.MEM_ALLOC | (field.type === "kptr_percpu" ? T.MEM_PERCPU : 0);
  if (T.typeFlag(reg.type) & ~allowed) return bad();
  if (env.f.kptr_percpu_both_ways && (field.type === "kptr_percpu") !== ((reg.type & T.MEM_PERCPU) !== 0)) return bad();
  name = btfTypeName(reg.btf, reg.btfId);
  checkPtrOffReg(env, reg, regno, true);
  const off = Number(BigInt.asIntN(64, reg.varOff.value)) + reg.off;
  return structIdsMatch(env, reg.btf, reg.btfId, off, btf, btfId, field.type !== "kptr_unref") || bad();
}

/** Type of a pointer loaded from the field (kernel btf_ld_kptr_type). */
function loadedFlags(env: Env, field: BtfField): number {
  const { btf, btfId } = field.kptr!;
  const local = btf === env.btf;
  const rcuSafe = field.type === "kptr_percpu" || (field.type === "kptr_ref" && (local || inIdSet(env.kernel, "rcu_protected_types", btfTypeName(btf, btfId))));
  if (!env.f.kptr_rcu || !rcuSafe || !env.inRcuCs()) return T.PTR_MAYBE_NULL | T.PTR_UNTRUSTED;
  let flags = T.PTR_MAYBE_NULL | T.MEM_RCU;
  if (field.type === "kptr_percpu") flags |= T.MEM_PERCPU;
  else if (local) flags |= T.MEM_ALLOC;
  const record = local ? findStructRecord(env, btf, btfId) : null;
  if (recordHasField(record, "list_node", "rb_node")) flags |= T.NON_OWN_REF;
  return flags;
}

/** A load or store that falls exactly on the field. @param value register loaded into or stored from */
export function checkMapKptrAccess(env: Env, value: number, insnIdx: number, field: BtfField): void {
  const insn = env.insns[insnIdx]!;
  const cls = bpfClass(insn.code);
  if (bpfMode(insn.code) !== BPF_MEM) env.fail("EACCES", "kptr in map can only be accessed using BPF_MEM instruction mode");
  if (cls !== BPF_LDX && (field.type === "kptr_ref" || field.type === "kptr_percpu")) env.fail("EACCES", "store to referenced kptr disallowed");
  if (cls !== BPF_LDX && field.type === "uptr") env.fail("EACCES", "store to uptr disallowed");
  const { btf, btfId } = field.kptr!;
  if (cls === BPF_LDX) {
    const r = env.mut(value);
    markRegKnownZero(r);
    r.id = env.newId();
    if (field.type === "uptr") {
      r.type = T.PTR_TO_MEM | T.PTR_MAYBE_NULL;
      r.memSize = btf.sizeOf(btfId) ?? 0;
      return;
    }
    r.type = T.PTR_TO_BTF_ID | loadedFlags(env, field);
    r.btf = btf;
    r.btfId = btfId;
  } else if (cls === BPF_STX) {
    const r = env.reg(value);
    if (registerIsNull(r)) {
      if (env.f.kptr_null_precise) markChainPrecision(env, value);
    } else if (!mapKptrMatchType(env, field, r, value)) env.failSilently("EACCES");
  } else if (cls === BPF_ST) {
    if (insn.imm !== 0) env.fail("EACCES", `BPF_ST imm must be 0 when storing to kptr at off=${field.offset}`);
  } else env.fail("EACCES", "kptr in map can only be accessed using BPF_LDX/BPF_STX/BPF_ST");
}
