import type { BtfId } from "../base/brand.ts";
import { BtfKind, type Btf } from "../btf/types.ts";
import type { AttachType } from "../kernel/types.ts";
import type { Func } from "./internals.ts";
import { EINVAL, ESRCH, type Errno } from "./refusal.ts";
import { moduleBtfs, vmlinuxBtf, type LoadSession } from "./session.ts";

export interface AttachTarget { id: BtfId; btf: Btf; module: string | null }

/** What a target's name becomes in kernel BTF (libbpf btf_get_kernel_prefix_kind). */
function prefixAndKind(attachType: AttachType | null): [string, BtfKind] {
  switch (attachType) {
    case "trace_raw_tp":
      return ["btf_trace_", BtfKind.TYPEDEF];
    case "lsm_mac":
    case "lsm_cgroup":
      return ["bpf_lsm_", BtfKind.FUNC];
    case "trace_iter":
      return ["bpf_iter_", BtfKind.FUNC];
    default:
      return ["", BtfKind.FUNC];
  }
}

const MULTI = new Set<AttachType | null>(["trace_fentry_multi", "trace_fexit_multi", "trace_fsession_multi"]);
/** Programs for many functions are verified as programs for this one, which the kernel puts in itself (kernel 7.2 bpf_prog_load). */
const MULTI_FUNC = "bpf_multi_func";

/** Looks up what a program with a BTF-based attach point attaches to (libbpf libbpf_prepare_prog_load, libbpf_find_attach_btf_id). */
export function findAttachTarget(session: LoadSession, func: Func, attachTo: string | null): AttachTarget | null {
  const { log } = session;
  if (func.def && MULTI.has(func.def.attachType)) {
    const btf = vmlinuxBtf(session);
    const id = btf.find(BtfKind.FUNC, MULTI_FUNC);
    return id === undefined ? null : { id, btf, module: null };
  }
  if (!func.def?.attachBtf) return null;
  const fail = (line: string, errno: Errno): never => {
    log.warn(line);
    log.warn(`prog '${func.name}': failed to prepare load attributes: ${errno}`);
    log.warn(`prog '${func.name}': failed to load: ${errno}`);
    return log.refuseWith(line, { stage: "resolve", errno, subject: { kind: "section", name: func.section } });
  };
  if (attachTo === null) return fail(`prog '${func.name}': no BTF-based attach target is specified, use bpf_program__set_attach_target()`, EINVAL);
  if (func.def.type === "ext") return fail(`prog '${func.name}': attach program FD is not set`, EINVAL);
  const found = find(session, attachTo, func.def.attachType);
  if (typeof found !== "string") return found;
  return fail(`prog '${func.name}': failed to find kernel BTF type ID of '${attachTo}': ${found}`, found);
}

/** "function" or "module:function" (libbpf find_kernel_btf_id). */
function find(session: LoadSession, attachTo: string, attachType: AttachType | null): AttachTarget | Errno {
  const colon = attachTo.indexOf(":");
  const module = colon < 0 ? null : attachTo.slice(0, colon);
  const [prefix, kind] = prefixAndKind(attachType);
  const name = prefix + attachTo.slice(colon + 1);
  if (name.length >= 128) return "-ENAMETOOLONG";
  if (module === null || "vmlinux".startsWith(module)) {
    const btf = vmlinuxBtf(session);
    const id = btf.find(kind, name);
    if (id !== undefined) return { id, btf, module: null };
  }
  for (const [own, btf] of moduleBtfs(session)) {
    if (module !== null && !own.startsWith(module)) continue;
    const id = btf.find(kind, name);
    if (id !== undefined && id >= btf.startId) return { id, btf, module: own };
  }
  return ESRCH;
}
