import type { BtfId } from "../base/brand.ts";
import { BtfKind, type Btf } from "./types.ts";
import { isModifier } from "./walk.ts";

const NEW = 0;
const ORDERING = 1;
const ORDERED = 2;
/** Real chains of embedding are tens deep. */
const MAX_DEPTH = 1500;

/**
 * The order in which definitions must stand so that C compiles them: what is embedded comes before what embeds it,
 * what is only pointed at may come later and be declared forward (libbpf btf_dump_order_type).
 */
export class CDefinitionOrder {
  private readonly btf: Btf;
  private readonly state: Uint8Array;
  private readonly referenced: Uint8Array;
  private queue: BtfId[] = [];
  private depth = 0;

  constructor(btf: Btf) {
    this.btf = btf;
    this.state = new Uint8Array(btf.count);
    this.state[0] = ORDERED;
    this.referenced = markReferenced(btf);
  }

  /** Named types to define for this one, dependencies first, without those that earlier calls returned. */
  definitionsFor(id: BtfId): readonly BtfId[] {
    this.queue = [];
    this.visit(id, false);
    return this.queue;
  }

  /** True when a full definition was needed ("strong"), false when a forward declaration does. */
  private visit(id: BtfId, throughPtr: boolean): boolean {
    const state = this.state[id];
    if (state === ORDERED) return true;
    const type = this.btf.type(id);
    // a type that contains itself: only possible through pointers in sound BTF
    if (!type || state === ORDERING || this.depth > MAX_DEPTH) return false;
    this.depth++;
    try {
      switch (type.kind) {
        case BtfKind.INT:
        case BtfKind.FLOAT:
          this.state[id] = ORDERED;
          return false;
        case BtfKind.PTR: {
          const strong = this.visit(type.type, true);
          this.state[id] = ORDERED;
          return strong;
        }
        case BtfKind.ARRAY:
          return this.visit(type.elemType, false);
        case BtfKind.STRUCT:
        case BtfKind.UNION:
          if (throughPtr && type.name !== "") return false;
          this.state[id] = ORDERING;
          for (const member of type.members) this.visit(member.type, false);
          if (type.name !== "") this.queue.push(id);
          this.state[id] = ORDERED;
          return true;
        case BtfKind.ENUM:
        case BtfKind.ENUM64:
        case BtfKind.FWD:
          if (type.name !== "" || this.referenced[id] === 0) this.queue.push(id);
          this.state[id] = ORDERED;
          return true;
        case BtfKind.TYPEDEF: {
          const strong = this.visit(type.type, throughPtr);
          if (throughPtr && !strong) return false;
          this.queue.push(id);
          this.state[id] = ORDERED;
          return true;
        }
        case BtfKind.FUNC_PROTO: {
          let strong = this.visit(type.ret, throughPtr);
          for (const param of type.params) strong = this.visit(param.type, throughPtr) || strong;
          return strong;
        }
        default:
          if (isModifier(type.kind) && "type" in type) return this.visit(type.type, throughPtr);
          this.state[id] = ORDERED;
          return false;
      }
    } finally {
      this.depth--;
    }
  }
}

/** Types that another one refers to: an anonymous enum that none does stands on its own. */
function markReferenced(btf: Btf): Uint8Array {
  const referenced = new Uint8Array(btf.count);
  const mark = (id: BtfId): void => {
    if (id < referenced.length) referenced[id] = 1;
  };
  for (let id = 1; id < btf.count; id++) {
    const type = btf.type(id);
    if (!type) continue;
    if (type.kind === BtfKind.ARRAY) {
      mark(type.elemType);
      mark(type.indexType);
    } else if (type.kind === BtfKind.STRUCT || type.kind === BtfKind.UNION) {
      for (const member of type.members) mark(member.type);
    } else if (type.kind === BtfKind.FUNC_PROTO) {
      mark(type.ret);
      for (const param of type.params) mark(param.type);
    } else if (type.kind === BtfKind.DATASEC) {
      for (const info of type.secinfos) mark(info.type);
    } else if ("type" in type) {
      mark(type.type);
    }
  }
  return referenced;
}
