/**
 * What is known of one register or spilled register (kernel struct bpf_reg_state).
 *
 * Ownership: a RegState sits in exactly one place of one state, except that copying a state shares its objects with
 * the copy. Every change therefore goes through `FuncState.mut` / `StackSlot`'s `mutSpilled`, which clone an object
 * that was made before the last copy (`epoch`). Reading needs no care. The three scalar parts (varOff, r64, r32) are
 * themselves immutable values and may be shared freely.
 */
import type { Btf } from "../../btf/types.ts";
import type { ScalarState } from "../domains/bounds.ts";
import { type Range32, type Range64, R32_UNBOUNDED, r32Equal, R64_UNBOUNDED, r64Equal } from "../domains/range.ts";
import { type Tnum, TNUM_UNKNOWN, tnumConst, tnumEqual } from "../domains/tnum.ts";
import { setKnown, setUnknown } from "../domains/bounds.ts";
import type { FuncState } from "./frame.ts";
import type { VMap } from "./maps.ts";
import { NOT_INIT, SCALAR_VALUE } from "./reg-type.ts";

export const BPF_ADD_CONST64 = 0x8000_0000;
export const BPF_ADD_CONST32 = 0x4000_0000;
const ID_MASK = 0x3fff_ffff;
/** id without the "linked with an offset" marks */
export const baseId = (id: number): number => id & ID_MASK;
export const idIsAddConst = (id: number): boolean => id > ID_MASK;
export const addConstBits = (id: number): number => (id - (id & ID_MASK)) >>> 0;

/** Range of a packet pointer found to be at or beyond the packet's end. */
export const AT_PKT_END = -1;
export const BEYOND_PKT_END = -2;

export type DynptrType = "invalid" | "local" | "ringbuf" | "skb" | "xdp" | "skb_meta" | "file";
export type IterState = "invalid" | "active" | "drained";

export class RegState implements ScalarState {
  declare type: number;
  varOff: Tnum;
  r64: Range64;
  r32: Range32;
  /** links scalars, packet pointers of one base, or-null pointers of one origin, referenced objects, dynptrs */
  id: number;
  /** 7.x: object this was derived from */
  parentId: number;
  /** before 7.x: the reference this register holds */
  refObjId: number;
  /** before 7.x: id of the dynptr a slice came from */
  dynptrId: number;
  /** constant distance to the linked scalars of the same base id (called `off` before 7.x, where pointers keep their fixed offset here too) */
  off: number;
  /** packet pointers: bytes known to be readable from the base, or AT_PKT_END, BEYOND_PKT_END */
  range: number;
  map: VMap | null;
  mapUid: number;
  btf: Btf | null;
  btfId: number;
  memSize: number;
  dynptrType: DynptrType;
  dynptrFirst: boolean;
  iterState: IterState;
  iterDepth: number;
  /** irq flag slots: 0 native kfunc, 1 lock kfunc */
  irqClass: number;
  subprogno: number;
  frameno: number;
  /** 0, or 1 + index of the instruction that wrote the low half only */
  subregDef: number;
  precise: boolean;
  /** releases with per-register liveness: REG_LIVE_* bits, and where the mark goes on to */
  live: number;
  parent: RegParent | null;
  /** see the head of this file */
  epoch: number;

  /** Nothing known, or a copy of `from` (all but its epoch). Fields are declared and each written once: copies are what the walk makes most. */
  constructor(from: RegState | null = null) {
    if (from === null) {
      this.type = NOT_INIT;
      this.varOff = TNUM_UNKNOWN;
      this.r64 = R64_UNBOUNDED;
      this.r32 = R32_UNBOUNDED;
      this.id = 0;
      this.parentId = 0;
      this.refObjId = 0;
      this.dynptrId = 0;
      this.off = 0;
      this.range = 0;
      this.map = null;
      this.mapUid = 0;
      this.btf = null;
      this.btfId = 0;
      this.memSize = 0;
      this.dynptrType = "invalid";
      this.dynptrFirst = false;
      this.iterState = "invalid";
      this.iterDepth = 0;
      this.irqClass = 0;
      this.subprogno = 0;
      this.frameno = 0;
      this.subregDef = 0;
      this.precise = false;
      this.live = 0;
      this.parent = null;
      this.epoch = -1;
    } else {
      this.type = from.type;
      this.varOff = from.varOff;
      this.r64 = from.r64;
      this.r32 = from.r32;
      this.id = from.id;
      this.parentId = from.parentId;
      this.refObjId = from.refObjId;
      this.dynptrId = from.dynptrId;
      this.off = from.off;
      this.range = from.range;
      this.map = from.map;
      this.mapUid = from.mapUid;
      this.btf = from.btf;
      this.btfId = from.btfId;
      this.memSize = from.memSize;
      this.dynptrType = from.dynptrType;
      this.dynptrFirst = from.dynptrFirst;
      this.iterState = from.iterState;
      this.iterDepth = from.iterDepth;
      this.irqClass = from.irqClass;
      this.subprogno = from.subprogno;
      this.frameno = from.frameno;
      this.subregDef = from.subregDef;
      this.precise = from.precise;
      this.live = from.live;
      this.parent = from.parent;
      this.epoch = -1;
    }
  }
  clone(): RegState {
    return new RegState(this);
  }
}

/** Where a liveness mark travels: the same place in the parent state. A register number, or -1 - stack slot. */
export interface RegParent {
  readonly func: FuncState;
  readonly index: number;
}

/** Clears what only a certain type means: the kernel's union of map_ptr, btf, range, mem_size … (kept: type, scalar parts, id, precise, subregDef, frameno). */
export function clearTypeData(r: RegState): void {
  r.off = 0;
  r.range = 0;
  r.map = null;
  r.mapUid = 0;
  r.btf = null;
  r.btfId = 0;
  r.memSize = 0;
  r.dynptrType = "invalid";
  r.dynptrFirst = false;
  r.iterState = "invalid";
  r.iterDepth = 0;
  r.irqClass = 0;
  r.subprogno = 0;
}
/** Kernel __mark_reg_known: constant scalar part (the variable offset of a pointer), type kept, everything else of the type cleared. */
export function markRegKnown(r: RegState, v: bigint): void {
  clearTypeData(r);
  r.id = 0;
  r.parentId = 0;
  r.refObjId = 0;
  setKnown(r, v);
}
export const markRegKnownZero = (r: RegState): void => markRegKnown(r, 0n);

/** Kernel __mark_reg_unknown with precise given: everything forgotten but subregDef and liveness. */
export function markRegUnknown(r: RegState, precise: boolean): void {
  clearTypeData(r);
  r.type = SCALAR_VALUE;
  r.id = 0;
  r.parentId = 0;
  r.refObjId = 0;
  r.dynptrId = 0;
  r.frameno = 0;
  setUnknown(r);
  r.precise = precise;
}
export function markRegNotInit(r: RegState, precise: boolean): void {
  markRegUnknown(r, precise);
  r.type = NOT_INIT;
}
export const clearScalarId = (r: RegState): void => {
  r.id = 0;
  r.off = 0;
};
/** A scalar constant as an operand. */
export function constReg(v: bigint): RegState {
  const r = new RegState();
  r.type = SCALAR_VALUE;
  setKnown(r, v);
  return r;
}
export const registerIsNull = (r: RegState): boolean => r.type === SCALAR_VALUE && r.varOff.mask === 0n && r.varOff.value === 0n;
export const regIsConst = (r: RegState, subreg32: boolean): boolean =>
  r.type === SCALAR_VALUE && (subreg32 ? (r.varOff.mask & 0xffff_ffffn) === 0n : r.varOff.mask === 0n);
export const regConstValue = (r: RegState, subreg32: boolean): bigint => (subreg32 ? r.varOff.value & 0xffff_ffffn : r.varOff.value);

/** All of a type's own data equal (kernel: memcmp up to var_off). */
export function sameTypeData(a: RegState, b: RegState, uids = true): boolean {
  return (
    a.type === b.type && a.off === b.off && a.range === b.range && a.map === b.map && (!uids || a.mapUid === b.mapUid) && a.btf === b.btf && a.btfId === b.btfId &&
    a.memSize === b.memSize && a.dynptrType === b.dynptrType && a.dynptrFirst === b.dynptrFirst && a.iterState === b.iterState &&
    a.irqClass === b.irqClass && a.subprogno === b.subprogno && a.iterDepth === b.iterDepth
  );
}
/** Type data and scalar parts equal (kernel: memcmp up to id). */
export function sameUpToId(a: RegState, b: RegState, uids = true): boolean {
  return a === b || (sameTypeData(a, b, uids) && tnumEqual(a.varOff, b.varOff) && r64Equal(a.r64, b.r64) && r32Equal(a.r32, b.r32));
}
export const tnumZero = tnumConst(0n);
