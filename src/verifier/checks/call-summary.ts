/** Arguments and result of a call as data flow sees it (kernel get_call_summary). */
import type { Insn } from "../../isa/types.ts";
import { helperName, isHelperCall, isKfuncCall } from "../passes/insn-info.ts";
import type { Env } from "../state/env.ts";
import { helperProto } from "./helper-proto.ts";
import { kfuncProtoShape } from "./kfunc/add.ts";

export interface CallSummary { numParams: number; isVoid: boolean; fastcall: boolean }

/** Helpers the x86-64 JIT or verifier inlines; others keep the spills around a bpf_fastcall. */
const INLINED = new Set(["bpf_get_smp_processor_id", "bpf_get_current_task_btf", "bpf_get_current_task"]);

export function callSummary(env: Env, insn: Insn): CallSummary | undefined {
  if (isHelperCall(insn)) {
    const fn = helperProto(env, insn.imm);
    if (typeof fn !== "object") return undefined;
    return { numParams: fn.args.length, isVoid: fn.ret.base === "RET_VOID", fastcall: fn.allowFastcall === true && INLINED.has(helperName(env, insn)) };
  }
  if (isKfuncCall(insn)) return kfuncProtoShape(env, insn);
  return undefined;
}
