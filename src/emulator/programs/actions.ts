import type { Redirect, SimDevice } from "../env.ts";

const XDP = ["XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX", "XDP_REDIRECT"];
const TC: Readonly<Record<number, string>> = { [-1]: "TC_ACT_UNSPEC", 0: "TC_ACT_OK", 1: "TC_ACT_RECLASSIFY", 2: "TC_ACT_SHOT", 3: "TC_ACT_PIPE", 4: "TC_ACT_STOLEN", 5: "TC_ACT_QUEUED", 6: "TC_ACT_REPEAT", 7: "TC_ACT_REDIRECT", 8: "TC_ACT_TRAP" };

/** What a return value means for the packet, with the redirect's target and what else happened; undefined where it means nothing. */
export function describeAction(progType: string, retval: number, redirect: Redirect | null, devices: readonly SimDevice[], notes: readonly string[]): string | undefined {
  const name = actionName(progType, retval);
  const parts = name ? [name] : [];
  if (redirect && (name === "XDP_REDIRECT" || name === "TC_ACT_REDIRECT")) parts.push(redirectTarget(redirect, devices));
  parts.push(...notes);
  return parts.length > 0 ? parts.join("; ") : undefined;
}

function actionName(progType: string, retval: number): string | undefined {
  switch (progType) {
    case "xdp": return XDP[retval] ?? `${retval} (taken as XDP_ABORTED)`;
    case "sched_cls": case "sched_act": return TC[retval | 0] ?? `${retval | 0} (unknown action)`;
    case "cgroup_skb": return (retval & 1) !== 0 ? "packet allowed" : "packet dropped";
    case "socket_filter": return retval === 0 ? "packet dropped" : `${retval} bytes kept`;
    case "cgroup_sock": case "cgroup_sock_addr": case "cgroup_device": case "cgroup_sysctl": return (retval & 1) !== 0 ? "allowed" : "refused (EPERM)";
    default: return undefined;
  }
}

function redirectTarget(redirect: Redirect, devices: readonly SimDevice[]): string {
  const device = devices.find((d) => d.ifindex === redirect.ifindex);
  const to = device ? `${device.name} (ifindex ${device.ifindex})` : redirect.ifindex !== 0 ? `ifindex ${redirect.ifindex}, which does not exist` : "";
  if (redirect.map) return `to ${redirect.key === undefined ? `all of ${redirect.map}` : `${redirect.map}[${redirect.key}]`}${to ? `: ${to}` : ""}`;
  const way = redirect.peer ? "the peer of " : redirect.neigh ? "a neighbour on " : (redirect.flags & 1n) !== 0n ? "ingress of " : "";
  return `to ${way}${to || "nowhere"}`;
}
