/**
 * The one environment of a verification: program, kernel, options, current state, the stack of paths still to be
 * explored, the cache of explored states, per-instruction data and the log. It owns all mutation (kernel struct
 * bpf_verifier_env); verify.ts makes it and throws it away.
 */
import type { Btf } from "../../btf/types.ts";
import type { DisasmForms } from "../../isa/disasm.ts";
import { BPF_PSEUDO_BTF_ID, BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE, BPF_PSEUDO_MAP_VALUE } from "../../isa/table.ts";
import type { Insn } from "../../isa/types.ts";
import type { Kernel } from "../../kernel/types.ts";
import type { BoundProgram } from "../../loader/types.ts";
import { type ScalarDomain, scalarDomain } from "../domains/bounds.ts";
import { Log } from "../report/log.ts";
import type { HistoryEvent } from "../report/history.ts";
import type { PrintPlan } from "../report/print-plan.ts";
import type { Compared, TrailStep } from "../report/trail.ts";
import type { Watch } from "../report/watch.ts";
import type { VerifyOptions } from "../types.ts";
import { InsnAux, SubprogInfo } from "./aux-data.ts";
import { Stopped, Unsupported, VerifierError } from "./errors.ts";
import type { FuncState } from "./frame.ts";
import { type Features, features } from "./features.ts";
import type { VMap } from "./maps.ts";
import { constReg, type RegState } from "./reg-state.ts";
import { type JmpHistoryEntry, type StateListEntry, VState } from "./state.ts";
import { Backtrack } from "./backtrack-state.ts";
import type { SccVisit } from "../passes/scc-visits.ts";

export const BPF_COMPLEXITY_LIMIT_JMP_SEQ = 8192;
export const BPF_COMPLEXITY_LIMIT_STATES = 64;
export const BPF_MAX_VAR_OFF = 1n << 29n;
export const BPF_MAX_VAR_SIZ = 1n << 29n;

/** A path put aside (kernel struct bpf_verifier_stack_elem). */
export interface StackElem {
  readonly st: VState;
  readonly insnIdx: number;
  readonly prevInsnIdx: number;
  readonly logPos: number;
  /** how the path came here; recording walk only */
  trail: TrailStep | null;
  /** what happened on the way; where the release's report tells it */
  history: HistoryEvent | null;
}

const MAP_ADDRESS = "0xffff888000000000", SYMBOL_ADDRESS = "0xffffffff82000000", ARENA_ADDRESS = 0x7f00_0000_0000n;

export class Env {
  readonly prog: BoundProgram;
  readonly kernel: Kernel;
  readonly options: VerifyOptions;
  /** passes may rewrite dead branches */
  readonly insns: Insn[];
  readonly dom: ScalarDomain;
  readonly f: Features;
  readonly log: Log;
  /** the object's BTF */
  readonly btf: Btf | null;

  readonly strictAlignment: boolean;
  readonly testStateFreq: boolean;
  readonly testRegInvariants: boolean;
  readonly bpfCapable: boolean;
  readonly allowPtrLeaks: boolean;
  readonly allowUninitStack: boolean;
  readonly bypassSpecV1: boolean;
  readonly bypassSpecV4: boolean;
  readonly insnLimit: number;
  readonly maxCallFrames: number;

  insnIdx = 0;
  prevInsnIdx = -1;
  /** set by do_check */
  curState!: VState;
  stack: StackElem[] = [];
  aux: InsnAux[];
  /** last entry is a sentinel that starts at the program's end */
  subprogs: SubprogInfo[] = [];
  subprogCnt = 0;
  exceptionCallbackSubprog = 0;
  maps: VMap[] = [];
  /** recording walks of releases with structured reports: the newest event of the current path */
  history: HistoryEvent | null = null;
  /** the region of memory looked at last, for reports about it */
  accessed: { insn: number; off: number; size: number; object: number } | null = null;
  /** those that instructions name */
  readonly usedMaps = new Set<VMap>();
  /** An instruction names an arena (kernel prog->aux->arena); one that only the object has is not the program's. */
  usesArena = false;

  /** explored states by hash of instruction and callsite */
  explored: StateListEntry[][] = [];
  idGen = 0;
  insnProcessed = 0;
  prevInsnProcessed = 0;
  jmpsProcessed = 0;
  prevJmpsProcessed = 0;
  maxStatesPerInsn = 0;
  totalStates = 0;
  peakStates = 0;
  exploredStatesSize = 0;
  freeListSize = 0;
  numBackedges = 0;
  longestMarkReadWalk = 0;
  maxStackDepth = 0;
  seenDirectWrite = false;
  seenException = false;
  exploreAluLimits = false;
  changesPktData = false;
  curHistEnt: JmpHistoryEntry | null = null;
  /** how often the walk came by each instruction */
  readonly visits: Uint32Array;
  /** number of the newest path, and where each was put aside: its parent path and the instructions processed by then */
  pathGen = -1;
  readonly paths: { parent: number; processed: number }[] = [];
  /** the explored state that ended the path last, and whether it was still open (a loop) */
  equalTo: VState | null = null;
  equalLoop = false;
  /** true ends the walk */
  progress: ((processed: number, states: number) => boolean) | null = null;
  /** the instruction that a check of the whole program looks at; null while none does */
  lookingAt: number | null = null;
  /** paths are being walked, not the program looked at as a whole */
  walking = false;
  /** true while what explanations need is kept */
  recording = false;
  /** second walk: what is to be printed */
  plan: PrintPlan | null = null;
  trail: TrailStep | null = null;
  comparing: Compared | null = null;
  /** steps not put into the trail since its last */
  trailSkipped = 0;
  /** registers of the current frame as they were before the instruction; recording walk only */
  regsBefore: readonly RegState[] = [];
  /** loads through pointers to kernel structures: what was read, by instruction; recording walk only */
  readonly loadedFrom: ({ btf: Btf; id: number; off: number } | undefined)[] = [];
  /** the instruction whose states were asked for */
  watch: Watch | null = null;
  readonly bt: Backtrack;
  /** by SCC id: visits of that component along different call chains */
  sccVisits: SccVisit[][] = [];
  insnPostorder: number[] = [];
  subprogTopoOrder: number[] = [];
  /** facts computed by passes and kept by them, by the pass's own key */
  passData = new Map<string, unknown>();

  scratchedRegs = 0;
  scratchedSlotsLo = 0;
  scratchedSlotsHi = 0;

  constructor(prog: BoundProgram, kernel: Kernel, options: VerifyOptions, logLevel: number) {
    this.prog = prog;
    this.kernel = kernel;
    this.options = options;
    this.insns = prog.insns.slice();
    this.btf = prog.btf;
    this.dom = scalarDomain(kernel);
    this.f = features(kernel);
    const priv = options.unprivileged !== true;
    this.bpfCapable = priv;
    this.allowPtrLeaks = priv;
    this.allowUninitStack = priv;
    this.bypassSpecV1 = priv;
    this.bypassSpecV4 = priv;
    this.strictAlignment = (prog.flags & 1) !== 0 && (prog.flags & 2) === 0;
    this.testStateFreq = priv && (prog.flags & 8) !== 0;
    this.testRegInvariants = (prog.flags & 128) !== 0 && this.f.reg_invariants;
    this.insnLimit = options.insnLimit ?? kernel.manifest.limits.insns;
    this.maxCallFrames = kernel.manifest.limits.callFrames;
    this.log = new Log(this, logLevel);
    this.aux = prog.insns.map(() => new InsnAux());
    this.visits = new Uint32Array(prog.insns.length);
    this.bt = new Backtrack();
  }

  /** Adds text to the log as it stands; the kernel's verbose(). */
  verbose(text: string): void {
    this.log.write(text);
  }
  /** Writes the line and refuses the program. `errno` as "EACCES". */
  fail(errno: string, line: string): never {
    this.log.write(`${line}\n`);
    throw new VerifierError(errno, line);
  }
  /** As fail, where 7.3 adds its report: whatever follows is not the message. */
  failReported(errno: string, line: string): never {
    this.log.write(`${line}\n`);
    this.log.freeze();
    throw new VerifierError(errno, line);
  }
  /** Refuses without a word of its own (what was written stands). */
  failSilently(errno: string): never {
    throw new VerifierError(errno, "");
  }
  /** Not modelled: the verdict is "unsupported" with this message. */
  unsupported(what: string): never {
    throw new Unsupported(what);
  }
  /** A state the kernel itself calls a bug of the verifier. */
  bug(text: string): never {
    this.log.write(`verifier bug: ${text}\n`);
    throw new VerifierError("EFAULT", text);
  }
  stop(): never {
    throw new Stopped("stopped");
  }

  /** Lets go of every state, so that another walk can have the memory. */
  forget(): void {
    this.explored = [];
    this.stack = [];
    this.sccVisits = [];
    this.curState = new VState();
    this.aux = [];
    this.passData.clear();
  }

  get cur(): FuncState {
    return this.curState.cur;
  }
  get insn(): Insn {
    return this.insns[this.insnIdx]!;
  }
  get curAux(): InsnAux {
    return this.aux[this.insnIdx]!;
  }
  /** The current instruction's immediate as an operand, for reading only. */
  immReg(): RegState {
    const aux = this.curAux;
    return (aux.immReg ??= constReg(BigInt(this.insn.imm)));
  }
  /** Register of the current frame, for reading. */
  reg(i: number): RegState {
    return this.curState.cur.regs[i]!;
  }
  /** Register of the current frame, for changing. */
  mut(i: number): RegState {
    return this.curState.cur.mut(i);
  }
  /** The frame a stack pointer points into (kernel func()). */
  frameOf(reg: RegState): FuncState {
    return this.curState.frames[reg.frameno]!;
  }
  /** Numbers a path; `parent` -1 for one that a function's verification begins with. */
  newPath(parent: number): number {
    this.paths.push({ parent, processed: this.insnProcessed });
    return ++this.pathGen;
  }
  newId(): number {
    return ++this.idGen;
  }
  markRegScratched(i: number): void {
    this.scratchedRegs |= 1 << i;
  }
  markSlotScratched(spi: number): void {
    if (spi < 32) this.scratchedSlotsLo |= 1 << spi;
    else this.scratchedSlotsHi |= 1 << (spi - 32);
  }
  regScratched(i: number): boolean {
    return (this.scratchedRegs & (1 << i)) !== 0;
  }
  slotScratched(spi: number): boolean {
    return ((spi < 32 ? this.scratchedSlotsLo : this.scratchedSlotsHi) & (1 << (spi & 31))) !== 0;
  }
  anyScratched(): boolean {
    return (this.scratchedRegs | this.scratchedSlotsLo | this.scratchedSlotsHi) !== 0;
  }
  markStateScratched(): void {
    this.scratchedRegs = -1;
    this.scratchedSlotsLo = -1;
    this.scratchedSlotsHi = -1;
  }
  markStateClean(): void {
    this.scratchedRegs = 0;
    this.scratchedSlotsLo = 0;
    this.scratchedSlotsHi = 0;
  }

  /** Name of the kfunc a call goes to, for the log. */
  kfuncName(insn: Insn): string | undefined {
    const module = this.prog.kfuncModules[insn.off] ?? null;
    const btf = module === null ? this.kernel.btf : (this.kernel.modules.get(module) ?? null);
    return btf?.type(insn.imm)?.name;
  }
  /** What the log prints for the value of an ld_imm64: the kernel prints the map's address, which differs from boot to boot. */
  immName(insn: Insn, imm: bigint): string | undefined {
    switch (insn.src) {
      case BPF_PSEUDO_MAP_VALUE: case BPF_PSEUDO_MAP_IDX_VALUE: {
        const map = this.maps[insn.imm];
        // an arena stands where the program wants it, or where there is room
        return map?.type === "arena" ? `0x${((map.spec.mapExtra || ARENA_ADDRESS) + (imm >> 32n)).toString(16)}` : MAP_ADDRESS;
      }
      case BPF_PSEUDO_MAP_FD: case BPF_PSEUDO_MAP_IDX: return MAP_ADDRESS;
      case BPF_PSEUDO_BTF_ID: return SYMBOL_ADDRESS;
      default: return undefined;
    }
  }
  get disasmForms(): DisasmForms {
    const { f } = this;
    return { kfuncs: f.disasm_kfuncs, atomics: f.disasm_atomics, cpuV4: f.disasm_cpu_v4, ldsxSizes: f.disasm_ldsx_sizes, mayGoto: f.disasm_may_goto, addrSpaceCast: f.disasm_may_goto, loadAcquire: f.disasm_load_acquire, gotox: f.disasm_gotox };
  }
  /** Does the program's own type count, or the one it extends? Only "ext" differs (kernel resolve_prog_type). */
  get progType(): string {
    return this.prog.type;
  }

  /** Puts a copy of the current state aside, to be explored from insnIdx later (kernel push_stack). The copy may be changed. */
  pushStack(insnIdx: number, prevInsnIdx: number, speculative = false): VState {
    const st = new VState();
    st.copyFrom(this.curState);
    st.speculative ||= speculative;
    st.path = this.newPath(this.curState.path);
    this.stack.push({ st, insnIdx, prevInsnIdx, logPos: this.log.endPos, trail: this.trail, history: this.history });
    if (this.stack.length > BPF_COMPLEXITY_LIMIT_JMP_SEQ) this.fail("E2BIG", `The sequence of ${this.stack.length} jumps is too complex.`);
    if (st.parent) st.parent.branches++;
    return st;
  }
  /** The subprogram that contains an instruction; undefined outside. */
  findContainingSubprog(off: number): number {
    let l = 0, r = this.subprogCnt - 1;
    while (l < r) {
      const m = l + ((r - l + 1) >> 1);
      if (this.subprogs[m]!.start <= off) l = m;
      else r = m - 1;
    }
    return l;
  }
  /** Index of the subprogram that starts there, or -1. */
  findSubprog(off: number): number {
    if (this.subprogCnt === 0 || off < 0 || off >= this.insns.length) return -1;
    const i = this.findContainingSubprog(off);
    return this.subprogs[i]!.start === off ? i : -1;
  }
  subprogIsGlobal(i: number): boolean {
    return this.subprogs[i]!.linkage === 1;
  }
  subprogName(i: number): string {
    return this.subprogs[i]!.name;
  }
  /** Current instruction of a frame: where it stands, or its callee's call site (kernel frame_insn_idx). */
  frameInsnIdx(st: VState, frame: number): number {
    return frame === st.curframe ? st.insnIdx : st.frames[frame + 1]!.callsite;
  }
  inSleepable(): boolean {
    return this.curState.inSleepable || (!this.f.sleepable_per_state && this.prog.sleepable);
  }
  inRcuCs(): boolean {
    const st = this.curState;
    if (this.f.rcu_by_any_section && (st.activePreemptLocks > 0 || st.activeIrqId)) return true;
    return st.activeRcuLocks > 0 || st.activeLocks > 0 || !this.inSleepable();
  }
}
