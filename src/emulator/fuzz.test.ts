import { describe, expect, test } from "vitest";
import type { Insn } from "../isa/types.ts";
import { Random } from "./clock.ts";
import { createMachine } from "./run.ts";
import { handMade, handMadeMap, I } from "./testing/program.ts";
import { realKernel } from "./testing/real-kernel.ts";

const MAPS = [
  handMadeMap(0, "array"), handMadeMap(1, "hash"), handMadeMap(2, "percpu_array"), handMadeMap(3, "lru_hash"), handMadeMap(4, "lpm_trie", { keySize: 8, flags: 1 }),
  handMadeMap(5, "queue", { keySize: 0 }), handMadeMap(6, "ringbuf", { keySize: 0, valueSize: 0, maxEntries: 4096 }), handMadeMap(7, "prog_array", { valueSize: 4 }),
  handMadeMap(8, "perf_event_array", { valueSize: 4 }), handMadeMap(9, "devmap", { valueSize: 4 }), handMadeMap(10, "stack_trace", { valueSize: 64 }), handMadeMap(11, "bloom_filter", { keySize: 0 }),
];
const TYPES = ["xdp", "sched_cls", "socket_filter", "raw_tracepoint", "tracepoint", "kprobe", "syscall", "flow_dissector", "cgroup_skb", "tracing"];
const OPCODES = [
  0x07, 0x0f, 0x17, 0x1f, 0x27, 0x2f, 0x37, 0x3f, 0x47, 0x4f, 0x57, 0x5f, 0x67, 0x6f, 0x77, 0x7f, 0x87, 0x97, 0x9f, 0xa7, 0xaf, 0xb7, 0xbf, 0xc7, 0xcf, 0xd7, 0x04, 0x0c, 0xb4, 0xbc, 0xd4, 0xdc,
  0x61, 0x69, 0x71, 0x79, 0x81, 0x89, 0x91, 0x62, 0x6a, 0x72, 0x7a, 0x63, 0x6b, 0x73, 0x7b, 0xc3, 0xdb, 0x05, 0x15, 0x1d, 0x25, 0x55, 0x5d, 0x65, 0xa5, 0xb5, 0xc5, 0x16, 0x56, 0x85, 0x8d, 0x0d, 0x95, 0xe5, 0x18, 0x20, 0x28, 0x30, 0x40, 0x50, 0x06,
];

/** Half of the instructions make some sense, the others are any bits. */
function randomProgram(random: Random): Insn[] {
  const length = 4 + (random.next() % 40);
  const out: Insn[] = [];
  const pick = (n: number): number => random.next() % n;
  while (out.length < length) {
    const kind = pick(12);
    if (kind === 0) {
      out.push(I(0x18, pick(6), 1, 0, pick(14)), I(0));
    } else if (kind === 1) {
      out.push(I(0x85, 0, 0, 0, pick(215)));
    } else if (kind === 2) {
      out.push(I(0xbf, 1 + pick(5), 10), I(0x07, 1 + pick(5), 0, 0, -8 * pick(70)));
    } else if (kind === 3) {
      out.push(I(0x85, 0, 1 + pick(2), 0, random.next() | 0));
    } else if (kind === 4) {
      out.push(I(pick(256), pick(16), pick(16), (random.next() << 16) >> 16, random.next() | 0));
    } else {
      out.push(I(OPCODES[pick(OPCODES.length)]!, pick(11), pick(11), pick(3) === 0 ? (random.next() << 16) >> 16 : -8 * pick(64), pick(2) === 0 ? random.next() | 0 : pick(64)));
    }
  }
  out.push(I(0xb7), I(0x95));
  return out;
}

describe("random programs that no verifier has seen", () => {
  test("never throw, always end, with a reason", async () => {
    const kernel = await realKernel("7.2");
    const random = new Random(20261120);
    const outcomes = new Map<string, number>();
    const dataIn = new Uint8Array(64).map((_, i) => i);
    for (let round = 0; round < 40; round++) {
      const programs = Array.from({ length: 25 }, (_, i) => handMade(randomProgram(random), { type: TYPES[(round + i) % TYPES.length], maps: MAPS, name: `p${i}` }));
      const machine = createMachine(programs[0]!, kernel, { programs });
      for (const program of programs) {
        const network = ["xdp", "sched_cls", "socket_filter", "flow_dissector", "cgroup_skb"].includes(program.type);
        const result = machine.run({ program: program.name, insnBudget: 20_000, ...(network ? { dataIn } : { ctxIn: new Uint8Array(96) }) });
        expect(["exited", "fault", "budget", "unsupported", "refused"]).toContain(result.outcome);
        if (result.outcome !== "exited") expect(result.message).toBeTruthy();
        expect(result.insnsExecuted).toBeLessThanOrEqual(20_000 + 8192);
        outcomes.set(result.outcome, (outcomes.get(result.outcome) ?? 0) + 1);
      }
    }
    // the streams are no use if they all stop at once
    expect(outcomes.get("exited") ?? 0).toBeGreaterThan(20);
    expect(outcomes.get("fault") ?? 0).toBeGreaterThan(100);
  }, 60_000);

  test("a budget, a stop button and an endless loop", async () => {
    const kernel = await realKernel("7.2");
    const machine = createMachine(handMade([I(0x05, 0, 0, -1)]), kernel);
    const dataIn = new Uint8Array(64);
    expect(machine.run({ dataIn, insnBudget: 1000 })).toMatchObject({ outcome: "budget", insnsExecuted: 1000 });
    let calls = 0;
    expect(machine.run({ dataIn, onProgress: () => ++calls === 3 })).toMatchObject({ outcome: "stopped", insnsExecuted: 300_000 });
  });
});
