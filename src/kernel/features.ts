import { VERIFIER_FEATURES } from "./verifier-features.ts";

/**
 * Named differences between releases. A feature is either on from a release on (and perhaps off again later), or
 * decided by a probe of the booted kernel. Checks ask `kernel.has("name")`; only this file knows versions.
 */
export interface FeatureRange {
  /** first release that has it, "major.minor"; undefined: all simulated ones */
  since?: string;
  /** first release that no longer has it */
  until?: string;
  /**
   * stable releases that have it as a later fix though their series comes before `since`, "major.minor.patch": on from that patch
   * release to the end of its series. The patch release is the one whose recorded answers or source show the fix.
   */
  fixes?: readonly string[];
  /** key of the manifest's `probes`: where a pack has that probe, its answer (true, or a number above 0) decides instead of the range */
  probe?: string;
  /** what it is, for people */
  what: string;
}

export const FEATURES = {
  ...VERIFIER_FEATURES,
  structured_errors: { since: "7.3", what: "the error line is followed by a structured report" },
  bpf_loop: { since: "5.17", what: "bpf_loop and callbacks that loop" },
  open_coded_iters: { since: "6.4", what: "iterator kfuncs (KF_ITER_NEW, KF_ITER_NEXT, KF_ITER_DESTROY)" },
  // what the loader asks before it gives a kernel an object (libbpf kernel_supports)
  module_btf: { since: "5.11", what: "BTF of kernel modules" },
  percpu_data: { since: "7.3", what: "addresses of values of per-CPU arrays, so global variables in .percpu" },
  btf_float: { since: "5.13", what: "BTF_KIND_FLOAT" },
  bpf_cookie: { since: "5.15", what: "bpf_get_attach_cookie" },
  btf_decl_tag: { since: "5.16", what: "BTF_KIND_DECL_TAG" },
  btf_type_tag: { since: "5.17", what: "BTF_KIND_TYPE_TAG" },
  btf_enum64: { since: "6.0", what: "BTF_KIND_ENUM64 and signed BTF enums" },
  uprobe_multi_link: { since: "6.6", what: "one link for many uprobes" },
  arg_ctx_tag: { since: "6.8", what: "the arg:ctx tag on arguments of global functions" },
  btf_qmark_datasec: { since: "6.9", what: "a question mark at the start of a DATASEC's name" },
  ldimm64_full_range_off: { since: "7.0", what: "direct map value offsets of any size" },
  map_ops_return_long: { since: "6.4", what: "map operations return long: an errno fills the whole register" },
  csum_diff_folded: { since: "6.13", what: "bpf_csum_diff gives a sum folded to 16 bits" },
  dynptr_u64_sizes: { since: "6.19", what: "sizes and offsets of dynptr kfuncs have 64 bits" },
  // what BPF_PROG_TEST_RUN takes (net/bpf/test_run.c)
  test_run_xdp_ctx: { since: "5.14", what: "BPF_PROG_TEST_RUN of XDP programs takes a context" },
  test_run_xdp_min_frame: { since: "6.1", what: "BPF_PROG_TEST_RUN of XDP programs wants an Ethernet header at least (recorded: 5.10 takes an empty packet)" },
  flow_dissector_retval: { since: "6.1", what: "BPF_PROG_TEST_RUN of flow dissectors gives the program's value; before, whether that was BPF_OK" },
  xdp_frags: { since: "5.18", what: "XDP packets of more than one page" },
  xdp_metadata_252: { since: "6.8", what: "XDP metadata of up to 252 bytes instead of 32" },
  test_run_skb_frags: { since: "6.19", what: "BPF_PROG_TEST_RUN of skb programs with fragments and a chosen linear part" },
  test_run_cgroup_skb_data: { since: "6.18", what: "BPF_PROG_TEST_RUN of cgroup_skb programs sets data and data_end" },
  test_run_skb_short_ip: { since: "7.0", fixes: ["6.1.192", "6.12.107"], what: "BPF_PROG_TEST_RUN of skb programs refuses packets shorter than the IP header they announce" },
} as const satisfies Record<string, FeatureRange>;

export type FeatureName = keyof typeof FEATURES;
