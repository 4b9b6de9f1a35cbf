import type { Insn } from "./types.ts";
import {
  BPF_ABS, BPF_ADD, BPF_ADDR_SPACE_CAST, BPF_ALU, BPF_ALU64, BPF_AND, BPF_ATOMIC, BPF_CALL, BPF_CMPXCHG, BPF_DIV, BPF_DW, BPF_END,
  BPF_FETCH, BPF_IMM, BPF_IND, BPF_JA, BPF_JCOND, BPF_JMP, BPF_JMP32, BPF_LD, BPF_LDX, BPF_LOAD_ACQ, BPF_MAY_GOTO, BPF_MEM,
  BPF_MEMSX, BPF_MOD, BPF_MOV, BPF_NEG, BPF_OR, BPF_PSEUDO_BTF_ID, BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, BPF_PSEUDO_KFUNC_CALL,
  BPF_ST, BPF_STORE_REL, BPF_STX, BPF_TO_BE, BPF_X, BPF_XCHG, BPF_XOR, OPCODES, OP_EXIT, OP_GOTOX, OP_JA, OP_JA32,
  bpfClass, bpfMode, bpfOp, bpfSize, bpfSrc,
} from "./table.ts";

/** Forms that the printer of older releases does not know; each is on unless switched off (kernel/bpf/disasm.c of the releases). */
export interface DisasmForms {
  /** kfunc calls and module kfuncs (5.13); before, any call but a subprogram's prints a helper's name */
  kfuncs?: boolean;
  /** fetch, xchg, cmpxchg (5.12); before, every atomic prints as `lock … +=` */
  atomics?: boolean;
  /** cpu v4: bswap, signed division, sign-extending moves and loads, gotol (6.6) */
  cpuV4?: boolean;
  /** sign-extending loads are of 1, 2 or 4 bytes (7.3); before, one of 8 printed as `(null)` */
  ldsxSizes?: boolean;
  /** may_goto (6.9) */
  mayGoto?: boolean;
  /** addr_space_cast (6.9) */
  addrSpaceCast?: boolean;
  /** load_acquire, store_release (6.15) */
  loadAcquire?: boolean;
  /** gotox (6.19) */
  gotox?: boolean;
}

export interface DisasmOptions {
  /** "bpf_map_lookup_elem" for 1, by the release's own numbering; undefined prints "unknown" */
  helperName?: (id: number) => string | undefined;
  /** name of the kfunc called; undefined prints "kernel-function" */
  kfuncName?: (insn: Insn) => string | undefined;
  /** text for the value of an ld_imm64, instead of the number */
  immName?: (insn: Insn, imm: bigint) => string | undefined;
  /** false: without CAP_PERFMON pointers print as 0 (allow_ptr_leaks); default true */
  ptrLeaks?: boolean;
  forms?: DisasmForms;
}

const SIZE_NAMES = ["u32", "u16", "u8", "u64"];
const SIGNED_SIZE_NAMES = ["s32", "s16", "s8", "(null)"];
const CLASS_NAMES = ["ld", "ldx", "st", "stx", "alu", "jmp", "jmp32", "alu64"];
const ATOMIC_NAMES: Readonly<Record<number, string>> = { [BPF_ADD]: "add", [BPF_AND]: "and", [BPF_OR]: "or", [BPF_XOR]: "xor" };

function symbolTable(kind: "alu" | "jmp"): readonly string[] {
  const symbols = new Array<string>(16).fill("(null)");
  for (const info of OPCODES) if (info?.kind === kind) symbols[info.code >> 4] = info.symbol;
  return symbols;
}
const ALU_SYMBOLS = symbolTable("alu");
const JMP_SYMBOLS = symbolTable("jmp");

function hex2(value: number): string {
  return value.toString(16).padStart(2, "0");
}
function plus(value: number): string {
  return value < 0 ? String(value) : `+${value}`;
}
function sizeName(code: number): string {
  return SIZE_NAMES[bpfSize(code) >> 3] ?? "(null)";
}

/**
 * One instruction as the verifier's log prints it, without the `(b7) ` before it (print_bpf_insn, releases 5.10 to 7.3):
 * `r1 = *(u64 *)(r10 -8)`, `if r1 == 0x0 goto pc+3`, `call bpf_map_lookup_elem#1`. For ld_imm64, idx is its first slot.
 */
export function disasmInsn(insns: readonly Insn[], idx: number, options: DisasmOptions = {}): string {
  const insn = insns[idx];
  if (!insn) return "(no instruction)";
  switch (bpfClass(insn.code)) {
    case BPF_ALU:
    case BPF_ALU64:
      return disasmAlu(insn, options.forms ?? {});
    case BPF_STX:
      return disasmStx(insn, options.forms ?? {});
    case BPF_ST:
      if (bpfMode(insn.code) === BPF_MEM) return `*(${sizeName(insn.code)} *)(r${insn.dst} ${plus(insn.off)}) = ${insn.imm}`;
      return bpfMode(insn.code) === 0xc0 ? "nospec" : `BUG_st_${hex2(insn.code)}`;
    case BPF_LDX:
      return disasmLdx(insn, options.forms ?? {});
    case BPF_LD:
      return disasmLd(insns, idx, insn, options);
    case BPF_JMP:
    case BPF_JMP32:
      return disasmJmp(insn, options);
    default:
      return CLASS_NAMES[bpfClass(insn.code)] ?? "";
  }
}

/** True when the line of print_bpf_insn carries no `(xx) ` prefix: its BUG_ lines. */
export function isBugLine(text: string): boolean {
  return text.startsWith("BUG_");
}

function disasmAlu(insn: Insn, forms: DisasmForms): string {
  const narrow = bpfClass(insn.code) === BPF_ALU;
  const r = narrow ? "w" : "r";
  const op = bpfOp(insn.code);
  const v4 = forms.cpuV4 !== false;
  if (op === BPF_END) {
    if (!narrow) return v4 ? `r${insn.dst} = bswap${insn.imm} r${insn.dst}` : `BUG_alu64_${hex2(insn.code)}`;
    return `r${insn.dst} = ${bpfSrc(insn.code) === BPF_TO_BE ? "be" : "le"}${insn.imm} r${insn.dst}`;
  }
  if (op === BPF_NEG) return `${r}${insn.dst} = -${r}${insn.dst}`;
  const isMov64 = insn.code === (BPF_ALU64 | BPF_MOV | BPF_X);
  if (isMov64 && insn.off === BPF_ADDR_SPACE_CAST && forms.addrSpaceCast !== false) {
    return `r${insn.dst} = addr_space_cast(r${insn.src}, ${insn.imm >>> 16}, ${insn.imm & 0xffff})`;
  }
  if (isMov64 && insn.off === -1 && forms.addrSpaceCast !== false) return `r${insn.dst} = &(void __percpu *)(r${insn.src})`;
  let symbol = ALU_SYMBOLS[op >> 4] ?? "(null)";
  if (v4 && insn.off === 1 && (op === BPF_DIV || op === BPF_MOD)) symbol = `s${symbol}`;
  if (bpfSrc(insn.code) !== BPF_X) return `${r}${insn.dst} ${symbol} ${insn.imm}`;
  const extend = v4 && op === BPF_MOV && (insn.off === 8 || insn.off === 16 || insn.off === 32) ? `(s${insn.off})` : "";
  return `${r}${insn.dst} ${symbol} ${extend}${r}${insn.src}`;
}

function disasmStx(insn: Insn, forms: DisasmForms): string {
  const size = sizeName(insn.code);
  const place = `*(${size} *)(r${insn.dst} ${plus(insn.off)})`;
  if (bpfMode(insn.code) === BPF_MEM) return `${place} = r${insn.src}`;
  if (bpfMode(insn.code) !== BPF_ATOMIC) return `BUG_${hex2(insn.code)}`;
  if (forms.atomics === false) return `lock ${place} += r${insn.src}`;
  const pointer = `(${size} *)(r${insn.dst} ${plus(insn.off)})`;
  const wide = bpfSize(insn.code) === BPF_DW ? "64" : "";
  switch (insn.imm) {
    case BPF_ADD:
    case BPF_AND:
    case BPF_OR:
    case BPF_XOR:
      return `lock ${place} ${ALU_SYMBOLS[insn.imm >> 4]} r${insn.src}`;
    case BPF_ADD | BPF_FETCH:
    case BPF_AND | BPF_FETCH:
    case BPF_OR | BPF_FETCH:
    case BPF_XOR | BPF_FETCH:
      return `r${insn.src} = atomic${wide}_fetch_${ATOMIC_NAMES[insn.imm & 0xf0]}(${pointer}, r${insn.src})`;
    case BPF_CMPXCHG:
      return `r0 = atomic${wide}_cmpxchg(${pointer}, r0, r${insn.src})`;
    case BPF_XCHG:
      return `r${insn.src} = atomic${wide}_xchg(${pointer}, r${insn.src})`;
    case BPF_LOAD_ACQ:
      if (forms.loadAcquire !== false) return `r${insn.dst} = load_acquire((${size} *)(r${insn.src} ${plus(insn.off)}))`;
      break;
    case BPF_STORE_REL:
      if (forms.loadAcquire !== false) return `store_release(${pointer}, r${insn.src})`;
      break;
  }
  return `BUG_${hex2(insn.code)}`;
}

function disasmLdx(insn: Insn, forms: DisasmForms): string {
  const mode = bpfMode(insn.code);
  const signed = mode === BPF_MEMSX && forms.cpuV4 !== false;
  if ((mode !== BPF_MEM && !signed) || (signed && forms.ldsxSizes === true && bpfSize(insn.code) === BPF_DW)) return `BUG_ldx_${hex2(insn.code)}`;
  const size = signed ? (SIGNED_SIZE_NAMES[bpfSize(insn.code) >> 3] ?? "(null)") : sizeName(insn.code);
  return `r${insn.dst} = *(${size} *)(r${insn.src} ${plus(insn.off)})`;
}

function disasmLd(insns: readonly Insn[], idx: number, insn: Insn, options: DisasmOptions): string {
  switch (bpfMode(insn.code)) {
    case BPF_ABS:
      return `r0 = *(${sizeName(insn.code)} *)skb[${insn.imm}]`;
    case BPF_IND:
      return `r0 = *(${sizeName(insn.code)} *)skb[r${insn.src} + ${insn.imm}]`;
    case BPF_IMM:
      if (bpfSize(insn.code) === BPF_DW) {
        let imm = (BigInt.asUintN(32, BigInt(insns[idx + 1]?.imm ?? 0)) << 32n) | BigInt.asUintN(32, BigInt(insn.imm));
        const isPointer = insn.src !== 0 && insn.src !== BPF_PSEUDO_FUNC && insn.src >= 1 && insn.src <= 6;
        if (isPointer && options.ptrLeaks === false && (insn.src !== BPF_PSEUDO_BTF_ID || options.forms?.kfuncs !== false)) imm = 0n;
        return `r${insn.dst} = ${options.immName?.(insn, imm) ?? `0x${imm.toString(16)}`}`;
      }
  }
  return `BUG_ld_${hex2(insn.code)}`;
}

function disasmJmp(insn: Insn, options: DisasmOptions): string {
  const forms = options.forms ?? {};
  const r = bpfClass(insn.code) === BPF_JMP32 ? "w" : "r";
  const op = bpfOp(insn.code);
  if (op === BPF_CALL) {
    if (insn.src === BPF_PSEUDO_CALL) return `call pc${plus(insn.imm)}`;
    return `call ${calledName(insn, options)}#${insn.imm}`;
  }
  if (insn.code === OP_JA) return `goto pc${plus(insn.off)}`;
  if (insn.code === OP_GOTOX && forms.gotox !== false) return `gotox r${insn.dst}`;
  if (insn.code === (BPF_JMP | BPF_JCOND) && insn.src === BPF_MAY_GOTO && forms.mayGoto !== false) return `may_goto pc${plus(insn.off)}`;
  if (insn.code === OP_JA32 && forms.cpuV4 !== false) return `gotol pc${plus(insn.imm)}`;
  if (insn.code === OP_EXIT) return "exit";
  const symbol = op === BPF_JA ? "jmp" : op === 0x90 ? "exit" : (JMP_SYMBOLS[op >> 4] ?? "(null)");
  const right = bpfSrc(insn.code) === BPF_X ? `${r}${insn.src}` : `0x${(insn.imm >>> 0).toString(16)}`;
  return `if ${r}${insn.dst} ${symbol} ${right} goto pc${plus(insn.off)}`;
}

function calledName(insn: Insn, options: DisasmOptions): string {
  const kfuncsKnown = options.forms?.kfuncs !== false;
  if (insn.src === 0 || !kfuncsKnown) {
    const name = insn.imm === 0 ? "bpf_unspec" : insn.imm > 0 ? options.helperName?.(insn.imm) : undefined;
    return name ?? "unknown";
  }
  if (insn.src === BPF_PSEUDO_KFUNC_CALL) return options.kfuncName?.(insn) ?? "kernel-function";
  return "unknown";
}
