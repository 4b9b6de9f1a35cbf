/** Callbacks of helpers and kfuncs (kernel push_callback_call and the set_*_callback_state functions). */
import { BtfKind } from "../../btf/types.ts";
import type { Insn } from "../../isa/types.ts";
import { markChainPrecision } from "../passes/backtrack.ts";
import { checkFuncArgMatch } from "../passes/global-func.ts";
import { isKfuncCall, kfuncCallName } from "../passes/insn-info.ts";
import { BPF_COMPLEXITY_LIMIT_JMP_SEQ, type Env } from "../state/env.ts";
import { VerifierError } from "../state/errors.ts";
import { BPF_MAIN_FUNC, clock, FuncState } from "../state/frame.ts";
import { recordFind, type VMap } from "../state/maps.ts";
import { markRegKnownZero, type RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { VState } from "../state/state.ts";
import { printCall, type SetCallee, setupFuncEntry } from "./call-subprog.ts";
import { markDynptrReg } from "./dynptr-slots.ts";
import type { CallMeta } from "./helper-args.ts";
import { markGraphNode, setNonOwning } from "./kfunc/graph.ts";
import { isRbtreeApi } from "./kfunc/special.ts";
import { regBtfRecord } from "./record.ts";
import { clearCallerSaved, markNotInit } from "./reg-arg.ts";

export type CallbackKind = "loop" | "map_elem" | "timer" | "find_vma" | "user_ringbuf" | "rbtree_add" | "task_work";

const clearFrom = (env: Env, callee: FuncState, first: number): void => {
  for (let i = first; i <= 5; i++) markNotInit(env, callee.mut(i));
};
function bool(callee: FuncState): void {
  callee.inCallbackFn = true;
  callee.callbackRetRange = { min: 0, max: 1, return32: false };
}
function mapPtr(r: RegState, type: number, map: VMap, uid: number): void {
  markRegKnownZero(r);
  r.type = type;
  r.map = map;
  r.mapUid = uid;
}
/** (map, key, value) of an asynchronous callback. */
function mapKeyValue(env: Env, callee: FuncState, map: VMap, uid: number): void {
  mapPtr(callee.mut(1), T.CONST_PTR_TO_MAP, map, uid);
  mapPtr(callee.mut(2), T.PTR_TO_MAP_KEY, map, uid);
  mapPtr(callee.mut(3), T.PTR_TO_MAP_VALUE, map, uid);
  if (env.f.callback_value_ids) callee.mut(3).id = env.newId();
  clearFrom(env, callee, 4);
  callee.inAsyncCallbackFn = true;
}
const FOR_EACH = new Set(["array", "percpu_array", "hash", "percpu_hash", "lru_hash", "lru_percpu_hash", "rhash"]);

const SETTERS: Readonly<Record<CallbackKind, SetCallee>> = {
  loop: (env, caller, callee) => {
    callee.mut(1).type = T.SCALAR_VALUE;
    callee.setWhole(2, caller.regs[3]!);
    clearFrom(env, callee, 3);
    bool(callee);
  },
  map_elem: (env, caller, callee, insnIdx) => {
    const map = env.aux[insnIdx]!.mapPtr;
    if (!map) return env.bug("bpf_for_each_map_elem without a map");
    if (env.aux[insnIdx]!.mapPtrPoison && !env.f.for_each_any_map) env.fail("EINVAL", "tail_call abusing map_ptr");
    if (!FOR_EACH.has(map.type)) env.fail("ENOTSUPP", "callback function not allowed for map");
    callee.setWhole(1, caller.regs[1]!);
    mapPtr(callee.mut(2), T.PTR_TO_MAP_KEY, map, 0);
    mapPtr(callee.mut(3), T.PTR_TO_MAP_VALUE, map, 0);
    if (env.f.callback_value_ids) callee.mut(3).id = env.newId();
    callee.setWhole(4, caller.regs[3]!);
    clearFrom(env, callee, 5);
    bool(callee);
  },
  timer: (env, caller, callee) => {
    const r = caller.regs[1]!;
    mapKeyValue(env, callee, r.map!, r.mapUid);
    // Releases before 6.13 note 0 to 1 here, but check for zero.
    callee.callbackRetRange = { min: 0, max: 0, return32: false };
  },
  task_work: (env, caller, callee) => {
    const r = caller.regs[3]!;
    mapKeyValue(env, callee, r.map!, r.mapUid);
    callee.callbackRetRange = { min: -0x8000_0000, max: 0x7fff_ffff, return32: false };
  },
  find_vma: (env, caller, callee) => {
    const btf = env.kernel.btf;
    const id = btf?.find(BtfKind.STRUCT, "vm_area_struct");
    if (!btf || id === undefined) return env.unsupported("bpf_find_vma on a kernel without BTF");
    callee.setWhole(1, caller.regs[1]!);
    const r2 = callee.mut(2);
    markRegKnownZero(r2);
    r2.type = T.PTR_TO_BTF_ID;
    r2.btf = btf;
    r2.btfId = id;
    callee.setWhole(3, caller.regs[4]!);
    clearFrom(env, callee, 4);
    bool(callee);
  },
  user_ringbuf: (env, caller, callee) => {
    markNotInit(env, callee.mut(0));
    markDynptrReg(callee.mut(1), "local", true, env.f.callback_checkpoints ? env.newId() : 0, 0);
    callee.setWhole(2, caller.regs[3]!);
    clearFrom(env, callee, 3);
    bool(callee);
  },
  rbtree_add: (env, caller, callee) => {
    const root = caller.regs[1]!;
    const off = Number(BigInt.asIntN(64, root.varOff.value)) + root.off;
    const field = recordFind(regBtfRecord(env, root), off, "rb_root");
    if (!field?.graph) return env.failSilently("EFAULT");
    for (const i of [1, 2]) {
      markGraphNode(env, callee.mut(i), field);
      setNonOwning(env, callee.mut(i));
    }
    clearFrom(env, callee, 3);
    bool(callee);
  },
};

/** Is the code within a callback that holds the lock of the tree it compares in? */
export function inRbtreeLockRequiredCb(env: Env): boolean {
  const st = env.curState;
  for (let f = st.curframe; f > 0; f--) {
    const frame = st.frames[f]!;
    if (!frame.inCallbackFn) continue;
    const insn = env.insns[frame.callsite]!;
    if (isKfuncCall(insn) && isRbtreeApi({ vmlinux: true, name: kfuncCallName(env, insn) })) return true;
  }
  return false;
}

/** A state of its own for a callback that runs later: nothing of this path is held there. */
function pushAsync(env: Env, insnIdx: number, subprog: number, kind: CallbackKind, sleepable: boolean): void {
  const st = new VState();
  clock.epoch++;
  st.branches = 1;
  st.inSleepable = sleepable;
  st.path = env.newPath(env.curState.path);
  const frame = new FuncState(BPF_MAIN_FUNC, 0, subprog);
  frame.initRegs(!env.bpfCapable);
  env.markStateScratched();
  st.frames = [frame];
  env.stack.push({ st, insnIdx: env.subprogs[subprog]!.start, prevInsnIdx: insnIdx, logPos: env.log.endPos, trail: env.trail, history: env.history });
  if (env.stack.length > BPF_COMPLEXITY_LIMIT_JMP_SEQ) env.fail("E2BIG", `The sequence of ${env.stack.length} jumps is too complex for async cb.`);
  frame.asyncEntryCnt = env.cur.asyncEntryCnt + 1;
  SETTERS[kind](env, env.cur, frame, insnIdx);
}

/**
 * The callback is explored as a call from here (or by itself, when it runs later). True: the walk goes on in it, as
 * releases before 6.7 do, and comes back after the call once.
 */
export function pushCallbackCall(env: Env, _insn: Insn, insnIdx: number, subprog: number, kind: CallbackKind, sleepableAsync = false): boolean {
  let misfit = false;
  try {
    checkFuncArgMatch(env, subprog, env.cur);
  } catch (e) {
    if (!(e instanceof VerifierError) || e.errno === "EFAULT") throw e;
    misfit = true;
  }
  if (!env.f.callback_checkpoints && env.subprogIsGlobal(subprog)) {
    if (misfit) env.fail("EINVAL", `Caller passes invalid args into func#${subprog}`);
    if (env.log.verbose) env.verbose(`Func#${subprog} is global and valid. Skipping.\n`);
    return false;
  }
  const info = env.subprogs[subprog]!;
  info.isCb = true;
  if (kind === "timer" || kind === "task_work") {
    info.isAsyncCb = true;
    pushAsync(env, insnIdx, subprog, kind, sleepableAsync);
    return false;
  }
  if (!env.f.callback_checkpoints) {
    const caller = env.cur;
    setupFuncEntry(env, subprog, insnIdx, SETTERS[kind], env.curState);
    clearCallerSaved(env, caller);
    printCall(env);
    env.insnIdx = info.start - 1;
    return true;
  }
  const st = env.pushStack(info.start, insnIdx);
  setupFuncEntry(env, subprog, insnIdx, SETTERS[kind], st);
  st.callbackUnrollDepth++;
  st.frames[st.curframe - 1]!.callbackDepth++;
  env.cur.callbackDepth = 0;
  return false;
}

const HELPERS: Readonly<Record<string, CallbackKind>> = {
  bpf_for_each_map_elem: "map_elem", bpf_timer_set_callback: "timer", bpf_find_vma: "find_vma", bpf_loop: "loop", bpf_user_ringbuf_drain: "user_ringbuf",
};
/** The effects of a helper that takes a callback: "none" when it takes none, "entered" when the walk goes on in the callback. */
export function helperCallback(env: Env, insn: Insn, insnIdx: number, meta: CallMeta): "none" | "pushed" | "entered" {
  const kind = HELPERS[meta.func];
  if (!kind) return "none";
  if (kind === "loop") updateLoopInline(env, insnIdx, meta.subprogno);
  if (kind === "loop" && env.f.callback_checkpoints) {
    markChainPrecision(env, 1);
    const frame = env.cur;
    if (BigInt(frame.callbackDepth) >= frame.regs[1]!.r64.umax) {
      frame.callbackDepth = 0;
      if (env.log.level2) env.verbose(`frame${env.curState.curframe} bpf_loop iteration limit reached\n`);
      return "pushed";
    }
  }
  return pushCallbackCall(env, insn, insnIdx, meta.subprogno, kind) ? "entered" : "pushed";
}
/** Whether the loop can be inlined depends on a flags argument of zero: that makes it precise. */
function updateLoopInline(env: Env, insnIdx: number, subprogno: number): void {
  const aux = env.aux[insnIdx]!;
  const zero = (): boolean => {
    const r4 = env.reg(4);
    const isNull = r4.type === T.SCALAR_VALUE && r4.varOff.mask === 0n && r4.varOff.value === 0n;
    if (isNull) markChainPrecision(env, 4);
    return isNull;
  };
  if (!aux.loopInline) aux.loopInline = { fit: zero(), subprogno };
  else if (aux.loopInline.fit) aux.loopInline.fit = zero() && aux.loopInline.subprogno === subprogno;
}
