import { describe, expect, test } from "vitest";
import { encodeUtf8 } from "../base/bytes.ts";
import { createMachine, runProgram } from "./run.ts";
import { handMade, handMadeMap, I } from "./testing/program.ts";
import { realKernel } from "./testing/real-kernel.ts";

const kernel = await realKernel("7.2");
const call = (name: string) => I(0x85, 0, 0, 0, kernel.helperByName(name)!.id);
const EXIT = I(0x95);
const packet = new Uint8Array(64).map((_, i) => i);

describe("a machine", () => {
  // counts runs in a map: *(u64 *)lookup(&m0, 0) += 1
  const counter = handMade([
    I(0x62, 10, 0, -4, 0), I(0x18, 1, 1, 0, 0), I(0), I(0xbf, 2, 10), I(0x07, 2, 0, 0, -4), call("bpf_map_lookup_elem"),
    I(0x15, 0, 0, 3), I(0xb7, 1, 0, 0, 1), I(0xdb, 0, 1, 0, 0), I(0x79, 0, 0, 0), EXIT,
  ], { maps: [handMadeMap(0, "array")] });

  test("keeps maps from run to run; user space changes them in between", () => {
    const machine = createMachine(counter, kernel);
    expect(machine.run({ dataIn: packet }).retval).toBe(1);
    expect(machine.run({ dataIn: packet, repeat: 4 }).retval).toBe(5);
    expect(machine.updateMap("m0", { key: new Uint8Array(4), value: Uint8Array.of(100, 0, 0, 0, 0, 0, 0, 0) })).toEqual({ ok: true });
    expect(machine.run({ dataIn: packet }).retval).toBe(101);
    expect(machine.dumpMaps()[0]!.entries[0]!.value[0]).toBe(101);
    expect(machine.updateMap("m0", { key: new Uint8Array(3), value: new Uint8Array(8) })).toMatchObject({ ok: false, errno: "EINVAL" });
    expect(machine.updateMap("nope", { key: new Uint8Array(4), value: new Uint8Array(8) })).toMatchObject({ ok: false, errno: "ENOENT" });
    expect(machine.deleteFromMap("m0", new Uint8Array(4))).toMatchObject({ ok: false, errno: "EINVAL" });
  });

  test("the same request gives the same run", () => {
    const program = handMade([call("bpf_ktime_get_ns"), I(0xbf, 6, 0), call("bpf_get_prandom_u32"), I(0xaf, 0, 6), EXIT]);
    const run = (seed: number): number => runProgram(program, kernel, { dataIn: packet, seed }).retval;
    expect(run(5)).toBe(run(5));
    expect(run(5)).not.toBe(run(6));
  });

  test("records steps for stepping forth and back", () => {
    const { result, steps } = createMachine(counter, kernel).trace({ dataIn: packet });
    expect(result.retval).toBe(1);
    expect(steps.map((s) => s.insn)).toEqual([0, 1, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(steps.at(-1)!.regs[0]).toBe(1n);
  });

  test("a fault says instruction, address, region and why", () => {
    const beyond = handMade([I(0x61, 2, 1, 0), I(0x71, 0, 2, 64), EXIT]);
    const result = runProgram(beyond, kernel, { dataIn: packet });
    expect(result).toMatchObject({ outcome: "fault", insn: 1 });
    expect(result.message).toMatch(/^read of 1 byte at 0xffff888[0-9a-f]+: 0 bytes past the end of the packet \(64 bytes\) at instruction 1$/);
  });

  test("what is not simulated is said by name", () => {
    expect(runProgram(handMade([call("bpf_sys_bpf"), EXIT]), kernel, { dataIn: packet })).toMatchObject({ outcome: "unsupported", message: "helper bpf_sys_bpf is not simulated" });
    expect(runProgram(handMade([EXIT], { type: "sk_msg" }), kernel, {})).toMatchObject({ outcome: "unsupported", message: "running programs of type sk_msg is not simulated" });
    const arena = [handMadeMap(0, "arena")];
    expect(runProgram(handMade([I(0x18, 1, 1), I(0), EXIT], { maps: arena }), kernel, { dataIn: packet })).toMatchObject({ outcome: "unsupported", message: "maps of type arena are not simulated (map m0)" });
    expect(runProgram(handMade([EXIT], { maps: arena }), kernel, { dataIn: packet })).toMatchObject({ outcome: "exited" });
    expect(runProgram(handMade([EXIT], { maps: [handMadeMap(0, "array", { keySize: 5 })] }), kernel, { dataIn: packet })).toMatchObject({ outcome: "refused" });
  });

  test("packets of 0 bytes and of 100 kB", () => {
    const pass = handMade([I(0xb7, 0, 0, 0, 2), EXIT]);
    expect(runProgram(pass, kernel, { dataIn: new Uint8Array(0) })).toMatchObject({ outcome: "refused", message: "EINVAL: data_in has 0 bytes of packet; an Ethernet header has 14" });
    expect(runProgram(pass, kernel, { dataIn: new Uint8Array(100_000) }).message).toMatch(/^ENOMEM: /);
    expect(runProgram(pass, kernel, { dataIn: new Uint8Array(60_000) })).toMatchObject({ outcome: "exited", action: expect.stringContaining("XDP_PASS") });
    expect(runProgram({ ...pass, type: "sched_cls" }, kernel, { dataIn: new Uint8Array(0) })).toMatchObject({ outcome: "refused" });
  });

  test("trace lines look like trace_pipe's", () => {
    const text = [...encodeUtf8("hi %d\n"), 0, 0];
    const words = [text.slice(0, 4), text.slice(4)].map((b) => b.reduce((v, x, i) => v | (x << (8 * i)), 0));
    const program = handMade([I(0x62, 10, 0, -8, words[0]!), I(0x62, 10, 0, -4, words[1]!), I(0xbf, 1, 10), I(0x07, 1, 0, 0, -8), I(0xb7, 2, 0, 0, 7), I(0xb7, 3, 0, 0, -7), call("bpf_trace_printk"), EXIT]);
    const result = runProgram(program, kernel, { dataIn: packet });
    expect(result.trace).toEqual(["      playground-1000    [000] b..11   100.000000: bpf_trace_printk: hi -7"]);
    expect(result.retval).toBe(6);
  });

  test("events are made up for types that BPF_PROG_TEST_RUN does not take", () => {
    const first = handMade([I(0x79, 0, 1, 0), EXIT], { type: "kprobe", attachTo: "do_nanosleep" });
    expect(runProgram(first, kernel, {}).outcome).toBe("exited");
    const record = handMade([I(0x61, 0, 1, 4), EXIT], { type: "tracepoint", attachTo: "sched/sched_switch" });
    expect(runProgram(record, kernel, {}).retval).toBe(1000);
    const task = handMade([I(0x79, 6, 1, 8), I(0x79, 0, 6, 0), EXIT], { type: "raw_tracepoint", attachTo: "sched_switch" });
    expect(runProgram(task, kernel, {}).outcome).toBe("exited");
  });

  test("made-up system calls have a path that programs can read", () => {
    const read = [
      I(0x79, 3, 1, 24), I(0xbf, 1, 10), I(0x07, 1, 0, 0, -16), I(0xb7, 2, 0, 0, 16), call("bpf_probe_read_user_str"), I(0x55, 0, 0, 1, 14), I(0x71, 0, 10, -15), EXIT,
    ];
    const result = runProgram(handMade(read, { type: "tracepoint", attachTo: "syscalls/sys_enter_openat" }), kernel, {});
    expect(result).toMatchObject({ outcome: "exited", retval: "e".charCodeAt(0) });
  });

  test("jump tables lead to instructions", () => {
    const table = new Uint8Array(32);
    table[0] = 6;
    table[16] = 8;
    const program = handMade([I(0x18, 2, 2, 0, 0), I(0), I(0x79, 3, 2, 8), I(0x0d, 3), I(0xb7, 0, 0, 0, 1), EXIT, I(0xb7, 0, 0, 0, 2), EXIT, I(0xb7, 0, 0, 0, 3), EXIT], {
      maps: [handMadeMap(0, "insn_array", { valueSize: 16, maxEntries: 2, initialData: table })],
    });
    expect(runProgram(program, kernel, { dataIn: packet })).toMatchObject({ outcome: "exited", retval: 3 });
  });

  test("timers fire after the run, at their time", () => {
    const callback = 14;
    const program = handMade([
      I(0x62, 10, 0, -4, 0), I(0x18, 1, 1, 0, 0), I(0), I(0xbf, 2, 10), I(0x07, 2, 0, 0, -4), call("bpf_map_lookup_elem"), I(0xbf, 6, 0),
      I(0xbf, 1, 6), I(0x18, 2, 1, 0, 0), I(0), I(0xb7, 3, 0, 0, 1), call("bpf_timer_init"), I(0x05, 0, 0, 5), I(0),
      // callback(map, key, value): value[2] = 77
      I(0xb7, 1, 0, 0, 77), I(0x7b, 3, 1, 16), I(0xb7, 0), EXIT,
      // start it
      I(0xbf, 1, 6), I(0x18, 2, 4, 0, callback - 20), I(0), call("bpf_timer_set_callback"), I(0xbf, 1, 6), I(0xb7, 2, 0, 0, 1000), I(0xb7, 3), call("bpf_timer_start"), EXIT,
    ], { maps: [handMadeMap(0, "array", { valueSize: 24 })] });
    const result = runProgram(program, kernel, { dataIn: packet });
    expect(result).toMatchObject({ outcome: "exited", retval: 0 });
    expect(result.maps[0]!.entries[0]!.value[16]).toBe(77);
  });
});

test("variables of each CPU: every CPU begins with what the section holds, the program changes its own", () => {
  const map = handMadeMap(0, "percpu_array", { name: ".percpu", section: ".percpu", valueSize: 8, maxEntries: 1, initialData: Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0) });
  const program = handMade([I(0x18, 1, 2, 0, 0), I(0), I(0x79, 0, 1), I(0x07, 0, 0, 0, 1), I(0x7b, 1, 0), EXIT], { maps: [map] });
  const machine = createMachine(program, kernel, { cpus: 2 });
  expect(machine.run({ dataIn: packet }).retval).toBe(6);
  expect(machine.run({ dataIn: packet }).retval).toBe(7);
  expect(machine.dumpMaps()[0]!.entries.map(({ cpu, value }) => [cpu, value[0]])).toEqual([[0, 7], [1, 5]]);
});
