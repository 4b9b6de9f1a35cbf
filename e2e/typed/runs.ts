/**
 * Which of the typed programs are run (BPF_PROG_TEST_RUN), on which packets and contexts. Left out are those whose outcome hangs on
 * time, chance or addresses, and what the emulator says it does not simulate (netfilter, arenas, user ring buffers, bpf_lwt_push_encap).
 */
import type { RunCase, RunStep } from "../oracle/run-programs.ts";

/** A run and the source its program is in. */
export interface TypedRun extends RunCase {
  /** name of a file in programs/, without ".c" */
  readonly source: string;
}

const ethernet = "020000000001020000000002";
const ipv4 = (protocol: string, total: string, ttl = "40"): string => `4500${total}00010000${ttl}${protocol}00000a010203c0a80001`;
const PACKETS: Readonly<Record<string, string>> = {
  tcp: `${ethernet}0800${ipv4("06", "0030")}1234005000000001000000025018ffff000000003132333435363738`,
  udp: `${ethernet}0800${ipv4("11", "0024", "01")}003500350010123461626364656667680000000000000000`,
  vlan: `${ethernet}810000050800${ipv4("11", "0024")}00350035001012346162636465666768`,
  short: `${ethernet}0806`,
};

const onPackets = (source: string, programs: string, steps = 1, ctxIn?: string): TypedRun[] =>
  programs.split(" ").flatMap((program) =>
    Object.entries(PACKETS).map(([name, dataIn]): TypedRun => ({ source, name: `${program}, ${name}`, programs: [program], steps: Array.from({ length: steps }, (): RunStep => ({ program, dataIn, ...(ctxIn === undefined ? {} : { ctxIn }) })) })),
  );

const withContext = (source: string, programs: string, ...contexts: string[]): TypedRun[] =>
  programs.split(" ").flatMap((program) => contexts.map((ctxIn): TypedRun => ({ source, name: `${program}, ${ctxIn}`, programs: [program], steps: [{ program, ctxIn }] })));

/** struct __sk_buff as user space passes it: mark 0x11, priority 8, cb 5 7. */
const marked = ((): string => {
  const bytes = Buffer.alloc(192);
  for (const [at, value] of [[8, 0x11], [32, 8], [48, 5], [52, 7]] as const) bytes.writeUInt32LE(value, at);
  return bytes.toString("hex");
})();
const argument = "0500000000000000";
const args = `${argument}${"00".repeat(8)}`;

export function typedRuns(): TypedRun[] {
  return [
    ...onPackets("xdp-parse", "parse_right parse_greater_equal"),
    ...onPackets("xdp-ip-options", "options_right"),
    ...onPackets("xdp-resize", "push_right meta_right"),
    ...onPackets("xdp-maps", "count_right lookup_devmap redirect_port redirect_cpu redirect_socket", 2),
    ...onPackets("xdp-frags", "frags_right frags_length_bounded frags_store"),
    ...onPackets("xdp-context", "length_by_subtraction return_out_of_range"),
    ...onPackets("loops", "counted counted_by_input walks_packet walks_options unrolled nested"),
    ...onPackets("map-in-map", "both_levels", 2),
    ...onPackets("packet-loops", "checksum checksum_by_helper offset_from_packet length_variable copies_to_stack"),
    ...onPackets("helpers-by-type", "packet_as_key"),
    ...onPackets("exceptions", "throws_large throws throws_below"),
    ...onPackets("xdp-kfuncs", "cast_skb"),
    ...onPackets("tc-basic", "fields_right pull_right checksum_right bytes_bounded"),
    ...onPackets("tc-sockets", "lookup_right full_sock"),
    ...onPackets("arithmetic", "divided divided_by_variable signed_shift minimum multiplied subtracted sign_extended byte_swapped difference_of_pointers or_of_two equal_only", 1, marked),
    ...onPackets("atomics", "adds exchanges on_stack thirty_two_bits fetched_as_index", 2),
    ...onPackets("globals", "counts dead_branch constant_as_string loop_to_limit", 2),
    ...onPackets("map-bounds", "masked modulo compared signed_both global_compared bounded_by_mask_and_add wide_compare shifted minus_constant", 1, marked),
    ...onPackets("map-kinds", "use_lru use_lpm use_queue read_only_read value_as_key_of_other", 2),
    ...onPackets("tail-calls", "entry entry_static entry_variable entry_in_subprogram"),
    ...onPackets("loop-callbacks", "sums callback_masked for_each"),
    ...onPackets("iterators", "with_bpf_for with_bpf_for_constant by_hand"),
    ...onPackets("stack", "frame_index_masked frame_passed_on"),
    ...onPackets("dynptr", "over_memory record_right slice_right"),
    ...onPackets("graph", "tree_right list_right", 2),
    ...onPackets("graph-new-names", "push", 2),
    ...onPackets("spin-locks", "lock_right", 2),
    ...onPackets("res-spin-lock", "taken_right", 2),
    ...onPackets("subprograms", "calls_local calls_global calls_nonnull calls_context"),
    ...onPackets("subprogram-shapes", "packet_in_static out_parameter reference_from_call"),
    ...onPackets("printing", "prints_percent prints_many prints_variable_format snprintf_right", 1, marked),
    ...onPackets("pointers", "null_check_on_copy compared_with_other spilled_and_checked misaligned_stack misaligned_value"),
    ...onPackets("network-rest", "tunnel_key route act dissect"),
    ...onPackets("socket-filter", "count_protocols relative_to_net write_cb legacy_load", 2),
    ...onPackets("cgroup-skb", "packet_bytes returns_three"),
    ...onPackets("freestanding", "flow_right", 3),
    ...onPackets("map-definition-zero", "uses"),
    ...withContext("syscall", "context_right context_variable throws", "02000000000000000000000000000000050000000000000000", `${"00".repeat(16)}6500000000000000`, "07"),
    ...withContext("syscall", "sleeps user_string", "00".repeat(24)),
    ...withContext("may-goto", "sums_numbers", ""),
    ...withContext("core", "missing_field_guarded enum_values sizes flavours", args, argument),
  ];
}
