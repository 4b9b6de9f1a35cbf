import { emptyProject } from "../project.ts";
import { formatHex } from "../packets/hex.ts";
import { PRESETS } from "../packets/presets.ts";
import type { Project } from "../types.ts";
import { SOURCES } from "./sources.ts";

export interface Example {
  id: string;
  title: string;
  /** one sentence: what there is to see */
  about: string;
  group: "Start" | "Packets" | "Tracing" | "Kernels differ" | "Language" | "Rejected on purpose";
  kernel: string;
  program?: string;
  /** id of a packet preset */
  preset?: string;
  ctxIn?: string;
  overlay?: object;
  maps?: Project["maps"];
  /** what the chosen kernel says; a test compiles each example and holds it to this */
  expect: "accepted" | "rejected";
  /** what other kernels say of the same text */
  elsewhere?: Readonly<Record<string, "accepted" | "rejected">>;
}

/** The text of an example is the file ID.bpf.c in this folder. */
export const EXAMPLES: readonly Example[] = [
  { id: "xdp-drop-udp", title: "Drop one UDP port", about: "XDP takes Ethernet, IPv4 and UDP apart and drops port 9999.", group: "Start", kernel: "7.2", preset: "udp-9999", expect: "accepted" },
  { id: "hello", title: "Hello", about: "A line in trace_pipe for every program that starts.", group: "Start", kernel: "7.2", expect: "accepted" },
  { id: "xdp-count", title: "Packet counters", about: "An array map, atomic adds, a global variable. 5.10 has no atomics that fetch.", group: "Packets", kernel: "7.2", preset: "tcp-syn", expect: "accepted", elsewhere: { "5.10": "rejected", "7.3": "accepted" } },
  { id: "xdp-reflect", title: "Reflect a frame", about: "Writes to the packet: compare the bytes in and out.", group: "Packets", kernel: "7.2", preset: "icmp", expect: "accepted" },
  { id: "tc-ttl", title: "Set the TTL", about: "A tc classifier that stores bytes and repairs the checksum.", group: "Packets", kernel: "7.2", preset: "dns", expect: "accepted" },
  { id: "socket-filter", title: "Socket filter", about: "Keeps web traffic; the return value is a length.", group: "Packets", kernel: "7.2", preset: "http", expect: "accepted" },
  { id: "lpm-firewall", title: "Prefix firewall", about: "An LPM trie that the Input panel fills before the run.", group: "Packets", kernel: "7.2", preset: "blocked", maps: { rules: [{ key: "18 00 00 00 cb 00 71 00", value: "01 00 00 00" }] }, expect: "accepted" },
  { id: "ringbuf", title: "Ring buffer events", about: "A record is reserved, filled and submitted for each SYN.", group: "Packets", kernel: "7.2", preset: "tcp-syn", expect: "accepted" },
  { id: "raw-tracepoint", title: "System calls by number", about: "A raw tracepoint and a hash map; the call's number is in the context.", group: "Tracing", kernel: "7.2", ctxIn: "00 00 00 00 00 00 00 00 01 01 00 00 00 00 00 00", expect: "accepted" },
  { id: "core-task", title: "Walk the task's ancestors", about: "CO-RE: one object, other offsets on every kernel.", group: "Tracing", kernel: "6.12", expect: "accepted" },
  { id: "scx-dispatch", title: "A kfunc renamed", about: "scx_bpf_dispatch is in 6.16 and gone in 6.18: the fix is one click.", group: "Kernels differ", kernel: "6.16", expect: "accepted", elsewhere: { "6.18": "rejected" } },
  { id: "scx-cpu-rq", title: "A kfunc removed", about: "scx_bpf_cpu_rq is in 7.2 and not in 7.3.", group: "Kernels differ", kernel: "7.2", expect: "accepted", elsewhere: { "7.3": "rejected" } },
  { id: "weak-kfunc", title: "One object for both", about: "A weak kfunc and bpf_ksym_exists() survive its absence.", group: "Kernels differ", kernel: "6.12", expect: "accepted", elsewhere: { "6.1": "accepted" } },
  { id: "loops", title: "Two loops", about: "Bounded, and bpf_loop(): which kernel takes which?", group: "Kernels differ", kernel: "7.2", program: "with_helper", preset: "icmp", expect: "accepted", elsewhere: { "5.10": "rejected" } },
  {
    id: "deprecated", title: "Deprecated, with a date", about: "A custom kernel marks a kfunc for removal in 7.6.", group: "Kernels differ", kernel: "7.2", expect: "accepted",
    overlay: { schema: 1, name: "what-if", title: "bpf_task_from_pid goes away in 7.6", simulatedRelease: "7.5", changes: [{ op: "deprecate", kfunc: "bpf_task_from_pid", removedIn: "7.6", replacement: "bpf_task_from_vpid", reason: "an example of a deprecation window" }] },
  },
  { id: "functions", title: "Static and global functions", about: "Verified in the caller, or once by themselves.", group: "Language", kernel: "7.2", preset: "http", expect: "accepted" },
  { id: "iterator", title: "An open-coded iterator", about: "bpf_for() is three kfuncs and a rule for the verifier.", group: "Language", kernel: "7.2", preset: "http", expect: "accepted", elsewhere: { "6.12": "accepted" } },
  { id: "no-null-check", title: "No check for NULL", about: "A map lookup may find nothing.", group: "Rejected on purpose", kernel: "7.2", expect: "rejected", elsewhere: { "5.10": "rejected", "7.3": "rejected" } },
  { id: "no-bounds-check", title: "No bounds check", about: "The packet may be shorter than you think.", group: "Rejected on purpose", kernel: "7.2", preset: "dns", expect: "rejected", elsewhere: { "5.10": "rejected", "7.3": "rejected" } },
  { id: "wild-index", title: "An index without a bound", about: "A byte is up to 255, the array has 16 places.", group: "Rejected on purpose", kernel: "7.2", preset: "dns", expect: "rejected" },
  { id: "lost-reference", title: "A lost reference", about: "One way out forgets the ring buffer record.", group: "Rejected on purpose", kernel: "7.3", preset: "icmp", expect: "rejected" },
];

export const exampleFile = (example: Example): string => `${example.id}.bpf.c`;

/** The project an example opens as. */
export function exampleProject(example: Example): Project {
  const base = emptyProject(example.kernel);
  const name = "main.bpf.c";
  const preset = PRESETS.find((p) => p.id === example.preset);
  return {
    ...base,
    files: { [name]: SOURCES[exampleFile(example)] ?? "" },
    activeFile: name,
    program: example.program ?? null,
    overlay: example.overlay ? JSON.stringify(example.overlay, null, 2) : null,
    input: { ...base.input, dataIn: preset ? formatHex(preset.bytes) : "", preset: preset?.id ?? null, ctxIn: example.ctxIn ?? "" },
    maps: example.maps ?? {},
  };
}
