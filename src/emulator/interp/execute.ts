import { badAccess } from "../fault.ts";
import { MAX_REGIONS } from "../memory/memory.ts";
import { atomic } from "./atomic.ts";
import { MAY_GOTO_LOOPS, type Cpu } from "./cpu.ts";
import { loadPacket } from "./ld-abs.ts";

/** -REGION_HI: high word of an address plus this is the region's number. */
const BIAS = 0x7780;

/**
 * Runs from `start` until the frame that is current on entry exits. Cases are written as numbers because only then does the
 * engine make a jump table; interp/predecode.ts says what they stand for. r[d], r[d+1] are low and high half of dst.
 */
export function execute(cpu: Cpu, start: number): void {
  const r = cpu.r;
  const R = cpu.R;
  const mem = cpu.mem;
  const entryDepth = cpu.depth;
  let code = cpu.image.decoded.code;
  let tab = mem.table;
  let view = mem.view;
  let pc = start;
  let n = cpu.n;
  let limit = cpu.limit;

  for (;;) {
    if (n >= limit) {
      cpu.pc = pc;
      cpu.n = n;
      cpu.limit = limit = cpu.checkpoint(cpu);
    }
    n++;
    const at = pc << 2;
    const w = code[at]!;
    const d = (w >> 16) & 0xff;
    const s = w >>> 24;
    pc++;
    switch (w & 0xffff) {
      // 64-bit arithmetic
      case 0x07: { // add imm
        const i = code[at + 2]!, a = r[d]!, l = (a + i) | 0;
        r[d + 1] = r[d + 1]! + (i >> 31) + ((l >>> 0) < (a >>> 0) ? 1 : 0);
        r[d] = l;
        break;
      }
      case 0x0f: { // add reg
        const a = r[d]!, l = (a + r[s]!) | 0;
        r[d + 1] = r[d + 1]! + r[s + 1]! + ((l >>> 0) < (a >>> 0) ? 1 : 0);
        r[d] = l;
        break;
      }
      case 0x17: { // sub imm
        const i = code[at + 2]!, a = r[d]!;
        r[d] = a - i;
        r[d + 1] = r[d + 1]! - (i >> 31) - ((a >>> 0) < (i >>> 0) ? 1 : 0);
        break;
      }
      case 0x1f: { // sub reg
        const a = r[d]!, b = r[s]!;
        r[d + 1] = r[d + 1]! - r[s + 1]! - ((a >>> 0) < (b >>> 0) ? 1 : 0);
        r[d] = a - b;
        break;
      }
      case 0x27: R[d >> 1] = R[d >> 1]! * BigInt(code[at + 2]!); break;
      case 0x2f: R[d >> 1] = R[d >> 1]! * R[s >> 1]!; break;
      case 0x37: divide(R, r, d, BigInt.asUintN(64, BigInt(code[at + 2]!))); break;
      case 0x3f:
        if ((r[d + 1]! | r[s + 1]!) === 0) {
          const b = r[s]! >>> 0;
          r[d] = b === 0 ? 0 : (r[d]! >>> 0) / b;
        } else divide(R, r, d, R[s >> 1]!);
        break;
      case 0x97: modulo(R, r, d, BigInt.asUintN(64, BigInt(code[at + 2]!))); break;
      case 0x9f:
        if ((r[d + 1]! | r[s + 1]!) === 0) {
          const b = r[s]! >>> 0;
          if (b !== 0) r[d] = (r[d]! >>> 0) % b;
        } else modulo(R, r, d, R[s >> 1]!);
        break;
      case 0x137: signedDivide(R, d, BigInt(code[at + 2]!)); break;
      case 0x13f: signedDivide(R, d, BigInt.asIntN(64, R[s >> 1]!)); break;
      case 0x197: signedModulo(R, d, BigInt(code[at + 2]!)); break;
      case 0x19f: signedModulo(R, d, BigInt.asIntN(64, R[s >> 1]!)); break;
      case 0x47: { const i = code[at + 2]!; r[d] = r[d]! | i; r[d + 1] = r[d + 1]! | (i >> 31); break; }
      case 0x4f: r[d] = r[d]! | r[s]!; r[d + 1] = r[d + 1]! | r[s + 1]!; break;
      case 0x57: { const i = code[at + 2]!; r[d] = r[d]! & i; r[d + 1] = r[d + 1]! & (i >> 31); break; }
      case 0x5f: r[d] = r[d]! & r[s]!; r[d + 1] = r[d + 1]! & r[s + 1]!; break;
      case 0xa7: { const i = code[at + 2]!; r[d] = r[d]! ^ i; r[d + 1] = r[d + 1]! ^ (i >> 31); break; }
      case 0xaf: r[d] = r[d]! ^ r[s]!; r[d + 1] = r[d + 1]! ^ r[s + 1]!; break;
      case 0x67: shiftLeft(r, d, code[at + 2]! & 63); break;
      case 0x6f: shiftLeft(r, d, r[s]! & 63); break;
      case 0x77: shiftRight(r, d, code[at + 2]! & 63); break;
      case 0x7f: shiftRight(r, d, r[s]! & 63); break;
      case 0xc7: shiftArithmetic(r, d, code[at + 2]! & 63); break;
      case 0xcf: shiftArithmetic(r, d, r[s]! & 63); break;
      case 0x87: { const a = r[d]!; r[d] = -a; r[d + 1] = ~r[d + 1]! + (a === 0 ? 1 : 0); break; }
      case 0xb7: { const i = code[at + 2]!; r[d] = i; r[d + 1] = i >> 31; break; }
      case 0xbf: r[d] = r[s]!; r[d + 1] = r[s + 1]!; break;
      case 0x1bf: { const v = (r[s]! << 24) >> 24; r[d] = v; r[d + 1] = v >> 31; break; }
      case 0x2bf: { const v = (r[s]! << 16) >> 16; r[d] = v; r[d + 1] = v >> 31; break; }
      case 0x3bf: { const v = r[s]!; r[d] = v; r[d + 1] = v >> 31; break; }
      // byte order: 0xd4 to little endian, 0xdc to big endian, 0xd7 swap; variants 0 = 16, 1 = 32, 2 = 64 bits
      case 0xd4: r[d] = r[d]! & 0xffff; r[d + 1] = 0; break;
      case 0x1d4: r[d + 1] = 0; break;
      case 0x2d4: break;
      case 0xdc: case 0xd7: { const v = r[d]!; r[d] = ((v & 0xff) << 8) | ((v >>> 8) & 0xff); r[d + 1] = 0; break; }
      case 0x1dc: case 0x1d7: r[d] = swap32(r[d]!); r[d + 1] = 0; break;
      case 0x2dc: case 0x2d7: { const l = swap32(r[d + 1]!); r[d + 1] = swap32(r[d]!); r[d] = l; break; }

      // 32-bit arithmetic: the high half becomes 0
      case 0x04: r[d] = r[d]! + code[at + 2]!; r[d + 1] = 0; break;
      case 0x0c: r[d] = r[d]! + r[s]!; r[d + 1] = 0; break;
      case 0x14: r[d] = r[d]! - code[at + 2]!; r[d + 1] = 0; break;
      case 0x1c: r[d] = r[d]! - r[s]!; r[d + 1] = 0; break;
      case 0x24: r[d] = Math.imul(r[d]!, code[at + 2]!); r[d + 1] = 0; break;
      case 0x2c: r[d] = Math.imul(r[d]!, r[s]!); r[d + 1] = 0; break;
      case 0x34: { const b = code[at + 2]! >>> 0; r[d] = b === 0 ? 0 : (r[d]! >>> 0) / b; r[d + 1] = 0; break; }
      case 0x3c: { const b = r[s]! >>> 0; r[d] = b === 0 ? 0 : (r[d]! >>> 0) / b; r[d + 1] = 0; break; }
      case 0x94: { const b = code[at + 2]! >>> 0; if (b !== 0) r[d] = (r[d]! >>> 0) % b; r[d + 1] = 0; break; }
      case 0x9c: { const b = r[s]! >>> 0; if (b !== 0) r[d] = (r[d]! >>> 0) % b; r[d + 1] = 0; break; }
      case 0x134: { const b = code[at + 2]!; r[d] = b === 0 ? 0 : r[d]! / b; r[d + 1] = 0; break; }
      case 0x13c: { const b = r[s]!; r[d] = b === 0 ? 0 : r[d]! / b; r[d + 1] = 0; break; }
      case 0x194: { const b = code[at + 2]!; if (b !== 0) r[d] = r[d]! % b; r[d + 1] = 0; break; }
      case 0x19c: { const b = r[s]!; if (b !== 0) r[d] = r[d]! % b; r[d + 1] = 0; break; }
      case 0x44: r[d] = r[d]! | code[at + 2]!; r[d + 1] = 0; break;
      case 0x4c: r[d] = r[d]! | r[s]!; r[d + 1] = 0; break;
      case 0x54: r[d] = r[d]! & code[at + 2]!; r[d + 1] = 0; break;
      case 0x5c: r[d] = r[d]! & r[s]!; r[d + 1] = 0; break;
      case 0xa4: r[d] = r[d]! ^ code[at + 2]!; r[d + 1] = 0; break;
      case 0xac: r[d] = r[d]! ^ r[s]!; r[d + 1] = 0; break;
      case 0x64: r[d] = r[d]! << code[at + 2]!; r[d + 1] = 0; break;
      case 0x6c: r[d] = r[d]! << r[s]!; r[d + 1] = 0; break;
      case 0x74: r[d] = r[d]! >>> code[at + 2]!; r[d + 1] = 0; break;
      case 0x7c: r[d] = r[d]! >>> r[s]!; r[d + 1] = 0; break;
      case 0xc4: r[d] = r[d]! >> code[at + 2]!; r[d + 1] = 0; break;
      case 0xcc: r[d] = r[d]! >> r[s]!; r[d + 1] = 0; break;
      case 0x84: r[d] = -r[d]!; r[d + 1] = 0; break;
      case 0xb4: r[d] = code[at + 2]!; r[d + 1] = 0; break;
      case 0xbc: r[d] = r[s]!; r[d + 1] = 0; break;
      case 0x1bc: r[d] = (r[s]! << 24) >> 24; r[d + 1] = 0; break;
      case 0x2bc: r[d] = (r[s]! << 16) >> 16; r[d + 1] = 0; break;

      case 0x18: r[d] = code[at + 2]!; r[d + 1] = code[at + 1]!; pc++; break; // ld_imm64

      // loads: the same address arithmetic for all, then by size
      case 0x61: case 0x69: case 0x71: case 0x79: case 0x81: case 0x89: case 0x91: {
        const off = code[at + 1]!, b = r[s]!, l = (b + off) | 0;
        const h = (r[s + 1]! + (off >> 31) + ((l >>> 0) < (b >>> 0) ? 1 : 0)) | 0;
        const size = (w & 0x18) === 0x18 ? 8 : (w & 0x18) === 0 ? 4 : (w & 0x18) === 0x08 ? 2 : 1;
        const id = (h + BIAS) | 0;
        if (id > 0 && id < MAX_REGIONS) {
          const t = id << 2;
          const o = (l - tab[t]!) >>> 0;
          const p = o <= tab[t + 1]! - size ? tab[t + 3]! + o : mem.locateIn(id, l, size, false);
          if (p >= 0) {
            switch (w & 0xff) {
              case 0x61: r[d] = view.getInt32(p, true); r[d + 1] = 0; break;
              case 0x69: r[d] = view.getUint16(p, true); r[d + 1] = 0; break;
              case 0x71: r[d] = view.getUint8(p); r[d + 1] = 0; break;
              case 0x79: r[d] = view.getInt32(p, true); r[d + 1] = view.getInt32(p + 4, true); break;
              case 0x81: { const v = view.getInt32(p, true); r[d] = v; r[d + 1] = v >> 31; break; }
              case 0x89: { const v = view.getInt16(p, true); r[d] = v; r[d + 1] = v >> 31; break; }
              default: { const v = view.getInt8(p); r[d] = v; r[d + 1] = v >> 31; }
            }
            break;
          }
        }
        cpu.pc = pc - 1;
        cpu.n = n;
        const v = mem.slowLoad(join(l, h), size);
        R[d >> 1] = (w & 0xe0) === 0x80 ? BigInt.asIntN(size * 8, v) : v;
        tab = mem.table;
        view = mem.view;
        break;
      }
      // stores: of a register, of an immediate
      case 0x63: case 0x6b: case 0x73: case 0x7b: case 0x62: case 0x6a: case 0x72: case 0x7a: {
        const off = code[at + 1]!, b = r[d]!, l = (b + off) | 0;
        const h = (r[d + 1]! + (off >> 31) + ((l >>> 0) < (b >>> 0) ? 1 : 0)) | 0;
        const size = (w & 0x18) === 0x18 ? 8 : (w & 0x18) === 0 ? 4 : (w & 0x18) === 0x08 ? 2 : 1;
        let lo: number, hi: number;
        if ((w & 1) !== 0) { lo = r[s]!; hi = r[s + 1]!; } else { lo = code[at + 2]!; hi = lo >> 31; }
        const id = (h + BIAS) | 0;
        if (id > 0 && id < MAX_REGIONS) {
          const t = id << 2;
          const o = (l - tab[t]!) >>> 0;
          const p = o <= tab[t + 2]! - size ? tab[t + 3]! + o : mem.locateIn(id, l, size, true);
          if (p >= 0) {
            if (size === 4) view.setInt32(p, lo, true);
            else if (size === 8) { view.setInt32(p, lo, true); view.setInt32(p + 4, hi, true); }
            else if (size === 1) view.setInt8(p, lo);
            else view.setInt16(p, lo, true);
            break;
          }
        }
        cpu.pc = pc - 1;
        cpu.n = n;
        mem.slowStore(join(l, h), size, join(lo, hi));
        tab = mem.table;
        view = mem.view;
        break;
      }
      case 0xc3: case 0xcb: case 0xd3: case 0xdb: {
        // the commonest, addition, on ordinary memory
        if ((code[at + 2]! & ~1) === 0 && (w & 0x10) === ((w & 0x08) << 1)) {
          const off = code[at + 1]!, b = r[d]!, l = (b + off) | 0;
          const id = (r[d + 1]! + (off >> 31) + ((l >>> 0) < (b >>> 0) ? 1 : 0) + BIAS) | 0;
          const size = (w & 0x18) === 0x18 ? 8 : 4;
          if (id > 0 && id < MAX_REGIONS) {
            const t = id << 2;
            const o = (l - tab[t]!) >>> 0;
            const p = o <= tab[t + 2]! - size ? tab[t + 3]! + o : mem.locateIn(id, l, size, true);
            if (p >= 0) {
              const oldLow = view.getInt32(p, true), sum = (oldLow + r[s]!) | 0;
              const oldHigh = size === 8 ? view.getInt32(p + 4, true) : 0;
              view.setInt32(p, sum, true);
              if (size === 8) view.setInt32(p + 4, oldHigh + r[s + 1]! + ((sum >>> 0) < (oldLow >>> 0) ? 1 : 0), true);
              if ((code[at + 2]! & 1) !== 0) { r[s] = oldLow; r[s + 1] = oldHigh; }
              break;
            }
          }
        }
        cpu.pc = pc - 1;
        cpu.n = n;
        atomic(R, mem, d >> 1, s >> 1, w & 0x18, code[at + 1]!, code[at + 2]!);
        break;
      }
      // legacy packet loads; a failed one ends the program with 0
      case 0x20: case 0x28: case 0x30: case 0x40: case 0x48: case 0x50: {
        cpu.pc = pc - 1;
        cpu.n = n;
        const off = (w & 0xe0) === 0x40 ? (code[at + 2]! + r[s]!) | 0 : code[at + 2]!;
        const v = loadPacket(mem, R[6]!, off, (w & 0x18) === 0 ? 4 : (w & 0x18) === 0x08 ? 2 : 1);
        if (v >= 0) {
          r[0] = v;
          r[1] = 0;
          break;
        }
        r[0] = r[1] = 0;
        if (cpu.depth === entryDepth) return;
        pc = cpu.leave();
        code = cpu.image.decoded.code;
        break;
      }

      // jumps
      case 0x05: pc = code[at + 1]!; break;
      case 0x15: { const i = code[at + 2]!; if (r[d] === i && r[d + 1] === i >> 31) pc = code[at + 1]!; break; }
      case 0x1d: if (r[d] === r[s] && r[d + 1] === r[s + 1]) pc = code[at + 1]!; break;
      case 0x55: { const i = code[at + 2]!; if (r[d] !== i || r[d + 1] !== i >> 31) pc = code[at + 1]!; break; }
      case 0x5d: if (r[d] !== r[s] || r[d + 1] !== r[s + 1]) pc = code[at + 1]!; break;
      case 0x25: { const i = code[at + 2]!; if (above(r[d + 1]!, r[d]!, i >> 31, i)) pc = code[at + 1]!; break; }
      case 0x2d: if (above(r[d + 1]!, r[d]!, r[s + 1]!, r[s]!)) pc = code[at + 1]!; break;
      case 0x35: { const i = code[at + 2]!; if (!above(i >> 31, i, r[d + 1]!, r[d]!)) pc = code[at + 1]!; break; }
      case 0x3d: if (!above(r[s + 1]!, r[s]!, r[d + 1]!, r[d]!)) pc = code[at + 1]!; break;
      case 0xa5: { const i = code[at + 2]!; if (above(i >> 31, i, r[d + 1]!, r[d]!)) pc = code[at + 1]!; break; }
      case 0xad: if (above(r[s + 1]!, r[s]!, r[d + 1]!, r[d]!)) pc = code[at + 1]!; break;
      case 0xb5: { const i = code[at + 2]!; if (!above(r[d + 1]!, r[d]!, i >> 31, i)) pc = code[at + 1]!; break; }
      case 0xbd: if (!above(r[d + 1]!, r[d]!, r[s + 1]!, r[s]!)) pc = code[at + 1]!; break;
      case 0x65: { const i = code[at + 2]!; if (greater(r[d + 1]!, r[d]!, i >> 31, i)) pc = code[at + 1]!; break; }
      case 0x6d: if (greater(r[d + 1]!, r[d]!, r[s + 1]!, r[s]!)) pc = code[at + 1]!; break;
      case 0x75: { const i = code[at + 2]!; if (!greater(i >> 31, i, r[d + 1]!, r[d]!)) pc = code[at + 1]!; break; }
      case 0x7d: if (!greater(r[s + 1]!, r[s]!, r[d + 1]!, r[d]!)) pc = code[at + 1]!; break;
      case 0xc5: { const i = code[at + 2]!; if (greater(i >> 31, i, r[d + 1]!, r[d]!)) pc = code[at + 1]!; break; }
      case 0xcd: if (greater(r[s + 1]!, r[s]!, r[d + 1]!, r[d]!)) pc = code[at + 1]!; break;
      case 0xd5: { const i = code[at + 2]!; if (!greater(r[d + 1]!, r[d]!, i >> 31, i)) pc = code[at + 1]!; break; }
      case 0xdd: if (!greater(r[d + 1]!, r[d]!, r[s + 1]!, r[s]!)) pc = code[at + 1]!; break;
      case 0x45: { const i = code[at + 2]!; if ((r[d]! & i) !== 0 || (r[d + 1]! & (i >> 31)) !== 0) pc = code[at + 1]!; break; }
      case 0x4d: if ((r[d]! & r[s]!) !== 0 || (r[d + 1]! & r[s + 1]!) !== 0) pc = code[at + 1]!; break;
      // jumps that compare the low halves
      case 0x16: if (r[d] === code[at + 2]) pc = code[at + 1]!; break;
      case 0x1e: if (r[d] === r[s]) pc = code[at + 1]!; break;
      case 0x56: if (r[d] !== code[at + 2]) pc = code[at + 1]!; break;
      case 0x5e: if (r[d] !== r[s]) pc = code[at + 1]!; break;
      case 0x26: if (r[d]! >>> 0 > code[at + 2]! >>> 0) pc = code[at + 1]!; break;
      case 0x2e: if (r[d]! >>> 0 > r[s]! >>> 0) pc = code[at + 1]!; break;
      case 0x36: if (r[d]! >>> 0 >= code[at + 2]! >>> 0) pc = code[at + 1]!; break;
      case 0x3e: if (r[d]! >>> 0 >= r[s]! >>> 0) pc = code[at + 1]!; break;
      case 0xa6: if (r[d]! >>> 0 < code[at + 2]! >>> 0) pc = code[at + 1]!; break;
      case 0xae: if (r[d]! >>> 0 < r[s]! >>> 0) pc = code[at + 1]!; break;
      case 0xb6: if (r[d]! >>> 0 <= code[at + 2]! >>> 0) pc = code[at + 1]!; break;
      case 0xbe: if (r[d]! >>> 0 <= r[s]! >>> 0) pc = code[at + 1]!; break;
      case 0x66: if (r[d]! > code[at + 2]!) pc = code[at + 1]!; break;
      case 0x6e: if (r[d]! > r[s]!) pc = code[at + 1]!; break;
      case 0x76: if (r[d]! >= code[at + 2]!) pc = code[at + 1]!; break;
      case 0x7e: if (r[d]! >= r[s]!) pc = code[at + 1]!; break;
      case 0xc6: if (r[d]! < code[at + 2]!) pc = code[at + 1]!; break;
      case 0xce: if (r[d]! < r[s]!) pc = code[at + 1]!; break;
      case 0xd6: if (r[d]! <= code[at + 2]!) pc = code[at + 1]!; break;
      case 0xde: if (r[d]! <= r[s]!) pc = code[at + 1]!; break;
      case 0x46: if ((r[d]! & code[at + 2]!) !== 0) pc = code[at + 1]!; break;
      case 0x4e: if ((r[d]! & r[s]!) !== 0) pc = code[at + 1]!; break;
      case 0xe5: { // may_goto: leaves the loop when the frame's count is used up
        const left = cpu.mayGoto[cpu.depth]!;
        if (left === 0) pc = code[at + 1]!;
        else cpu.mayGoto[cpu.depth] = left - 1;
        break;
      }

      // calls
      case 0x85: case 0x285:
        cpu.pc = pc - 1;
        cpu.n = n;
        cpu.image.calls[code[at + 2]!]!(cpu);
        n = cpu.n;
        limit = cpu.limit;
        tab = mem.table;
        view = mem.view;
        break;
      case 0x185:
        cpu.pc = pc - 1;
        cpu.n = n;
        cpu.enter(pc);
        pc = code[at + 1]!;
        break;
      case 0x8d: case 0x0d: { // callx, gotox: the register holds the address of an instruction
        cpu.pc = pc - 1;
        cpu.n = n;
        const address = R[d >> 1]!;
        const image = cpu.imageAt(address);
        const off = mem.offsetOf(address);
        if (!image || (w & 0xffff) === 0x0d && image !== cpu.image || off < 0 || off % 8 !== 0 || off / 8 >= image.decoded.slots) throw badAccess(`jump to 0x${address.toString(16)}, which is no instruction of the program`);
        if ((w & 0xffff) === 0x8d) {
          cpu.enter(pc);
          cpu.image = image;
          code = image.decoded.code;
        }
        pc = off / 8;
        break;
      }
      case 0x385: {
        cpu.pc = pc - 1;
        cpu.n = n;
        const image = cpu.tailCall(cpu);
        limit = cpu.limit;
        if (image) {
          cpu.image = image;
          cpu.mayGoto[cpu.depth] = MAY_GOTO_LOOPS;
          code = image.decoded.code;
          pc = 0;
        }
        break;
      }
      case 0x95:
        if (cpu.depth === entryDepth) {
          cpu.pc = pc - 1;
          cpu.n = n;
          return;
        }
        pc = cpu.leave();
        code = cpu.image.decoded.code;
        break;
      default:
        cpu.pc = pc - 1;
        cpu.n = n;
        throw cpu.illegal(pc - 1);
    }
  }
}

function join(lo: number, hi: number): bigint {
  return (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
}

function swap32(v: number): number {
  return (v << 24) | ((v & 0xff00) << 8) | ((v >>> 8) & 0xff00) | (v >>> 24);
}

/** Unsigned a > b on halves. */
function above(ah: number, al: number, bh: number, bl: number): boolean {
  return ah === bh ? al >>> 0 > bl >>> 0 : ah >>> 0 > bh >>> 0;
}

/** Signed a > b on halves. */
function greater(ah: number, al: number, bh: number, bl: number): boolean {
  return ah === bh ? al >>> 0 > bl >>> 0 : ah > bh;
}

function shiftLeft(r: Int32Array, d: number, k: number): void {
  if (k >= 32) {
    r[d + 1] = r[d]! << (k - 32);
    r[d] = 0;
  } else if (k !== 0) {
    r[d + 1] = (r[d + 1]! << k) | (r[d]! >>> (32 - k));
    r[d] = r[d]! << k;
  }
}

function shiftRight(r: Int32Array, d: number, k: number): void {
  if (k >= 32) {
    r[d] = r[d + 1]! >>> (k - 32);
    r[d + 1] = 0;
  } else if (k !== 0) {
    r[d] = (r[d]! >>> k) | (r[d + 1]! << (32 - k));
    r[d + 1] = r[d + 1]! >>> k;
  }
}

function shiftArithmetic(r: Int32Array, d: number, k: number): void {
  if (k >= 32) {
    r[d] = r[d + 1]! >> (k - 32);
    r[d + 1] = r[d + 1]! >> 31;
  } else if (k !== 0) {
    r[d] = (r[d]! >>> k) | (r[d + 1]! << (32 - k));
    r[d + 1] = r[d + 1]! >> k;
  }
}

/** Division by zero gives 0, modulo by zero leaves dst (RFC 9669 section 4.1). */
function divide(R: BigUint64Array, r: Int32Array, d: number, by: bigint): void {
  if (by === 0n) r[d] = r[d + 1] = 0;
  else R[d >> 1] = R[d >> 1]! / by;
}

function modulo(R: BigUint64Array, r: Int32Array, d: number, by: bigint): void {
  if (by === 0n) return;
  if (r[d + 1] === 0 && by <= 0xffff_ffffn) r[d] = (r[d]! >>> 0) % Number(by);
  else R[d >> 1] = R[d >> 1]! % by;
}

/** The most negative number divided by -1 is itself, and its modulo 0: the store wraps. */
function signedDivide(R: BigUint64Array, d: number, by: bigint): void {
  R[d >> 1] = by === 0n ? 0n : BigInt.asUintN(64, BigInt.asIntN(64, R[d >> 1]!) / by);
}

function signedModulo(R: BigUint64Array, d: number, by: bigint): void {
  if (by !== 0n) R[d >> 1] = BigInt.asUintN(64, BigInt.asIntN(64, R[d >> 1]!) % by);
}
