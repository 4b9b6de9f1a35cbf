/** What a register stands for in C terms, read off the instructions of the path: "ctx->data + 14". */
import type { BtfId } from "../../../base/brand.ts";
import { BtfKind, type Btf, type BtfType } from "../../../btf/types.ts";
import { BPF_PSEUDO_BTF_ID, BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, BPF_PSEUDO_KFUNC_CALL, BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE, OPCODES } from "../../../isa/table.ts";
import { progCtxName } from "../../checks/ctx-type.ts";
import type { Env } from "../../state/env.ts";
import type { Moment, Way } from "./way.ts";

/** An expression; `prec` as C ranks operators, 0 for what never needs brackets. */
interface Expr {
  text: string;
  prec: number;
  /** text without the constant added last, and that constant */
  sum?: { base: Expr; add: number };
  /** a number of elements times their size, as it is added to pointers */
  scaled?: { index: string; unit: number };
  /** pointer + number: the number, and the constant beside it */
  indexed?: { index: string; unit: number; add: number };
  /** the struct (or other type) it points to */
  points?: { btf: Btf; id: BtfId };
  /** the address of this variable: a load from it is its value */
  address?: string;
  fp?: number;
}
const LONGEST = 72;
const DEPTH = 7;
const ADD = 4;

const atom = (text: string): Expr => ({ text, prec: 0 });
const inBrackets = (e: Expr, prec: number): string => (e.prec > prec ? `(${e.text})` : e.text);
const OPS: Readonly<Record<string, [symbol: string, prec: number]>> = {
  add: ["+", ADD], sub: ["-", ADD], mul: ["*", 3], div: ["/", 3], mod: ["%", 3], or: ["|", 10], and: ["&", 8], xor: ["^", 9], lsh: ["<<", 5], rsh: [">>", 5], arsh: [">>", 5],
};
const SIZE_TYPE: Readonly<Record<number, string>> = { 1: "u8", 2: "u16", 4: "u32", 8: "u64" };

export class Meanings {
  private readonly way: Way;
  private readonly env: Env;
  constructor(way: Way) {
    this.way = way;
    this.env = way.env;
  }
  /** The register's meaning at a moment; null where it is not known or too long to help. */
  of(reg: number, m: Moment): string | null {
    const e = this.expr(reg, m, DEPTH);
    return e && e.text.length <= LONGEST && !/^R\d+$/.test(e.text) ? e.text : null;
  }
  /** The number that was added to a pointer: "i" of an element of `unit` bytes, `add` constant bytes beside it. */
  indexOf(reg: number, m: Moment): { index: string; unit: number; add: number } | null {
    return this.expr(reg, m, DEPTH)?.indexed ?? null;
  }
  /** A number as an index: "i" times `unit` bytes. */
  scaledOf(reg: number, m: Moment): { index: string; unit: number } | null {
    const e = this.expr(reg, m, DEPTH);
    return e ? (e.scaled ?? { index: e.text, unit: 1 }) : null;
  }
  /** What the instruction at that moment computes into its destination, and where it stands. */
  ofInsn(at: Moment): string | null {
    const e = this.computed(at, DEPTH);
    return e && e.text.length <= LONGEST ? e.text : null;
  }

  private expr(reg: number, m: Moment, depth: number): Expr | null {
    if (reg === 10) return { text: "fp", prec: 0, fp: 0 };
    if (depth <= 0) return null;
    const def = this.way.define(reg, m);
    switch (def.kind) {
      case "insn": return this.computed(def.at, depth);
      case "passed": return this.expr(reg, def.at, depth - 1) ?? null;
      case "entry": return def.callback ? atom(`argument ${reg} of the callback`) : this.argument(reg);
      case "returned": return { ...atom(`${this.env.subprogName(def.subprog) || `func#${def.subprog}`}(…)`), ...this.resultOf(def.subprog) };
      case "lost": return null;
    }
  }
  /** What the result of one of the program's own functions points to, by its prototype. */
  private resultOf(subprog: number): Pick<Expr, "points"> {
    const { btf } = this.env;
    const func = btf?.type(this.env.prog.funcInfo[subprog]?.typeId ?? (0 as BtfId));
    const proto = func?.kind === BtfKind.FUNC ? btf!.type(func.type) : undefined;
    return proto?.kind === BtfKind.FUNC_PROTO ? pointsOf(btf!, proto.ret) : {};
  }
  /** An argument of the function the walk began with, by its name and type in BTF. */
  private argument(reg: number): Expr | null {
    const { env } = this;
    if (reg < 1 || reg > 5) return null;
    const subprog = env.curState.frames[0]!.subprogno;
    const btf = env.btf;
    const func = btf?.type(env.prog.funcInfo[subprog]?.typeId ?? (0 as BtfId));
    const proto = func?.kind === BtfKind.FUNC ? btf!.type(func.type) : undefined;
    const param = proto?.kind === BtfKind.FUNC_PROTO ? proto.params[reg - 1] : undefined;
    const name = param?.name || (reg === 1 && subprog === 0 ? "ctx" : "");
    if (name === "") return null;
    const points = (param && btf ? pointee(btf, param.type) : undefined) ?? (reg === 1 && subprog === 0 ? this.contextStruct() : undefined);
    return { ...atom(name), ...(points ? { points } : {}) };
  }

  /** The context's structure as the kernel has it for this program type, where the program does not say. */
  private contextStruct(): Expr["points"] {
    const { btf } = this.env.kernel;
    const name = progCtxName(this.env);
    const id = btf && name !== "" ? btf.find(BtfKind.STRUCT, name) : undefined;
    return btf && id !== undefined ? { btf, id } : undefined;
  }
  /** Name of a member of the context. */
  contextField(off: number, size: number): string | null {
    const points = this.argument(1)?.points;
    const found = points && (memberAt(points.btf, points.id, off, size) ?? memberAt(points.btf, points.id, off, 1));
    return found?.path ?? null;
  }

  private computed(at: Moment, depth: number): Expr | null {
    const { env } = this;
    const insn = env.insns[at.pos]!;
    const op = OPCODES[insn.code];
    if (!op) return null;
    switch (op.kind) {
      case "alu": {
        if (op.op === "mov") {
          if (!op.reg) return atom(String(op.bits === 32 ? insn.imm >>> 0 : insn.imm));
          const src = this.expr(insn.src, at, depth - 1);
          return src && insn.off >= 8 ? { text: `(s${insn.off})${inBrackets(src, 2)}`, prec: 2 } : src;
        }
        // What a register held at another time cannot be named by its number.
        const a = this.expr(insn.dst, at, depth - 1);
        const b = op.reg ? this.expr(insn.src, at, depth - 1) : atom(String(insn.imm));
        if (!a || !b) return null;
        if (!op.reg && (op.op === "add" || op.op === "sub")) return plus(a, op.op === "add" ? insn.imm : -insn.imm);
        // clang widens 32-bit values by shifting them up and down
        if ((op.op === "rsh" || op.op === "arsh") && !op.reg && insn.imm === 32 && a.text.endsWith(" << 32") && a.prec === 5) return atom(a.text.slice(0, -6));
        const [symbol, prec] = OPS[op.op]!;
        const scale = !op.reg && op.op === "lsh" && insn.imm < 16 ? 2 ** insn.imm : !op.reg && op.op === "mul" && insn.imm > 0 ? insn.imm : 0;
        return { ...(scale > 0 ? { scaled: { index: a.text, unit: scale } } : {}), ...(op.op === "add" ? indexed(a, b) : {}), text: `${inBrackets(a, prec)} ${symbol} ${inBrackets(b, prec - 1)}`, prec };
      }
      case "neg": {
        const a = this.expr(insn.dst, at, depth - 1);
        return a ? { text: `-${inBrackets(a, 2)}`, prec: 2 } : null;
      }
      case "end": {
        const a = this.expr(insn.dst, at, depth - 1);
        return a ? { text: `${op.op}${insn.imm}(${a.text})`, prec: 0 } : null;
      }
      case "load": return this.load(at, insn.src, insn.off, op.size, depth);
      case "ld_imm64": return this.constant(at.pos);
      case "ld_abs": return atom(`packet bytes at ${insn.imm}`);
      case "ld_ind": return atom("packet bytes");
      case "call": return this.call(at, depth);
      case "atomic": return insn.imm === 0x100 ? this.load(at, insn.src, insn.off, op.size, depth) : null;
      default: return null;
    }
  }
  private load(at: Moment, base: number, off: number, size: number, depth: number): Expr | null {
    const address = this.expr(base, at, depth - 1);
    if (!address) return null;
    if (address.fp !== undefined) {
      const slot = address.fp + off;
      const store = this.way.stored(slot, size, at);
      const insn = store && this.env.insns[store.pos]!;
      if (store && insn) {
        const op = OPCODES[insn.code];
        if (op?.kind === "store") return op.reg ? this.expr(insn.src, store, depth - 1) : atom(String(insn.imm));
      }
      return { text: `*(${SIZE_TYPE[size]} *)(fp - ${-slot})`, prec: 2 };
    }
    const field = this.field(address, off, size) ?? this.kernelField(at.pos, address, size);
    if (field) return field;
    const where = plus(address, off);
    return { text: `*(${SIZE_TYPE[size]} *)${inBrackets(where, 2)}`, prec: 2 };
  }
  /** A member of a kernel structure, by the type that the walk saw there. */
  private kernelField(pos: number, address: Expr, size: number): Expr | null {
    const from = this.env.loadedFrom[pos];
    const found = from && memberAt(from.btf, from.id, from.off, size);
    return found ? { text: `${inBrackets(address.sum?.base ?? address, 1)}->${found.path}`, prec: 1, ...pointsOf(from.btf, found.type) } : null;
  }
  /** A member of what `address` points to, or the variable it is the address of. */
  private field(address: Expr, off: number, size: number): Expr | null {
    const base = address.sum && address.sum.base.points ? address.sum.base : address;
    const at = off + (base === address ? 0 : address.sum!.add);
    if (!base.points) return null;
    const { btf, id } = base.points;
    const found = memberAt(btf, id, at, size);
    if (!found) {
      const type = btf.resolve(id);
      if (base.address !== undefined && at === 0 && btf.sizeOf(id) === size) return { ...atom(base.address), ...pointsOf(btf, id) };
      // BPF_PROG() programs have an array of numbers for a context
      return type?.kind === BtfKind.INT && type.size === 8 && at >= 0 && at % 8 === 0 && size === 8 ? { text: `${inBrackets(base, 1)}[${at / 8}]`, prec: 1 } : null;
    }
    const text = base.address !== undefined ? `${base.address}.${found.path}` : `${inBrackets(base, 1)}->${found.path}`;
    return { text, prec: 1, ...pointsOf(btf, found.type) };
  }
  private constant(pos: number): Expr | null {
    const { env } = this;
    const insn = env.insns[pos]!;
    const high = env.insns[pos + 1]?.imm ?? 0;
    switch (insn.src) {
      case BPF_PSEUDO_MAP_FD: return atom(`&${env.maps[insn.imm]?.name ?? "map"}`);
      case BPF_PSEUDO_MAP_VALUE: return this.variable(insn.imm, high);
      case BPF_PSEUDO_FUNC: {
        const i = env.findSubprog(pos + insn.imm + 1);
        return atom(i >= 0 ? env.subprogName(i) || "function" : "function");
      }
      case BPF_PSEUDO_BTF_ID: return null;
      default: return atom(BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(insn.imm >>> 0)).toString());
    }
  }
  /** A global variable by its place in the value of .bss, .data or .rodata. */
  private variable(map: number, off: number): Expr {
    const { env } = this;
    const bound = env.prog.maps[map];
    const btf = env.btf;
    const section = bound && btf ? btf.type(btf.find(BtfKind.DATASEC, bound.section) ?? (0 as BtfId)) : undefined;
    const info = section?.kind === BtfKind.DATASEC ? section.secinfos.find((s) => off >= s.offset && off < s.offset + s.size) : undefined;
    const variable = info ? btf!.type(info.type) : undefined;
    if (!info || variable?.kind !== BtfKind.VAR) return plus(atom(`&${bound?.name ?? "map"}`), off);
    const e: Expr = { text: `&${variable.name}`, prec: 2, address: variable.name, points: { btf: btf!, id: variable.type } };
    return plus(e, off - info.offset);
  }
  private call(at: Moment, depth: number): Expr | null {
    const { env } = this;
    const insn = env.insns[at.pos]!;
    if (insn.src === BPF_PSEUDO_CALL) {
      const i = env.findSubprog(at.pos + insn.imm + 1);
      return i >= 0 ? { ...atom(`${env.subprogName(i) || `func#${i}`}(…)`), ...this.resultOf(i) } : null;
    }
    const name = insn.src === BPF_PSEUDO_KFUNC_CALL ? env.kfuncName(insn) : env.kernel.helper(insn.imm)?.name;
    if (name === undefined) return null;
    const first = this.expr(1, at, Math.min(depth - 1, 2));
    const map = first && /^&[\w.]+$/.test(first.text) ? env.prog.maps.find((m) => `&${m.name}` === first.text) : undefined;
    const value = name === "bpf_map_lookup_elem" && map && env.btf && map.valueTypeId ? { points: { btf: env.btf, id: map.valueTypeId } } : {};
    return { ...atom(map ? `${name}(${first!.text}, …)` : `${name}(…)`), ...value };
  }
}

/** Of a sum of a pointer and a number: the number. */
function indexed(a: Expr, b: Expr): Pick<Expr, "indexed"> {
  const [pointer, number] = b.scaled || (isPointer(a) && !isPointer(b)) ? [a, b] : a.scaled || (isPointer(b) && !isPointer(a)) ? [b, a] : [null, null];
  if (!pointer || !number || isPointer(number) || /^-?\d+$/.test(number.text)) return {};
  return { indexed: { ...(number.scaled ?? { index: number.sum?.base.text ?? number.text, unit: 1 }), add: (pointer.fp ?? pointer.sum?.add ?? 0) + (number.scaled ? 0 : (number.sum?.add ?? 0)) } };
}
const isPointer = (e: Expr): boolean => e.points !== undefined || e.address !== undefined || e.fp !== undefined || /^(?:&\w|bpf_\w+\(|\w+->data\b)/.test(e.text);

function plus(e: Expr, n: number): Expr {
  if (n === 0) return e;
  if (e.fp !== undefined) return { text: `fp ${sign(e.fp + n)}`, prec: ADD, fp: e.fp + n };
  if (/^-?\d+$/.test(e.text)) return atom(String(Number(e.text) + n));
  const { base, add } = e.sum ?? { base: e, add: 0 };
  const sum = add + n;
  if (sum === 0) return base;
  return { ...(e.indexed ? { indexed: { ...e.indexed, add: e.indexed.add + n } } : {}), text: `${inBrackets(base, ADD)} ${sign(sum)}`, prec: ADD, sum: { base, add: sum } };
}
const sign = (n: number): string => (n < 0 ? `- ${-n}` : `+ ${n}`);

function pointee(btf: Btf, id: BtfId): Expr["points"] {
  const type = btf.resolve(id);
  if (type?.kind !== BtfKind.PTR) return undefined;
  const to = btf.resolve(type.type);
  return to && (to.kind === BtfKind.STRUCT || to.kind === BtfKind.UNION || to.kind === BtfKind.INT) ? { btf, id: type.type } : undefined;
}
function pointsOf(btf: Btf, id: BtfId): Pick<Expr, "points"> {
  const points = pointee(btf, id);
  return points ? { points } : {};
}
/** The innermost member that a load of `size` bytes at `off` reads: "a.b[2]". */
export function memberAt(btf: Btf, id: BtfId, off: number, size: number, depth = 6): { path: string; type: BtfId } | null {
  const type: BtfType | undefined = btf.resolve(id);
  if (!type || depth <= 0 || off < 0) return null;
  if (type.kind === BtfKind.ARRAY) {
    const one = btf.sizeOf(type.elemType);
    if (!one || type.nelems === 0) return null;
    const i = Math.floor(off / one);
    if (i >= type.nelems) return null;
    const inner = memberAt(btf, type.elemType, off - i * one, size, depth - 1);
    return inner ? { path: `[${i}]${inner.path.startsWith("[") ? "" : "."}${inner.path}`, type: inner.type } : one === size && off % one === 0 ? { path: `[${i}]`, type: type.elemType } : null;
  }
  if (type.kind !== BtfKind.STRUCT && type.kind !== BtfKind.UNION) return null;
  for (const m of type.members) {
    const start = m.bitOffset / 8;
    const bytes = m.bitfieldSize ? 0 : (btf.sizeOf(m.type) ?? 0);
    if (m.bitfieldSize || !Number.isInteger(start) || off < start || off >= start + bytes) continue;
    const inner = memberAt(btf, m.type, off - start, size, depth - 1);
    if (inner) {
      const dot = m.name === "" || inner.path.startsWith("[") ? "" : ".";
      return { path: `${m.name}${dot}${inner.path}`, type: inner.type };
    }
    if (m.name !== "" && off === start && bytes >= size) return { path: m.name, type: m.type };
    if (type.kind === BtfKind.STRUCT) return null;
  }
  return null;
}
