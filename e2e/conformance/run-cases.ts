/**
 * What is run on real kernels to check the emulator: our own programs (e2e/programs/run) with packets and contexts.
 * Further cases, written by hand as JSON, are read from run-jobs/*.json.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { RunCase, RunStep } from "../oracle/run-programs.ts";

/** A case and the source it belongs to. */
export interface SourceCase extends RunCase {
  /** Name of a C file below e2e/programs/run, without ".c". */
  readonly source: string;
}

const le64 = (value: bigint): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes.toString("hex");
};

/** Two operands as the front of a packet, filled up to `size` bytes. */
const operands = (a: bigint, b: bigint, size = 64): string => le64(a) + le64(b) + "5a".repeat(size - 16);

const edges: readonly bigint[] = [0n, 1n, 2n, 7n, 31n, 32n, 63n, 64n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x100000000n, 0x123456789abcdef0n, 0x7fffffffffffffffn, -(1n << 63n), -1n, -2n, -7n, -128n, -0x80000000n];

/** Pairs of edge values, each value meeting five others. */
const pairs: readonly (readonly [bigint, bigint])[] = edges.flatMap((a, i) => [0, 1, 5, 11, 20].map((step) => [a, edges[(i + step) % edges.length] ?? 0n] as const));

const few: readonly (readonly [bigint, bigint])[] = [[0n, 0n], [1n, 2n], [3n, 0xffn], [0x123456789abcdef0n, 0xfedcba9876543210n], [-1n, 1n], [200n, 5n], [0x0302010an, 1n], [7n, 0x100000007n]];

/** One case for each pair: the object is loaded anew, so that nothing is left over from the pair before. */
function perPair(source: string, program: string, list: readonly (readonly [bigint, bigint])[]): SourceCase[] {
  return list.map(([a, b]) => ({ source, name: `${program} ${BigInt.asUintN(64, a).toString(16)} ${BigInt.asUintN(64, b).toString(16)}`, programs: [program], steps: [{ program, dataIn: operands(a, b) }] }));
}

/** Several runs one after another on the same maps. */
function inTurn(source: string, program: string, list: readonly (readonly [bigint, bigint])[]): SourceCase {
  return { source, name: `${program}, in turn`, programs: [program], steps: list.map(([a, b]) => ({ program, dataIn: operands(a, b) })) };
}

// An Ethernet frame with IPv4 and TCP, 10.1.2.3:4660 → 192.168.0.1:80, "12345678" as payload.
const ethernet = "02000000000102000000000208 00".replaceAll(" ", "");
const ipv4 = "4500003000010000400664b60a010203c0a80001";
const tcp = "1234005000000001000000025018ffff00000000";
const tcpPacket = `${ethernet}${ipv4}${tcp}3132333435363738`;
const udpPacket = `${ethernet}45000024000200000111a8f10a010203c0a80001${"0035003500101234"}6162636465666768`;
const oldPacket = `${ethernet}4500001c0003000001ff0000${"0a010203c0a80001"}${"00".repeat(20)}`;
const arpPacket = `ffffffffffff0200000000020806${"0001080006040001020000000002c0a80001000000000000c0a80002"}`;
const ipv6Packet = `${"020000000001020000000002"}86dd6000000000083a40${"20010db8000000000000000000000001"}${"20010db8000000000000000000000002"}8000000000010001`;
const packets: readonly (readonly [string, string])[] = [["tcp", tcpPacket], ["udp", udpPacket], ["ttl 1", oldPacket], ["arp", arpPacket], ["ipv6", ipv6Packet], ["14 bytes", ethernet], ["long", tcpPacket + "a5".repeat(1200)]];

function onPackets(source: string, program: string, extra: Partial<RunStep> = {}): SourceCase[] {
  return packets.map(([name, dataIn]) => ({ source, name: `${program}, ${name}${extra.ctxIn ? ", with context" : ""}`, programs: [program], steps: [{ program, dataIn, ...extra }] }));
}

/** struct __sk_buff as user space passes it: 192 bytes, fields by byte offset. */
function skb(fields: Readonly<Record<number, number>>): string {
  const bytes = Buffer.alloc(192);
  for (const [offset, value] of Object.entries(fields)) bytes.writeUInt32LE(value, Number(offset));
  return bytes.toString("hex");
}

const skbMark = 8;
const skbPriority = 32;
const skbCb = 48;
const markedSkb = skb({ [skbMark]: 0x102, [skbPriority]: 3, [skbCb]: 17, [skbCb + 16]: 71 });

const text = (line: string): string => ethernet + Buffer.from(line.padEnd(46, "\0"), "latin1").toString("hex");
const words = ["42", "-42", "  77 x", "0x1f", "0777", "abc", "99999999999999999999", "", "+5", "12a"];

const xdpContext = (data: number, end: number, meta = 0): string => {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32LE(data, 0);
  bytes.writeUInt32LE(end, 4);
  bytes.writeUInt32LE(meta, 8);
  return bytes.toString("hex");
};

/** All cases of our own. */
export function ownCases(): SourceCase[] {
  const seven = few.slice(0, 7);
  return [
    ...perPair("alu64", "alu64", pairs),
    ...perPair("alu32", "alu32", pairs),
    ...perPair("signed-division", "signed_division", pairs),
    ...perPair("sign-extension", "sign_extension", pairs.filter((_, i) => i % 5 === 3)),
    ...perPair("byte-order", "byte_order", pairs.filter((_, i) => i % 5 === 0)),
    ...perPair("jumps", "jumps64", pairs),
    ...perPair("jumps", "jumps32", pairs),
    ...perPair("atomics", "atomics", pairs.filter((_, i) => i % 3 === 0)),
    ...perPair("acquire-release", "acquire_release", few),
    ...perPair("memory", "memory", few),
    ...perPair("control-flow", "control_flow", few),
    ...perPair("control-flow", "may_goto", few),
    ...perPair("control-flow", "long_jump", few),
    ...onPackets("legacy-packet", "load_absolute"),
    ...onPackets("legacy-packet", "load_indirect"),
    ...onPackets("legacy-packet", "past_the_end"),
    ...onPackets("legacy-packet", "fields"),
    inTurn("map-hash", "hash_flags", seven),
    ...perPair("map-hash", "hash_flags", few),
    ...onPackets("map-hash", "hash_count"),
    inTurn("map-hash", "hash_per_cpu", seven),
    inTurn("map-hash", "hash_lru", few.slice(0, 3)),
    inTurn("map-array", "array_access", few),
    inTurn("map-array", "map_in_map", few),
    inTurn("map-array", "variables", few),
    ...perPair("map-array", "each_element", few),
    { source: "map-array", name: "array_access on contents", programs: ["array_access"], maps: { pairs: [{ key: "02000000", value: "11111111000000002222222222222222" }] }, steps: [{ program: "array_access", dataIn: operands(2n, 9n) }] },
    ...perPair("map-lpm", "lpm", [[0x0302010an, 0n], [0x0402010an, 0n], [0x0909010an, 1n], [0x0909090an, 1n], [0x0100a8c0n, 0n], [0x0180a8c0n, 0n], [0x08080808n, 1n], [0x08080808n, 0n]]),
    inTurn("map-lpm", "lpm", [[0x0302010an, 0n], [0x0909090an, 1n], [0x08080808n, 0n]]),
    inTurn("map-queues", "queues", few.slice(0, 4)),
    ...perPair("map-queues", "queues", few),
    { source: "map-queues", name: "bloom", programs: ["bloom"], steps: [{ program: "bloom", dataIn: operands(77n, 78n) }] },
    inTurn("map-rings", "ring_buffer", few),
    ...perPair("map-rings", "ring_full", few.slice(0, 3)),
    ...perPair("map-rings", "perf_events", few.slice(0, 3)),
    ...[0n, 1n, 2n, 3n, 4n, 255n].map((slot): SourceCase => ({ source: "tail-calls", name: `enter ${slot}`, steps: [{ program: "enter", dataIn: operands(slot, 9n) }] })),
    { source: "tail-calls", name: "again", steps: [{ program: "again", dataIn: operands(0n, 0n) }, { program: "chain", dataIn: operands(0n, 0n) }] },
    ...["swap_addresses", "push_tag", "cut", "grow", "metadata", "bytes", "context_fields"].flatMap((program) => onPackets("xdp-shape", program)),
    { source: "xdp-shape", name: "context with metadata", programs: ["metadata"], steps: [{ program: "metadata", dataIn: tcpPacket, ctxIn: xdpContext(8, tcpPacket.length / 2) }] },
    { source: "xdp-shape", name: "context that lies", programs: ["cut"], steps: [{ program: "cut", dataIn: tcpPacket, ctxIn: xdpContext(8, 9000) }] },
    { source: "xdp-shape", name: "repeated", programs: ["swap_addresses"], steps: [{ program: "swap_addresses", dataIn: tcpPacket, repeat: 3 }, { program: "push_tag", dataIn: "00" }, { program: "swap_addresses", dataIn: "" }] },
    ...["load_and_store", "rewrite_address", "direct_write", "context", "hashes"].flatMap((program) => onPackets("tc-bytes", program)),
    ...onPackets("tc-bytes", "context", { ctxIn: markedSkb }).slice(0, 2),
    ...["change_head", "change_tail", "adjust_room", "vlan", "change_type"].flatMap((program) => onPackets("tc-shape", program)),
    ...["to_interface", "to_device", "to_processor", "to_socket"].flatMap((program) => perPair("redirects", program, [[0n, 0n], [1n, 0n], [1n, 1n], [3n, 2n], [7n, 3n]])),
    ...[0x101, 1, 0].map((mark): SourceCase => ({ source: "redirects", name: `tc_redirect ${mark}`, programs: ["tc_redirect"], steps: [{ program: "tc_redirect", dataIn: tcpPacket, ctxIn: skb({ [skbMark]: mark }) }] })),
    ...perPair("text", "format", [...few, [-5n, 1234567890123n]]),
    ...perPair("text", "print", few),
    ...perPair("text", "compare", [[0x64636261n, 0x64636260n], [0x00006261n, 0x65636261n], ...few]),
    ...words.map((word): SourceCase => ({ source: "text", name: `numbers "${word}"`, programs: ["numbers"], steps: [{ program: "numbers", dataIn: text(word) }] })),
    ...[[1n, 2n], [0xffffffffn, 1n], [-1n, -1n]].map(([a = 0n, b = 0n]): SourceCase => ({ source: "probes", name: `arguments ${a} ${b}`, programs: ["arguments"], steps: [{ program: "arguments", ctxIn: le64(a) + le64(b) }] })),
    { source: "probes", name: "arguments without context", programs: ["arguments"], steps: [{ program: "arguments" }] },
    { source: "probes", name: "arguments with data", programs: ["arguments"], steps: [{ program: "arguments", dataIn: "0011", ctxIn: le64(1n) }] },
    ...[0n, 8n, 0x1000n].map((a): SourceCase => ({ source: "probes", name: `probe_read ${a}`, programs: ["probe_read"], steps: [{ program: "probe_read", ctxIn: le64(a) }] })),
    { source: "probes", name: "task", programs: ["task"], steps: [{ program: "task", ctxIn: le64(0n) }] },
    ...perPair("dynptrs", "over_memory", few),
    ...perPair("dynptrs", "over_ring", few),
    ...perPair("dynptrs", "adjusted", few),
    ...onPackets("dynptrs", "over_packet"),
    ...onPackets("dynptrs", "over_skb"),
    ...perPair("iterators", "count", [[0n, 10n], [5n, 5n], [9n, 3n], [-3n, 4n], [0n, 5000n], [0n, 9000000n]]),
    ...[1, 101, 5000].map((mark): SourceCase => ({ source: "throwing", name: `throwing ${mark}`, programs: ["throwing"], steps: [{ program: "throwing", dataIn: tcpPacket, ctxIn: skb({ [skbMark]: mark }) }] })),
    ...onPackets("throwing", "throwing"),
    ...["group_filter", "dissect", "tunnel"].flatMap((program) => onPackets("other-types", program)),
    { source: "other-types", name: "system_call", programs: ["system_call"], steps: [{ program: "system_call", ctxIn: le64(5n) + le64(0x10000n) + le64(0n) }, { program: "system_call", ctxIn: le64(5n) }] },
    { source: "other-types", name: "lookup", programs: ["lookup"], steps: [{ program: "lookup", ctxIn: "00".repeat(72) }] },
    ...[0, 1, 2, 3].map((mark): SourceCase => ({ source: "spin-lock", name: `with_lock ${mark}`, programs: ["with_lock"], steps: [1, 2].map(() => ({ program: "with_lock", dataIn: tcpPacket, ctxIn: skb({ [skbMark]: mark }) })) })),
    { source: "spin-lock", name: "locked_update", programs: ["locked_update"], steps: [{ program: "locked_update", dataIn: tcpPacket, ctxIn: skb({ [skbMark]: 9 }) }] },
  ];
}

/** Cases written by hand: run-jobs/*.json, each an array of SourceCase. */
export function handWrittenCases(): SourceCase[] {
  const folder = new URL("./run-jobs/", import.meta.url);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => name.endsWith(".json")).sort().flatMap((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as SourceCase[]);
}
