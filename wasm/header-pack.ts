import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { HeaderPack } from "../src/compiler/headers.ts";

/** Clang's own headers that mean something for BPF. */
const CLANG = /^(__std(arg|def)_\w+|__float_\w+|float|iso646|limits|stdalign|stdarg|stdatomic|stdbool|stdckdint|stdcountof|stddef|stdint|stdnoreturn)\.h$/;

/** libbpf's headers for the BPF side; the others are for user space. */
const LIBBPF = ["bpf_helpers.h", "bpf_helper_defs.h", "bpf_core_read.h", "bpf_endian.h", "bpf_tracing.h", "usdt.bpf.h"];

/** Kernel headers that BPF programs include; what these include comes along. */
const UAPI = [
  ..."bpf bpf_common bpf_perf_event btf types stddef const errno limits version ptrace signal time time_types sched capability resource uio".split(" "),
  ..."fs stat fcntl openat2 magic mman prctl seccomp audit elf elf-em kernel kdev_t major futex eventpoll perf_event filter cgroupstats taskstats".split(" "),
  ..."if if_addr if_alg if_arp if_bonding if_bridge if_ether if_link if_macsec if_packet if_pppox if_tun if_tunnel if_vlan if_xdp ip in in6 in_route ipv6 ipv6_route".split(" "),
  ..."icmp icmpv6 igmp mroute tcp udp sctp dccp l2tp gre geneve mpls mpls_iptunnel net net_tstamp netdevice netdev netlink neighbour rtnetlink lwtunnel seg6 seg6_local seg6_iptunnel ila".split(" "),
  ..."socket sockios un unix_diag vm_sockets inet_diag sock_diag tls tcp_metrics mptcp mptcp_pm xfrm ipsec errqueue ppp_defs".split(" "),
  ..."pkt_cls pkt_sched gen_stats tc_act/tc_bpf tc_act/tc_mirred tc_act/tc_vlan tc_act/tc_skbedit tc_act/tc_gact tc_act/tc_tunnel_key".split(" "),
  ..."netfilter netfilter_ipv4 netfilter_ipv6 netfilter_arp netfilter_bridge netfilter/nf_conntrack_common netfilter/nf_conntrack_tuple_common netfilter/nf_nat netfilter/nf_conntrack_tcp netfilter/nfnetlink netfilter/nf_tables".split(" "),
  ..."hid hid_bpf input-event-codes lirc fuse virtio_net hash_info swab byteorder/little_endian posix_types utime utsname unistd wait nsfs mount bits".split(" "),
].map((name) => `linux/${name}.h`);

const ASM_GENERIC = ["asm-generic/errno.h", "asm-generic/int-ll64.h", "asm/types.h", "asm/byteorder.h", "asm/ptrace.h", "asm/unistd.h", "asm/errno.h", "asm/socket.h", "asm/bpf_perf_event.h"];

/** Gathers the pack from the packages unpacked in the build folder, clang's installed headers, and our own few. */
export function gatherHeaders(build: string, project: string, versions: ReadonlyMap<string, string>): HeaderPack {
  const files = new Map<string, Uint8Array>();
  const clang = "/usr/lib/llvm-22/lib/clang/22/include";
  for (const name of readdirSync(clang)) if (CLANG.test(name)) files.set(`usr/lib/clang/22/include/${name}`, readFileSync(join(clang, name)));
  for (const name of LIBBPF) files.set(`usr/include/bpf/${name}`, readFileSync(join(build, "unpacked/libbpf-dev/usr/include/bpf", name)));
  for (const name of filesBelow(join(project, "wasm/headers"))) files.set(`usr/include/${name}`, readFileSync(join(project, "wasm/headers", name)));

  const uapi = join(build, "unpacked/linux-libc-dev/usr/include");
  const find = (name: string) => [join(uapi, name), join(uapi, "x86_64-linux-gnu", name)].find((path) => existsSync(path) && statSync(path).isFile());
  const queue = [...UAPI, ...ASM_GENERIC];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (files.has(`usr/include/${name}`)) continue;
    const path = find(name);
    // Names differ between releases, and some headers include the C library's.
    if (!path) continue;
    const bytes = readFileSync(path);
    files.set(`usr/include/${name}`, bytes);
    for (const match of bytes.toString("utf8").matchAll(/^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]/gm)) {
      queue.push(match[1] === '"' ? join(dirname(name), match[2]!) : match[2]!);
    }
  }
  const version = (name: string) => versions.get(name) ?? "unknown";
  return {
    packages: [
      { name: "clang (libclang-common-22-dev)", version: version("libclang-common-22-dev"), licence: "Apache-2.0 WITH LLVM-exception" },
      { name: "libbpf (libbpf-dev)", version: version("libbpf-dev"), licence: "LGPL-2.1 OR BSD-2-Clause" },
      { name: "Linux uapi (linux-libc-dev)", version: version("linux-libc-dev"), licence: "GPL-2.0 WITH Linux-syscall-note, and as each file's SPDX line says" },
      { name: "stand-ins for C library headers (sys/, netinet/, arpa/, string.h, errno.h)", version: "1", licence: "Apache-2.0" },
    ],
    files,
  };
}

function filesBelow(folder: string, prefix = ""): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(folder, join(prefix, entry.name)) : [join(prefix, entry.name)],
  );
}
