/** One line of the log with a frame's registers and stack, as the release prints it (kernel print_verifier_state, print_reg_state). */
import { S64_MAX, S64_MIN, U64_MAX } from "../../base/u64.ts";
import type { Btf } from "../../btf/types.ts";
import { type Tnum, tnumIsConst, tnumIsUnknown } from "../domains/tnum.ts";
import { S32_MAX_N, S32_MIN_N, U32_MAX_N } from "../domains/range.ts";
import type { Env } from "../state/env.ts";
import { type FuncState, MAX_BPF_REG, slotType, STACK_DYNPTR, STACK_INVALID, STACK_ITER, STACK_POISON, STACK_SPILL } from "../state/frame.ts";
import { addConstBits, baseId, idIsAddConst, type RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import type { VState } from "../state/state.ts";
import { printOldRegState, printOldSpill } from "./print-state-old.ts";

const TYPE_NAMES: readonly string[] = [
  "?", "scalar", "ctx", "map_ptr", "map_value", "map_key", "fp", "pkt_meta", "pkt", "pkt_end", "flow_keys", "sock", "sock_common", "tcp_sock",
  "tp_buffer", "xdp_sock", "ptr_", "mem", "arena", "buf", "func", "insn", "dynptr_ptr", "percpu_ptr_",
];

/** Kernel reg_type_str. */
export function regTypeStr(env: Env, type: number): string {
  const base = T.baseType(type);
  let name = TYPE_NAMES[base] ?? "?";
  if (base === T.SCALAR_VALUE && !env.f.log_says_scalar) name = "inv";
  if (base === T.PTR_TO_BUF && !(type & T.MEM_RDONLY) && !env.f.log_buf_plain) name = "rdwr_buf";
  let postfix = "";
  if (type & T.PTR_MAYBE_NULL) postfix = base === T.PTR_TO_BTF_ID ? "or_null_" : "_or_null";
  if (env.f.log_one_prefix) return lastPrefix(env, type) + name + postfix;
  const prefix =
    (type & T.MEM_RDONLY ? "rdonly_" : "") +
    (type & T.MEM_RINGBUF ? "ringbuf_" : "") +
    (type & T.MEM_USER ? "user_" : "") +
    (type & T.MEM_PERCPU ? "percpu_" : "") +
    (type & T.MEM_RCU ? "rcu_" : "") +
    (type & T.PTR_UNTRUSTED ? "untrusted_" : "") +
    (type & T.PTR_TRUSTED ? "trusted_" : "");
  return prefix + name + postfix;
}
/** Before 6.2 there is room for one word. */
function lastPrefix(env: Env, type: number): string {
  if (type & T.PTR_UNTRUSTED) return "untrusted_";
  if (type & T.MEM_PERCPU) return "percpu_";
  if (type & T.MEM_USER) return "user_";
  if (type & T.MEM_RINGBUF && env.f.log_alloc_mem_name) return "alloc_";
  return type & T.MEM_RDONLY ? "rdonly_" : "";
}
export function btfTypeName(btf: Btf | null, id: number): string {
  return btf?.type(id)?.name ?? "";
}

export const hex = (v: bigint): string => (v === 0n ? "0" : `0x${BigInt.asUintN(64, v).toString(16)}`);
/** Unsigned: decimal up to 65535, else hexadecimal. */
export const unumStr = (v: bigint): string => (v <= 0xffffn ? v.toString() : hex(v));
/** Signed: decimal within 16 bits, else hexadecimal of the 64-bit pattern. */
export const snumStr = (v: bigint): string => (v >= -0x8000n && v <= 0x7fffn ? v.toString() : hex(v));

/** Kernel tnum_strn as this release has it. */
export function tnumStr(env: Env, t: Tnum): string {
  if (env.f.log_short_numbers && t.mask === 0n) {
    if (t.value <= 0xffffn) return t.value.toString();
    const s = BigInt.asIntN(64, t.value);
    return env.f.log_tnum_signed && s >= -0x8000n && s <= 0x7fffn ? s.toString() : hex(t.value);
  }

  return env.f.log_short_numbers ? `(${hex0x(t.value)}; ${hex0x(t.mask)})` : `(0x${t.value.toString(16)}; 0x${t.mask.toString(16)})`;
}
const hex0x = (v: bigint): string => `0x${v.toString(16)}`;

interface MinMax { name: string; signed: boolean; val: bigint; omit: boolean }
function scalarRanges(reg: RegState): string {
  const a = reg.r64, b = reg.r32;
  const s32 = (v: number): bigint => (v >= -0x8000 && v <= 0x7fff ? BigInt(v) : BigInt(v >>> 0));
  const list: MinMax[] = [
    { name: "smin", signed: true, val: a.smin, omit: a.smin === S64_MIN },
    { name: "smax", signed: true, val: a.smax, omit: a.smax === S64_MAX },
    { name: "umin", signed: false, val: a.umin, omit: a.umin === 0n },
    { name: "umax", signed: false, val: a.umax, omit: a.umax === U64_MAX },
    { name: "smin32", signed: true, val: s32(b.smin), omit: b.smin === S32_MIN_N },
    { name: "smax32", signed: true, val: s32(b.smax), omit: b.smax === S32_MAX_N },
    { name: "umin32", signed: false, val: BigInt(b.umin), omit: b.umin === 0 },
    { name: "umax32", signed: false, val: BigInt(b.umax), omit: b.umax === U32_MAX_N },
  ];
  const out: string[] = [];
  for (let i = 0; i < list.length; i++) {
    const m = list[i]!;
    if (m.omit) continue;
    const neg = m.signed && m.val < 0n;
    let names = `${m.name}=`;
    for (let j = i + 2; j < list.length; j += 2) {
      const n = list[j]!;
      if (n.omit || BigInt.asUintN(64, n.val) !== BigInt.asUintN(64, m.val)) continue;
      if ((n.signed && n.val < 0n) !== neg) continue;
      n.omit = true;
      names += `${n.name}=`;
    }
    out.push(names + (m.signed ? snumStr(m.val) : unumStr(m.val)));
  }
  return out.join(",");
}

/** `scalar(id=1,umax=255,var_off=(0x0; 0xff))` */
export function printRegState(env: Env, frame: FuncState, reg: RegState): string {
  if (!env.f.log_short_numbers) return printOldRegState(env, reg);
  const t = reg.type;
  let out = t === T.SCALAR_VALUE && reg.precise ? "P" : "";
  const constOff = tnumIsConst(reg.varOff);
  if (t === T.SCALAR_VALUE && constOff) return out + snumStr(BigInt.asIntN(64, reg.varOff.value));
  out += regTypeStr(env, t);
  if (t === T.PTR_TO_ARENA) return out;
  if (t === T.PTR_TO_STACK) {
    if (frame.frameno !== reg.frameno) out += `[${reg.frameno}]`;
    if (constOff) return out + snumStr(BigInt.asIntN(64, reg.varOff.value) + BigInt(reg.off));
  }
  const base = T.baseType(t);
  if (base === T.PTR_TO_BTF_ID) out += btfTypeName(reg.btf, reg.btfId);
  const a: string[] = [];
  if (reg.id) {
    const link = idIsAddConst(reg.id) && addConstBits(reg.id) ? (reg.off < 0 ? `${reg.off}` : `+${reg.off}`) : "";
    a.push(`id=${baseId(reg.id)}${link}`);
  }
  if (reg.parentId) a.push(`parent_id=${reg.parentId}`);
  if (reg.refObjId) a.push(`ref_obj_id=${reg.refObjId}`);
  if (T.typeIsNonOwningRef(t)) a.push("non_own_ref");
  if (base === T.CONST_PTR_TO_MAP || base === T.PTR_TO_MAP_KEY || base === T.PTR_TO_MAP_VALUE) {
    if (reg.map?.name) a.push(`map=${reg.map.name.slice(0, 15)}`);
    a.push(`ks=${reg.map?.keySize ?? 0},vs=${reg.map?.valueSize ?? 0}`);
  }
  if (t !== T.SCALAR_VALUE && reg.off) a.push(`off=${snumStr(BigInt(reg.off))}`);
  if (T.typeIsPktPointer(t)) a.push(`r=${unumStr(BigInt.asUintN(64, BigInt(reg.range)))}`);
  if (base === T.PTR_TO_MEM) a.push(`sz=${unumStr(BigInt(reg.memSize))}`);
  if (t === T.CONST_PTR_TO_DYNPTR && env.f.log_dynptr_type) a.push(`type=${dynptrTypeStr(reg.dynptrType)}`);
  if (constOff) {
    if (reg.varOff.value !== 0n) a.push(`imm=${snumStr(BigInt.asIntN(64, reg.varOff.value))}`);
  } else {
    const r = scalarRanges(reg);
    if (r) a.push(r);
    if (!tnumIsUnknown(reg.varOff)) a.push(`var_off=${tnumStr(env, reg.varOff)}`);
  }
  return `${out}(${a.join(",")})`;
}
export const dynptrTypeStr = (t: string): string => (t === "invalid" ? "<invalid>" : t);
const iterStateStr = (s: string): string => (s === "invalid" ? "<invalid>" : s);
const SLOT_CHARS = "?rm0difp";

const LIVE_READ = 3, LIVE_WRITTEN = 4, LIVE_DONE = 8;
function liveness(env: Env, live: number): string {
  if (!env.f.live_marks) return "";
  let s = live & (LIVE_READ | LIVE_WRITTEN | LIVE_DONE) ? "_" : "";
  if (live & LIVE_READ) s += "r";
  if (live & LIVE_WRITTEN) s += "w";
  if (live & LIVE_DONE) s += "D";
  return s;
}

/** The whole line with its newline; ` R0=1 R10=fp0 fp-8=mmmmmmmm`. `all`: also what did not change since the last print. */
export function printVerifierState(env: Env, st: VState, frameno: number, all: boolean): string {
  const frame = st.frames[frameno]!;
  let out = frame.frameno ? ` frame${frame.frameno}:` : "";
  for (let i = 0; i < MAX_BPF_REG; i++) {
    const reg = frame.regs[i]!;
    if (reg.type === T.NOT_INIT || (!all && !env.regScratched(i))) continue;
    out += ` R${i}${liveness(env, reg.live)}=${printRegState(env, frame, reg)}`;
  }
  for (let i = 0; i < frame.stack.length; i++) {
    const slot = frame.stack[i]!;
    if (!all && !env.slotScratched(i)) continue;
    let chars = "";
    let valid = false;
    for (let j = 0; j < 8; j++) {
      const t = slotType(slot.types, j);
      if (t !== STACK_INVALID && t !== STACK_POISON) valid = true;
      chars += SLOT_CHARS[t]!;
    }
    if (!valid) continue;
    let reg = slot.spilled;
    const off = (-i - 1) * 8;
    switch (slotType(slot.types, 7)) {
      case STACK_SPILL: {
        if (!env.f.log_short_numbers) {
          out += ` fp${off}${liveness(env, reg.live)}=${printOldSpill(env, reg)}`;
          break;
        }
        const first = [0, 1, 2, 3, 4, 5, 6, 7].find((j) => slotType(slot.types, j) === STACK_SPILL)!;
        out += ` fp${off}${liveness(env, reg.live)}=${chars.slice(0, first)}${printRegState(env, frame, reg)}`;
        break;
      }
      case STACK_DYNPTR: {
        i += 1;
        reg = frame.stack[i]?.spilled ?? reg;
        const main = (-i - 1) * 8;
        if (env.f.log_dynptr_slots) {
          const a: string[] = [];
          if (reg.id) a.push(`id=${reg.id}`);
          if (reg.refObjId) a.push(`ref_id=${reg.refObjId}`);
          if (reg.parentId) a.push(`parent_id=${reg.parentId}`);
          // until 7.2 struct bpf_reg_state keeps first_slot where dynptr_id is
          if (env.f.ref_obj_ids) a.push("dynptr_id=1");
          else if (reg.dynptrId) a.push(`dynptr_id=${reg.dynptrId}`);
          out += ` fp${main}${liveness(env, reg.live)}=dynptr_${dynptrTypeStr(reg.dynptrType)}(${a.join(",")})`;
        } else {
          out += ` fp${main}${liveness(env, reg.live)}=dynptr_${dynptrTypeStr(reg.dynptrType)}`;
          if (reg.refObjId) out += `(ref_id=${reg.refObjId})`;
        }
        break;
      }
      case STACK_ITER: {
        const id = env.f.ref_obj_ids ? reg.refObjId : reg.id;
        if (!id) continue;
        const name = btfTypeName(reg.btf, reg.btfId).slice("bpf_iter_".length);
        out += ` fp${off}${liveness(env, reg.live)}=iter_${name}(${env.f.ref_obj_ids ? "ref_id" : "id"}=${id},state=${iterStateStr(reg.iterState)},depth=${reg.iterDepth})`;
        break;
      }
      default:
        out += ` fp${off}${liveness(env, reg.live)}=${chars}`;
    }
  }
  if (st.refs.length && st.refs[0]!.id) {
    out += ` refs=${st.refs[0]!.id}`;
    for (let i = 1; i < st.refs.length; i++) if (st.refs[i]!.id) out += `,${st.refs[i]!.id}`;
  }
  if (frame.inCallbackFn) out += " cb";
  if (frame.inAsyncCallbackFn) out += " async_cb";
  return `${out}\n`;
}
