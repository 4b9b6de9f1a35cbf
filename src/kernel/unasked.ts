import type { HelperEntry } from "./types.ts";
import type { ProgramVariant } from "./variant.ts";

/** Program types that are probed without their only attach type, for which some helpers are closed. */
const PROBED_WITHOUT: Readonly<Record<string, string>> = { cgroup_device: "cgroup_device", cgroup_sysctl: "cgroup_sysctl" };
/** kernel cgroup_common_func_proto: closed to attach type 0 (ingress), open to these (5.18+) */
const OPEN_WITH_ATTACH_TYPE = new Set(["bpf_get_retval", "bpf_set_retval"]);

/**
 * Where the probes of a pack did not ask: programs whose attach type decides, and that were loaded without one.
 * @returns index of the prototype, or undefined: what the pack says stands
 */
export function unaskedProto(helper: HelperEntry, program: ProgramVariant): number | undefined {
  const { type, attachType } = program;
  if (attachType === null || PROBED_WITHOUT[type] !== attachType || !OPEN_WITH_ATTACH_TYPE.has(helper.name)) return undefined;
  return `${type}:${attachType}` in helper.allowed || helper.protos.length === 0 ? undefined : 0;
}
