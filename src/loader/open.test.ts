import { describe, expect, it } from "vitest";
import { unwrap } from "../base/result.ts";
import { BtfKind } from "../btf/types.ts";
import { bindProgram } from "./bind.ts";
import { openObject } from "./open.ts";
import { findSectionDef } from "./section-defs.ts";
import { fakeKernel } from "./testing/fake-kernel.ts";
import { fixture, kernelBtf, KERNEL_CONFIG, randomNumbers } from "./testing/fixtures.ts";

const bytes = fixture("features.bpf.o");
const spec = unwrap(openObject(bytes, { name: "features" }));

describe("openObject", () => {
  it("reads licence and programs with what their section names say", () => {
    expect(spec.license).toBe("Dual BSD/GPL");
    const program = (name: string): unknown => spec.programs.find((one) => one.name === name);
    expect(program("maps_and_globals")).toMatchObject({ section: "xdp", type: "xdp", attachType: "xdp", sleepable: false, autoload: true });
    expect(program("kfuncs")).toMatchObject({ type: "tracing", attachType: "trace_fentry", attachTo: "my_traced" });
    expect(program("core")).toMatchObject({ section: "tp_btf/my_event", autoload: false });
    expect(program("lsm_hook")).toMatchObject({ type: "lsm", sleepable: true, flags: 16 });
    expect(program("no_type")).toMatchObject({ type: undefined });
    expect(spec.programs.some((one) => one.name === "global_sub")).toBe(false);
  });
  it("reads maps from BTF and ELF", () => {
    const map = (name: string): (typeof spec.maps)[number] | undefined => spec.maps.find((one) => one.name === name);
    expect(map("counters")).toMatchObject({ type: "hash", typeId: 1, keySize: 4, valueSize: 16, maxEntries: 64 });
    expect(spec.btf?.type(map("counters")?.valueTypeId ?? 0)).toMatchObject({ kind: BtfKind.STRUCT, name: "value" });
    expect(map("ring")).toMatchObject({ type: "ringbuf", maxEntries: 8192 });
    expect(map("outer_map")).toMatchObject({ inner: { name: "outer_map.inner", type: "array", maxEntries: 4 }, initialSlots: [{ index: 3, target: "inner" }] });
    expect(map("jumps")).toMatchObject({ type: "prog_array", initialSlots: [{ index: 1, target: "tail_target" }] });
    expect(map("features.rodata")).toMatchObject({ readonly: true, initialData: new Uint8Array([7, 0, 0, 0]) });
    expect(map("features.data")?.initialData?.slice(0, 2)).toEqual(new Uint8Array([0xcb, 0x04]));
    expect(map("features.bss")).toMatchObject({ valueSize: 8, initialData: new Uint8Array(8) });
    expect(map(".data.custom")).toMatchObject({ valueSize: 4 });
    expect(map("the_ops")).toMatchObject({ type: "struct_ops", structOps: { typeName: "my_ops", programs: { first: "ops_first", second: "ops_second" } } });
  });
  it("gives DATASECs the sizes and offsets that only ELF knows", () => {
    const section = spec.btf?.type(spec.btf.find(BtfKind.DATASEC, ".maps") ?? 0);
    expect(section?.kind === BtfKind.DATASEC && section.secinfos.every((info, i, all) => i === 0 || info.offset > (all[i - 1]?.offset ?? 0))).toBe(true);
    expect(spec.btf?.type(spec.btf.find(BtfKind.DATASEC, ".ksyms") ?? 0)).toMatchObject({ size: 28 });
  });
  it("lists externs", () => {
    expect(spec.externs.filter((extern) => extern.weak).map((extern) => extern.name)).toEqual(["CONFIG_NOT_SET", "bpf_changed", "bpf_gone", "no_such_variable"]);
    expect(spec.externs.find((extern) => extern.name === "global_counter")).toMatchObject({ kind: "ksym_var" });
  });
});

describe("SEC names", () => {
  it.each([
    ["kprobe.multi/tcp_*", "kprobe", "trace_kprobe_multi"],
    ["tcx/egress", "sched_cls", "tcx_egress"],
    ["xdp.frags/devmap", "xdp", "xdp_devmap"],
    ["cgroup/sendmsg6", "cgroup_sock_addr", "cgroup_udp6_sendmsg"],
    ["cgroup/getpeername_unix", "cgroup_sock_addr", "cgroup_unix_getpeername"],
    ["cgroup/bind4", "cgroup_sock_addr", "cgroup_inet4_bind"],
    ["iter.s/task", "tracing", "trace_iter"],
    ["struct_ops.s/init", "struct_ops", null],
    ["raw_tp.w/x", "raw_tracepoint_writable", null],
    ["syscall", "syscall", null],
  ])("%s", (section, type, attachType) => {
    expect(findSectionDef(section)).toMatchObject({ type, attachType });
  });
  it.each(["xdpx", "tc/ingress/more", "kprobes", "socket/filter"])("knows no %s", (section) => {
    expect(findSectionDef(section)).toBeUndefined();
  });
});

describe("hostile objects", () => {
  const small = fixture("small.bpf.o");
  const kernel = fakeKernel({ btf: kernelBtf(), config: KERNEL_CONFIG });
  const load = (input: Uint8Array): void => {
    const object = openObject(input);
    if (!object.ok) {
      expect(object.error.message).not.toBe("");
      return;
    }
    for (const program of object.value.programs) {
      const bound = bindProgram(object.value, program.name, kernel);
      if (!bound.ok) expect(bound.error.message).not.toBe("");
    }
  };
  it("loads the sound one", () => {
    const object = unwrap(openObject(small));
    expect(bindProgram(object, "small", kernel).ok).toBe(true);
  });
  it("cut anywhere", () => {
    for (let length = 0; length < small.length; length += 5) load(small.subarray(0, length));
    for (let length = 0; length < bytes.length; length += 211) load(bytes.subarray(0, length));
  });
  it("with one byte changed, at every fourth place", () => {
    const random = randomNumbers(0xedb88320);
    for (let at = 1; at < small.length; at += 4) {
      const copy = small.slice();
      copy[at] = random() & 0xff;
      load(copy);
    }
  });
  it("with bytes flipped at random", () => {
    const random = randomNumbers(0x82f63b78);
    for (let round = 0; round < 150; round++) {
      const copy = bytes.slice();
      for (let flips = 1 + (random() % 6); flips > 0; flips--) copy[random() % copy.length] = random() & 0xff;
      load(copy);
    }
  }, 60_000);
});
