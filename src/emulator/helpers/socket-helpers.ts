import { Errno } from "../errno.ts";
import { A, helper, i64, type HelperTable } from "./args.ts";

/** No socket but the test run's own exists here, so lookups find none. */
const noSocket = helper([A.ctx, A.u64, A.u32, A.u64, A.u64], (env, _ctx, tuple, size) => {
  if (size === 12 || size === 36) env.mem.read(tuple, size, "tuple");
  return 0n;
});
/** views of a socket as another type that the test run's socket is not */
const otherSocket = helper([A.u64], () => 0n);

/** Sockets (kernel 7.3 filter.c). The test run's socket is a raw, unconnected one. */
export const socketHelpers: HelperTable = {
  bpf_sk_lookup_tcp: noSocket, bpf_sk_lookup_udp: noSocket, bpf_skc_lookup_tcp: noSocket,
  bpf_sk_release: helper([A.u64], () => 0),
  bpf_sk_fullsock: helper([A.u64], (_env, sk) => sk),
  bpf_tcp_sock: otherSocket, bpf_get_listener_sock: otherSocket,
  bpf_skc_to_tcp_sock: otherSocket, bpf_skc_to_tcp6_sock: otherSocket, bpf_skc_to_udp6_sock: otherSocket, bpf_skc_to_tcp_timewait_sock: otherSocket,
  bpf_skc_to_tcp_request_sock: otherSocket, bpf_skc_to_unix_sock: otherSocket, bpf_skc_to_mptcp_sock: otherSocket, bpf_sock_from_file: otherSocket,
  bpf_sk_cgroup_id: helper([A.u64], () => 1n),
  bpf_sk_ancestor_cgroup_id: helper([A.u64, A.s32], (_env, _sk, level) => (level === 0 ? 1n : 0n)),
  bpf_sk_assign: helper([A.ctx, A.u64, A.u64], (env, _ctx, sk, flags) => {
    if (flags !== 0n) return -Errno.EINVAL;
    if (sk !== 0n) env.note("a socket is assigned");
    return sk === 0n ? -Errno.EINVAL : 0;
  }),
  bpf_skb_get_tunnel_opt: helper([A.skb, A.memOut], (env, _skb, out) => {
    if (out.size > 0) env.mem.bytes(out.address, out.size, true, "buffer").fill(0);
    return -Errno.ENOENT;
  }),
  bpf_skb_set_tunnel_opt: helper([A.skb, A.mem], () => -Errno.EINVAL),
  bpf_skb_get_xfrm_state: helper([A.skb, A.u32, A.memOut, A.u64], (env, _skb, _index, out) => {
    if (out.size > 0) env.mem.bytes(out.address, out.size, true, "buffer").fill(0);
    return -Errno.EINVAL;
  }),
  bpf_kallsyms_lookup_name: helper([A.mem, A.u32, A.outU64], (env, name, flags, out) => {
    env.mem.storeAt(env.mem.locate(out, 8, true), 8, 0n);
    if (flags !== 0 || name.length === 0 || name[name.length - 1] !== 0) return -Errno.EINVAL;
    return -Errno.ENOENT;
  }),
  bpf_read_branch_records: helper([A.ctx, A.u64, A.u32, A.u64], () => i64(-Errno.ENOENT)),
  bpf_get_branch_snapshot: helper([A.memOut, A.u64], () => i64(-Errno.ENOENT)),
};
