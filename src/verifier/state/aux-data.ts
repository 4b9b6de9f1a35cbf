/** What the verifier remembers per instruction and per subprogram (kernel struct bpf_insn_aux_data, struct bpf_subprog_info). */
import type { Btf } from "../../btf/types.ts";
import type { ScalarState } from "../domains/bounds.ts";
import type { VMap } from "./maps.ts";
import type { RegState } from "./reg-state.ts";

export class InsnAux {
  /** type of the pointer this load or store used, 0 when not seen yet */
  ptrType = 0;
  /** ld_imm64 of a map: which, and the offset into its value */
  map: VMap | null = null;
  mapOff = 0;
  /** ld_imm64 of a BTF variable */
  btfVar: { regType: number; btf: Btf | null; btfId: number; memSize: number } | null = null;
  /** helper call: the map passed, and whether different ones were */
  mapPtr: VMap | null = null;
  mapPtrPoison = false;
  /** -1 unseen, -2 poisoned, else the constant key */
  mapKey = -1;
  /** the immediate operand as a register; never changed */
  immReg: RegState | null = null;
  /** operands and result of this arithmetic instruction when it was computed last */
  lastAlu: { dst: ScalarState; src: ScalarState; out: ScalarState } | null = null;
  ctxFieldSize = 0;
  /** context load that 5.10 accepts and cannot rewrite */
  ctxUnrewritten = false;
  seen = false;
  nospec = false;
  nospecResult = false;
  aluState = 0;
  aluLimit = 0;
  isIterNext = false;
  callWithPercpuAllocPtr = false;
  kptrStructMeta: object | null = null;
  /** did a 64-bit operation see arena pointers? (kernel needs_zext, prevent_zext) */
  arenaAlu: "" | "always" | "never" = "";
  fastcallPattern = false;
  /** calls: pairs of spill and fill that go away */
  fastcallSpills = 0;
  /** why the instruction is refused when the walk comes to it */
  lateError = "";
  jmpPoint = false;
  prunePoint = false;
  forceCheckpoint = false;
  callsCallback = false;
  indirectTarget = false;
  jumpTarget = false;
  /** strongly connected component of the flow graph, 0 for none */
  scc = 0;
  /** bit set of registers alive before this instruction */
  liveRegsBefore = 0;
  /** 7.x constant registers: mask and values (passes/const-regs.ts) */
  constRegMask = 0;
  constRegVals: number[] | null = null;
  constMapMask = 0;
  constSubprogMask = 0;
  /** jump targets of gotox, or [next, exit] of an instruction that may leave the subprogram */
  jt: number[] | null = null;
  /** inner bpf_loop: fit for inlining */
  loopInline: { fit: boolean; subprogno: number } | null = null;
  insertOff = 0;
  argProg = 0;
  nonSleepable = false;
}

/** Argument of a global subprogram as its BTF says. `type`: ArgType by name; see passes/global-func.ts. */
export interface SubprogArg {
  /** base of the kernel's arg_type: "ctx", "anything", "mem", "dynptr", "btf_id", "arena" */
  kind: "ctx" | "anything" | "mem" | "dynptr" | "btf_id" | "arena";
  /** register type flags (reg-type.ts) */
  flags: number;
  memSize: number;
  btfId: number;
}

export class SubprogInfo {
  start: number;
  name = "";
  exitIdx = 0;
  stackDepth = 0;
  /** instructions walked in it, and with what it calls (passes/account.ts) */
  insnsSelf = 0;
  insnsTotal = 0;
  hasTailCall = false;
  mightThrow = false;
  tailCallReachable = false;
  hasLdAbs = false;
  isCb = false;
  isAsyncCb = false;
  isExceptionCb = false;
  argsCached = false;
  keepFastcallStack = false;
  fastcallStackOff = 0;
  changesPktData = false;
  mightSleep = false;
  args: SubprogArg[] = [];
  argCnt = 0;
  stackArgCnt = 0;
  maxOutStackArgCnt = 0;
  postorderStart = 0;
  privStack: "unknown" | "no" | "adaptive" = "unknown";
  /** from func_info: static (0), global (1); undefined without BTF */
  linkage: number | undefined = undefined;
  /** FUNC id in the object's BTF, 0 without */
  btfId = 0;
  unreliable = false;
  /** called and verified: [where it may not sleep, where it may]; before 7.3 only the first counts */
  called: [boolean, boolean] = [false, false];
  verified: [boolean, boolean] = [false, false];
  constructor(start: number) {
    this.start = start;
  }
}
