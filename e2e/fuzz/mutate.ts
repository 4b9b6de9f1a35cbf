/**
 * Changed programs: an object comes in, the same object with a few instructions of every program changed goes out. What the
 * object says about the instructions (relocations, BTF, line info) keeps fitting, because no instruction moves.
 */
import { R_BPF_64_64, SHF_EXECINSTR, STT_FUNC } from "../../src/elf/constants.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { randomNumbers } from "../../src/loader/testing/fixtures.ts";

type Random = () => number;

/** What was done to one program. */
export interface Mutation { readonly program: string; readonly insn: number; readonly how: string }

export interface Mutant { readonly bytes: Uint8Array; readonly mutations: readonly Mutation[] }

const IMMEDIATES = [0, 1, -1, 2, 7, 8, 16, 31, 32, 63, 64, 255, 256, 4096, 0x7fff, 0x7fffffff, -0x80000000, -8, -16];
/** Instruction classes (RFC 9669 section 3). */
const LD = 0, LDX = 1, ST = 2, STX = 3, ALU = 4, JMP = 5, JMP32 = 6, ALU64 = 7;
const K_OR_X = 0x08;

/** One instruction in place: eight bytes, little endian (RFC 9669 section 3). */
class Slot {
  readonly #view: DataView;
  constructor(bytes: Uint8Array, at: number) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset + at, 8);
  }
  get code(): number { return this.#view.getUint8(0); }
  set code(value: number) { this.#view.setUint8(0, value); }
  get class(): number { return this.code & 7; }
  get dst(): number { return this.#view.getUint8(1) & 15; }
  set dst(value: number) { this.#view.setUint8(1, (this.#view.getUint8(1) & 0xf0) | value); }
  get src(): number { return this.#view.getUint8(1) >> 4; }
  set src(value: number) { this.#view.setUint8(1, (this.#view.getUint8(1) & 15) | (value << 4)); }
  get off(): number { return this.#view.getInt16(2, true); }
  set off(value: number) { this.#view.setInt16(2, value, true); }
  get imm(): number { return this.#view.getInt32(4, true); }
  set imm(value: number) { this.#view.setInt32(4, value, true); }
  get raw(): bigint { return this.#view.getBigUint64(0, true); }
  set raw(value: bigint) { this.#view.setBigUint64(0, value, true); }
}

const pick = <T>(random: Random, from: readonly T[]): T => from[random() % from.length] as T;

const isCall = (i: Slot): boolean => i.code === 0x85;
const isExit = (i: Slot): boolean => i.code === 0x95;
const isWide = (i: Slot): boolean => i.code === 0x18;
const isJump = (i: Slot): boolean => (i.class === JMP || i.class === JMP32) && !isCall(i) && !isExit(i);
const isAlu = (i: Slot): boolean => i.class === ALU || i.class === ALU64;
const isMemory = (i: Slot): boolean => i.class === LDX || i.class === ST || i.class === STX;
const hasImmediate = (i: Slot): boolean => (isAlu(i) || isJump(i)) && (i.code & K_OR_X) === 0 && i.code !== 0x05;

interface Kind { readonly name: string; readonly subtle?: true; fits(i: Slot): boolean; apply(i: Slot, random: Random, others: readonly Slot[]): void }

const nudge = (random: Random): number => pick(random, [1, -1, 2, -2, 4, -4, 8, -8]);
const fitted = (value: number): number => (value << 16) >> 16;

const KINDS: readonly Kind[] = [
  { name: "immediate", subtle: true, fits: (i) => hasImmediate(i) || i.class === ST, apply: (i, r) => void (i.imm = r() % 3 === 0 ? pick(r, IMMEDIATES) : i.imm + nudge(r)) },
  { name: "constant", subtle: true, fits: (i) => isWide(i) && i.src === 0, apply: (i, r) => void (i.imm = pick(r, IMMEDIATES)) },
  { name: "operator", fits: isAlu, apply: (i, r) => void (i.code = (i.code & 0x0f) | (pick(r, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]) << 4)) },
  { name: "width", subtle: true, fits: (i) => isAlu(i) || (isJump(i) && i.code !== 0x05), apply: (i) => void (i.code ^= isAlu(i) ? ALU ^ ALU64 : JMP ^ JMP32) },
  { name: "comparison", subtle: true, fits: (i) => isJump(i) && i.code !== 0x05, apply: (i, r) => void (i.code = (i.code & 0x0f) | (pick(r, [1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13]) << 4)) },
  { name: "operand", fits: (i) => isAlu(i) || (isJump(i) && i.code !== 0x05), apply: (i, r) => {
    i.code ^= K_OR_X;
    if (i.code & K_OR_X) {
      i.imm = 0;
      i.src = r() % 10;
    } else {
      i.src = 0;
      i.imm = pick(r, IMMEDIATES);
    }
  } },
  { name: "destination", fits: (i) => !isExit(i) && !isCall(i), apply: (i, r) => void (i.dst = r() % 11) },
  { name: "source", fits: (i) => i.class === STX || i.class === LDX || ((isAlu(i) || isJump(i)) && (i.code & K_OR_X) !== 0), apply: (i, r) => void (i.src = r() % 11) },
  { name: "offset", subtle: true, fits: isMemory, apply: (i, r) => void (i.off = fitted(r() % 4 === 0 ? pick(r, [0, -8, -16, -512, -520, 8, 64]) : i.off + nudge(r))) },
  { name: "size", subtle: true, fits: isMemory, apply: (i, r) => void (i.code = (i.code & 0xe7) | (pick(r, [0, 1, 2, 3]) << 3)) },
  { name: "target", subtle: true, fits: isJump, apply: (i, r) => void (i.off = fitted(i.off + pick(r, [1, 2, 3, -1, -2, -3]))) },
  { name: "helper", fits: (i) => isCall(i) && i.src === 0, apply: (i, r) => void (i.imm = 1 + (r() % 211)) },
  { name: "nothing", fits: (i) => !isExit(i), apply: (i) => void (i.raw = 0x05n) },
  { name: "copy", fits: (i) => !isExit(i), apply: (i, r, others) => void (i.raw = pick(r, others).raw) },
];

/** Changes one to three instructions of one program, in place. `locked`: byte offsets, from the section's start, of what must stay. */
function change(program: string, bytes: Uint8Array, start: number, length: number, locked: (at: number) => boolean, random: Random): Mutation[] {
  const slots: { at: number; slot: Slot }[] = [];
  for (let at = 0; at < length; at += 8) {
    const slot = new Slot(bytes, start + at);
    if (!locked(at)) slots.push({ at, slot });
    if (isWide(slot)) at += 8;
  }
  const narrow = slots.map((s) => s.slot).filter((s) => !isWide(s));
  const done: Mutation[] = [];
  for (let n = pick(random, [1, 1, 1, 2, 3]); n > 0 && narrow.length > 0; n--) {
    const { at, slot } = pick(random, slots);
    const fitting = KINDS.filter((k) => k.fits(slot) && !(isWide(slot) && (k.name === "nothing" || k.name === "copy")));
    // A changed number or comparison leads further into a program than a register that was never written.
    const subtle = fitting.filter((k) => k.subtle);
    const kinds = subtle.length > 0 && random() % 4 !== 0 ? subtle : fitting;
    if (kinds.length === 0) continue;
    const kind = pick(random, kinds);
    kind.apply(slot, random, narrow);
    done.push({ program, insn: at / 8, how: kind.name });
  }
  return done;
}

/** One seed for every object of a run, whatever others take part in it: `seed` and the object's name, FNV-1a. */
export function mutantSeed(seed: number, name: string): number {
  let hash = 0x811c9dc5;
  for (const c of `${seed}/${name}`) hash = Math.imul(hash ^ c.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}

/**
 * The object with every function of every executable section changed, the same for the same seed. Relocated instructions stay.
 * An object that is not an eBPF object gives undefined.
 */
export function mutate(object: Uint8Array, seed: number): Mutant | undefined {
  const elf = parseElf(object);
  if (!elf.ok) return undefined;
  const random = randomNumbers(seed);
  for (let i = 0; i < 8; i++) random();
  const bytes = object.slice();
  const mutations: Mutation[] = [];
  for (const section of elf.value.sections) {
    if ((section.flags & SHF_EXECINSTR) === 0n || section.size === 0) continue;
    const relocated = new Set<number>();
    for (const r of elf.value.relocations.get(section.index) ?? []) {
      relocated.add(r.offset);
      if (r.type === R_BPF_64_64) relocated.add(r.offset + 8);
    }
    for (const s of elf.value.symbols) {
      if (s.shndx !== section.index || s.type !== STT_FUNC || s.size === 0) continue;
      // Functions that several programs share are changed seldom: else every one of them would fail for the same reason.
      if (section.name === ".text" && random() % 4 !== 0) continue;
      mutations.push(...change(s.name, bytes, section.offset + s.value, s.size, (at) => relocated.has(s.value + at), random));
    }
  }
  return { bytes, mutations };
}
