import { describe, expect, it } from "vitest";
import { unwrap } from "../base/result.ts";
import { BtfKind } from "../btf/types.ts";
import { disasmInsn } from "../isa/disasm.ts";
import { bindProgram } from "./bind.ts";
import { checkMaps } from "./check-maps.ts";
import { openObject } from "./open.ts";
import { fakeKernel } from "./testing/fake-kernel.ts";
import { fixture, kernelBtf, KERNEL_CONFIG } from "./testing/fixtures.ts";
import type { BoundProgram, LoadError } from "./types.ts";

const spec = unwrap(openObject(fixture("features.bpf.o"), { name: "features" }));
const btf = kernelBtf();
const kernel = fakeKernel({ btf, config: KERNEL_CONFIG });
const bind = (name: string): BoundProgram => unwrap(bindProgram(spec, name, kernel));
const refusal = (name: string, on = kernel): LoadError => {
  const result = bindProgram(spec, name, on);
  if (result.ok) throw new Error(`${name} was bound`);
  return result.error;
};
const text = (program: BoundProgram): string[] => program.insns.map((_, i) => disasmInsn(program.insns, i));

describe("maps and globals", () => {
  const program = bind("maps_and_globals");
  const loads = program.insns.flatMap((insn, i) => (insn.code === 0x18 ? [{ ...insn, high: program.insns[i + 1]?.imm }] : []));
  it("carry the map's index and the variable's offset", () => {
    expect(loads.map(({ src, imm, high }) => [src, program.maps[imm]?.name, high])).toEqual([
      [1, "counters", 0], [2, "features.rodata", 0], [2, ".data.custom", 0], [2, "features.data", 0], [2, "features.bss", 0],
    ]);
    expect(program.maps.every((map, i) => map.index === i)).toBe(true);
  });
  it("appends subprograms depth first and points calls at them", () => {
    expect([...program.subprogs.values()]).toEqual(["maps_and_globals", "global_sub", "static_sub", "hidden_sub"]);
    expect(program.calls.filter((call) => call.kind === "subprog").map((call) => [call.name, program.subprogs.get(call.id)])).toEqual([
      ["global_sub", "global_sub"], ["hidden_sub", "hidden_sub"], ["static_sub", "static_sub"],
    ]);
  });
  it("moves func_info and line_info to where the code went", () => {
    expect(program.funcInfo.map((info) => [info.insn, program.btf?.type(info.typeId)?.name])).toEqual([...program.subprogs]);
    expect(program.lineInfo[0]).toMatchObject({ insn: 0, text: 'SEC("xdp") int maps_and_globals(void *ctx)' });
    expect(program.lineInfo.every((info, i, all) => i === 0 || info.insn > (all[i - 1]?.insn ?? 0))).toBe(true);
    expect(program.lineInfo.every((info) => info.file.endsWith("features.bpf.c"))).toBe(true);
  });
  it("marks hidden functions static, global ones stay global", () => {
    const linkage = (name: string): unknown => {
      const type = program.btf?.type(program.btf.find(BtfKind.FUNC, name) ?? 0);
      return type?.kind === BtfKind.FUNC ? type.linkage : undefined;
    };
    expect([linkage("static_sub"), linkage("global_sub"), linkage("hidden_sub")]).toEqual([0, 1, 0]);
  });
  it("turns function addresses into callbacks", () => {
    const callbacks = bind("callbacks");
    const at = callbacks.insns.findIndex((insn) => insn.code === 0x18 && insn.src === 4);
    expect(callbacks.subprogs.get(at + (callbacks.insns[at]?.imm ?? 0) + 1)).toBe("callback");
  });
});

describe("kernel symbols", () => {
  const program = bind("kfuncs");
  it("become BTF ids; flavours are the same function", () => {
    const id = btf.find(BtfKind.FUNC, "bpf_outer_get");
    expect(program.calls.filter((call) => call.kind === "kfunc" && call.id === id)).toHaveLength(2);
    expect(program.kfuncModules).toEqual([null]);
    expect(program.insns.find((insn) => insn.src === 3 && insn.code === 0x18)?.imm).toBe(btf.find(BtfKind.VAR, "global_counter"));
  });
  it("poisons calls of weak functions that are missing or have changed", () => {
    const externs = spec.externs.map((extern) => extern.name);
    const poisoned = program.insns.filter((insn) => insn.imm >= 2002000000).map((insn) => externs[insn.imm - 2002000000]);
    expect(poisoned).toEqual(["bpf_gone", "bpf_changed"]);
    expect(text(program).filter((line) => line === "r1 = 0x0")).toHaveLength(2);
  });
  it("refuses strong ones in libbpf's words", () => {
    const empty = fakeKernel({ btf: unwrapBtfWithout(), config: KERNEL_CONFIG });
    expect(refusal("kfuncs", empty)).toMatchObject({
      stage: "resolve", verdict: "rejected", errno: "ESRCH", message: "extern (func ksym) 'bpf_outer_get': not found in kernel or module BTFs", subject: { kind: "kfunc", name: "bpf_outer_get" },
    });
  });
  it("needs the kernel's BTF", () => {
    expect(refusal("kfuncs", fakeKernel({ config: KERNEL_CONFIG })).message).toBe("Error loading vmlinux BTF: -ESRCH");
  });
});

function unwrapBtfWithout(): typeof btf {
  return new Proxy(btf, {
    get: (target, key) => {
      if (key === "find") return (kind: BtfKind, name: string) => (name === "bpf_outer_get" ? undefined : target.find(kind, name));
      const value = Reflect.get(target, key) as unknown;
      return typeof value === "function" ? (value as () => unknown).bind(target) : value;
    },
  });
}

describe("kconfig", () => {
  it("fills the map by the kernel's configuration", () => {
    const program = bind("kconfig");
    const data = program.maps.find((map) => map.section === ".kconfig")?.initialData as Uint8Array;
    const view = new DataView(data.buffer, data.byteOffset);
    expect(view.getInt32(0, true)).toBe(250);
    expect(view.getInt32(4, true)).toBe((7 << 16) | (2 << 8) | 12);
    expect([...data.subarray(8, 14)]).toEqual([1, 0, 97, 98, 99, 0]);
    expect(spec.maps.find((map) => map.section === ".kconfig")?.initialData?.every((byte) => byte === 0)).toBe(true);
  });
  it("refuses what is missing or of another type", () => {
    const on = (config: Record<string, string>): string => refusal("kconfig", fakeKernel({ btf, config: { ...KERNEL_CONFIG, ...config } })).message;
    expect(on({ CONFIG_MY_BOOL: "m" })).toBe("extern (kcfg) 'CONFIG_MY_BOOL': value 'm' implies tristate or char type");
    expect(on({ CONFIG_MY_HZ: "y" })).toBe("extern (kcfg) 'CONFIG_MY_HZ': value 'y' implies bool, tristate, or char type");
    expect(on({ CONFIG_MY_HZ: "0x1ffffffff" })).toBe("extern (kcfg) 'CONFIG_MY_HZ': value '8589934591' doesn't fit in 4 bytes");
    expect(refusal("kconfig", fakeKernel({ btf, config: { CONFIG_MY_HZ: "1", CONFIG_MY_NAME: '"x"' } })).message).toBe("extern 'CONFIG_MY_BOOL' (strong): not resolved");
  });
});

describe("CO-RE", () => {
  it("relocates every kind against the kernel's types", () => {
    const lines = text(bind("core"));
    const outer = btf.find(BtfKind.STRUCT, "outer") ?? 0;
    expect(lines).toContain("r2 = 56"); // &o->wide
    expect(lines.slice(6, 10)).toEqual(["r7 = 8", "r8 = *(u16 *)(r1 +26)", "r6 = *(u32 *)(r1 +16)", "r9 = *(u32 *)(r1 +8)"]);
    const constants = lines.slice(17).filter((line) => /^r1 = (0x)?[0-9a-f]+$/.test(line)).map((line) => Number(line.slice(5)));
    const local = spec.btf?.find(BtfKind.STRUCT, "outer");
    // size of arr, two existence checks, signed, shifts, two type ids, type exists ×2, size, matches, enum value exists and value
    expect(constants).toEqual([16, 1, 0, 0, 52, 55, local, outer, 1, 0, 72, 0, 1, 5]);
  });
  it("poisons what cannot be relocated", () => {
    expect(text(bind("core_poisoned"))[1]).toBe("call unknown#195896080");
  });
});

describe("attach targets and struct_ops", () => {
  it("are looked up in the kernel's BTF", () => {
    expect(bind("kfuncs").attachBtfId).toBe(btf.find(BtfKind.FUNC, "my_traced"));
    expect(bind("core").attachBtfId).toBe(btf.find(BtfKind.TYPEDEF, "btf_trace_my_event"));
    expect(bind("lsm_hook").attachBtfId).toBe(btf.find(BtfKind.FUNC, "bpf_lsm_my_hook"));
    expect(bind("iter_hook").attachBtfId).toBe(btf.find(BtfKind.FUNC, "bpf_iter_my_iter"));
  });
  it("says when there is none", () => {
    expect(refusal("no_target")).toMatchObject({ message: "prog 'no_target': failed to find kernel BTF type ID of 'no_such_function': -ESRCH", errno: "ESRCH" });
    expect(refusal("no_target").log.at(-1)).toBe("prog 'no_target': failed to load: -ESRCH");
    expect(refusal("no_type").message).toBe("prog 'no_type': missing BPF prog type, check ELF section name 'nonsense'");
  });
  it("matches a struct_ops map member by member", () => {
    const program = bind("ops_second");
    expect(program).toMatchObject({ type: "struct_ops", sleepable: true, attachBtfId: btf.find(BtfKind.STRUCT, "my_ops"), structOpsMember: { typeName: "my_ops", member: "second", memberIndex: 1 } });
    const map = program.maps.find((one) => one.type === "struct_ops");
    expect(map?.valueSize).toBe(btf.sizeOf(btf.find(BtfKind.STRUCT, "bpf_struct_ops_my_ops") ?? 0));
    expect(new TextDecoder().decode(map?.initialData?.subarray(64 + 20, 64 + 27))).toBe("fixture");
    expect(program.warnings).toContain("struct_ops the_ops: member not_in_kernel not found in kernel, skipping it as it's set to zero");
  });
});

describe("maps the kernel must create", () => {
  it("fail the load where a type is missing", () => {
    const without = fakeKernel({ btf, config: KERNEL_CONFIG, withoutMaps: ["ringbuf"] });
    expect(refusal("maps_and_globals", without)).toMatchObject({ stage: "resolve", message: "map 'ring': failed to create: -EINVAL", subject: { kind: "map", name: "ring" } });
    expect(checkMaps(spec, without).ok).toBe(false);
    expect(checkMaps(spec, kernel).ok).toBe(true);
  });
});

describe("older kernels", () => {
  it("get BTF without the kinds they do not know", () => {
    const old = unwrap(bindProgram(spec, "maps_and_globals", fakeKernel({ name: "5.10", btf, config: KERNEL_CONFIG })));
    for (let id = 1; id < (old.btf?.count ?? 0); id++) {
      expect([BtfKind.ENUM64, BtfKind.DECL_TAG, BtfKind.TYPE_TAG, BtfKind.FLOAT] as number[]).not.toContain(old.btf?.type(id)?.kind);
    }
  });
  it("say nothing of a program that is not there", () => {
    expect(refusal("absent").message).toContain("no program of that name");
  });
});

describe("global variables of each CPU (.percpu)", () => {
  const object = unwrap(openObject(fixture("percpu.bpf.o"), { name: "percpu" }));
  it("are per-CPU arrays of one entry, named after the section alone and not mapped into user space", () => {
    expect(object.maps.map((map) => [map.name, map.type, map.valueSize, map.maxEntries, map.flags])).toEqual([[".percpu", "percpu_array", 4, 1, 0], [".percpu.more", "percpu_array", 8, 1, 0]]);
    expect([...(object.maps[0]?.initialData ?? [])]).toEqual([5, 0, 0, 0]);
  });
  it("are there where a program can have their address", () => {
    const bound = unwrap(bindProgram(object, "counts", fakeKernel({ btf, name: "7.3" })));
    expect(bound.maps.map((map) => [map.name, map.valueTypeId !== 0])).toEqual([[".percpu", true], [".percpu.more", true]]);
    expect(bound.poisoned.size).toBe(0);
  });
  it("are not created on older kernels, which only the program that uses them notices", () => {
    expect(unwrap(bindProgram(object, "idle", kernel)).maps).toEqual([]);
    const bound = unwrap(bindProgram(object, "counts", kernel));
    expect([...bound.poisoned.values()]).toContain("BPF map '.percpu' is referenced but wasn't created");
  });
});

describe("kernel symbols without a type", () => {
  const object = unwrap(openObject(fixture("ksyms.bpf.o"), { name: "ksyms" }));
  const addresses = (withoutAddress: readonly string[]): boolean[] => {
    const { insns } = unwrap(bindProgram(object, "both", fakeKernel({ btf, withoutAddress })));
    return insns.flatMap((insn, i) => (insn.code === 0x18 ? [insn.imm !== 0 || insns[i + 1]?.imm !== 0] : []));
  };
  it("have an address where BTF names a function that the symbol table has", () => {
    expect(addresses([])).toEqual([true, true]);
  });
  it("have none where the symbol table is known not to have the function", () => {
    expect(addresses(["bpf_changed"])).toEqual([false, true]); // clang loads it first
    expect(bindProgram(object, "both", fakeKernel({ btf, withoutAddress: ["bpf_outer_get"] }))).toMatchObject({ ok: false, error: { verdict: "rejected", message: "extern 'bpf_outer_get' (strong): not resolved" } });
  });
  it("are not simulated where BTF does not know the name", () => {
    expect(bindProgram(object, "both", fakeKernel({ btf: null }))).toMatchObject({ ok: false, error: { verdict: "unsupported" } });
  });
});
