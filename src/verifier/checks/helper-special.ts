/** Helpers with checks or results of their own (the switch in kernel check_helper_call, do_refine_retval_range). */
import type { HelperProto } from "../../kernel/types.ts";
import { attachReturnsVoid, lsmRetvalRange } from "../passes/attach.ts";
import { markChainPrecision } from "../passes/backtrack.ts";
import { regTypeStr } from "../report/print-state.ts";
import type { Env } from "../state/env.ts";
import * as T from "../state/reg-type.ts";
import { formatAllowed } from "./bprintf.ts";
import { invalidScalar, retvalRangeWithin } from "./exit.ts";
import type { CallMeta } from "./helper-args.ts";
import { regBoundsSanityCheck } from "./scalar-ids.ts";

const MAX_ERRNO = 4095;
/** Tracing programs that are called through a trampoline (kernel bpf_prog_has_trampoline). */
const TRAMPOLINES = new Set(["trace_fentry", "trace_fexit", "modify_return", "trace_fsession", "trace_fentry_multi", "trace_fexit_multi", "trace_fsession_multi"]);

/** True when packet pointers are gone after the call. */
export function helperSpecial(env: Env, meta: CallMeta): boolean {
  switch (meta.func) {
    case "bpf_snprintf":
      checkFormat(env);
      return false;
    case "bpf_dynptr_from_mem":
      if (env.reg(1).type !== T.PTR_TO_MAP_VALUE) env.fail("EACCES", `Unsupported reg type ${regTypeStr(env, env.reg(1).type)} for bpf_dynptr_from_mem data`);
      return false;
    case "bpf_set_retval": {
      if (!env.f.set_retval_range) {
        if (env.progType === "lsm" && env.prog.attachType === "lsm_cgroup" && attachReturnsVoid(env))
          env.fail("EINVAL", "BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!");
        return false;
      }
      const r1 = env.reg(1);
      if (r1.type !== T.SCALAR_VALUE) env.fail("EINVAL", "R1 is not a scalar");
      if (env.progType === "cgroup_sockopt" && env.prog.attachType === "cgroup_getsockopt") return false;
      let range = { min: -MAX_ERRNO, max: 0, return32: true };
      if (env.progType === "lsm" && env.prog.attachType === "lsm_cgroup") {
        const lsm = lsmRetvalRange(env);
        if (!lsm) env.fail("EINVAL", "BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!");
        range = { ...lsm, return32: true };
      }
      markChainPrecision(env, 1);
      if (!retvalRangeWithin(env, range, env.reg(1))) invalidScalar(env, env.reg(1), range, "At bpf_set_retval", "R1");
      return false;
    }
    case "bpf_dynptr_write":
      return meta.dynptrType === "skb" || meta.dynptrType === "skb_meta";
    case "bpf_per_cpu_ptr":
    case "bpf_this_cpu_ptr":
      if (env.reg(1).type & T.MEM_RCU) env.aux[env.insnIdx]!.callWithPercpuAllocPtr = true;
      return false;
    case "bpf_get_func_ip":
      if (env.progType === "tracing" && !TRAMPOLINES.has(env.prog.attachType ?? "")) {
        const fsession = env.kernel.manifest.attachTypes.some((t) => t.name === "trace_fsession") ? "fsession/" : "";
        env.fail("ENOTSUPP", `func ${meta.func}#${env.insn.imm} supported only for fentry/fexit/${fsession}fmod_ret programs`);
      }
      return false;
  }
  return false;
}

/** The format is a constant string by now, the size of the arguments a constant or known enough (kernel check_bpf_snprintf_call). */
function checkFormat(env: Env): void {
  const fmt = env.reg(3);
  const bytes = BigInt.asUintN(32, env.reg(5).varOff.value);
  if (bytes % 8n) env.failSilently("EINVAL");
  const off = Number(BigInt.asIntN(32, fmt.varOff.value)) + fmt.off;
  if (!formatAllowed(fmt.map?.spec.initialData?.subarray(off) ?? new Uint8Array(), Number(bytes / 8n))) env.fail("EINVAL", "Invalid format string");
}

/** The bounds that a helper's result is known to have. */
export function refineRetval(env: Env, fn: HelperProto, meta: CallMeta): void {
  if (fn.ret.base !== "RET_INTEGER" || fn.ret.flags.length) return;
  const set = (lo: number, hi: bigint, unsigned: boolean): void => {
    const r0 = env.mut(0);
    if (unsigned) {
      r0.r64 = env.dom.fromU64(BigInt(lo), hi);
      r0.r32 = env.dom.fromU32(lo, Number(hi));
    } else if (env.f.retval_both_bounds || env.dom.circular) {
      r0.r64 = env.dom.fromS64(BigInt(lo), BigInt.asIntN(64, hi));
      r0.r32 = env.dom.fromS32(lo, Number(BigInt.asIntN(32, hi)));
    } else {
      r0.r64 = env.dom.both64(r0.r64.umin, r0.r64.umax, BigInt(lo), BigInt.asIntN(64, hi));
      r0.r32 = env.dom.both32(r0.r32.umin, r0.r32.umax, lo, Number(BigInt.asIntN(32, hi)));
    }
    env.dom.sync(r0);
  };
  switch (meta.func) {
    case "bpf_get_task_stack":
      if (env.f.refine_task_stack) set(-MAX_ERRNO, meta.msizeMax, false);
      break;
    case "bpf_get_stack": case "bpf_probe_read_str": case "bpf_probe_read_kernel_str": case "bpf_probe_read_user_str":
      set(-MAX_ERRNO, meta.msizeMax, false);
      break;
    case "bpf_get_smp_processor_id":
      if (env.f.refine_cpu_id) set(0, BigInt(NR_CPU_IDS - 1), true);
      break;
    case "bpf_get_retval":
      if (!env.f.refine_get_retval || (env.progType === "cgroup_sockopt" && env.prog.attachType === "cgroup_getsockopt")) break;
      if (env.progType === "lsm" && env.prog.attachType === "lsm_cgroup") {
        const lsm = lsmRetvalRange(env);
        if (lsm) set(lsm.min, BigInt(lsm.max), false);
      } else set(-MAX_ERRNO, 0n, false);
      break;
  }
  if (env.f.reg_invariants) regBoundsSanityCheck(env, env.reg(0), () => env.mut(0), "retval");
}
/** CPUs of the simulated machine: as in the virtual machine that recorded the real kernels' answers. */
export const NR_CPU_IDS = 1;
