import { describe, expect, it } from "vitest";
import { unwrap } from "../base/result.ts";
import type { Insn } from "../isa/types.ts";
import { buildApiDb, kernelApis } from "../kernel/api-life.ts";
import { makeKernel } from "../kernel/kernel.ts";
import { smallPack } from "../kernel/testing/small-pack.ts";
import type { BoundProgram, ObjectSpec, ProgramSpec } from "../loader/types.ts";
import { callStatuses } from "./call-status.ts";

const call = (imm: number): Insn => ({ code: 0x85, dst: 0, src: 0, off: 0, imm }) as Insn;
const program = (name: string, type: string, insns: Insn[] = []): ProgramSpec =>
  ({ name, section: type, type, attachType: null, attachTo: null, sleepable: false, autoload: true, flags: 0, sectionIndex: 1, sectionOffset: 0, insns });
const bound = (spec: ProgramSpec, rest: Partial<BoundProgram> = {}): BoundProgram =>
  ({ name: spec.name, type: spec.type!, attachType: null, sleepable: false, insns: spec.insns, calls: [], poisoned: new Map(), ...rest }) as unknown as BoundProgram;
const spec = (externs: { name: string; weak: boolean }[]): ObjectSpec =>
  ({ license: "GPL", kernVersion: 0, btf: null, programs: [], maps: [], externs: externs.map((e) => ({ ...e, kind: "ksym_func", typeId: 0 })) }) as unknown as ObjectSpec;
const kernel = unwrap(makeKernel(smallPack("7.2")));
const db = buildApiDb([kernelApis(kernel)]);
const short = (list: ReturnType<typeof callStatuses>): string[] => list.map((c) => `${c.name} ${c.status}${c.weak ? " weak" : ""} ${c.programs.join("+")}`);

describe("calls of an object on one kernel", () => {
  it("tells helpers that are there, not for this type, and unknown", () => {
    const tc = program("tc", "sched_cls", [call(1), call(2), call(9999)]);
    const xdp = program("xdp", "xdp", [call(1)]);
    expect(short(callStatuses(spec([]), [{ program: tc, bound: bound(tc) }, { program: xdp, bound: null }], kernel, db)))
      .toEqual(["bpf_map_lookup_elem not allowed tc+xdp", "bpf_two available tc", "helper #9999 missing tc"]);
  });
  it("names kfuncs of bound programs, poisoned ones, and all declared ones of a program that did not bind", () => {
    const p = program("p", "tracing", [call(2), call(2002000000)]);
    const externs = [{ name: "bpf_old", weak: false }, { name: "bpf_gone___v2", weak: true }];
    const calls = [{ insn: 0, kind: "kfunc", name: "bpf_old", id: 7 }] as unknown as BoundProgram["calls"];
    const poisoned = new Map([[1, "kfunc 'bpf_gone___v2' is referenced but wasn't resolved"]]) as unknown as BoundProgram["poisoned"];
    expect(short(callStatuses(spec(externs), [{ program: p, bound: bound(p, { calls, poisoned }) }], kernel, db))).toEqual(["bpf_gone missing weak p", "bpf_old available p", "bpf_two available p"]);
    expect(short(callStatuses(spec(externs), [{ program: program("p", "tracing"), bound: null }], kernel, db))).toEqual(["bpf_gone missing weak p", "bpf_old available p"]);
  });
  it("knows what a custom kernel says of a kfunc", () => {
    const lab = unwrap(makeKernel(smallPack("7.2"), { schema: 1, name: "t", changes: [{ op: "deprecate", kfunc: "bpf_old", removedIn: "7.9", replacement: "bpf_new" }] }));
    const p = program("p", "tracing");
    expect(callStatuses(spec([{ name: "bpf_old", weak: false }]), [{ program: p, bound: null }], lab, db)[0]).toMatchObject({ status: "deprecated", detail: "deprecated, goes away in 7.9; use bpf_new" });
  });
});
