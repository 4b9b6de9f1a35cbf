import { describe, expect, it } from "vitest";
import { CALL_FORMS, CALL_SUBJECTS, callFormSource } from "./call-forms.ts";
import { aroundCall, tryCall, type CallDoors } from "./try-calls.ts";

const line = (insn: number, hex: string, text: string) => ({ insn, hex, text });

describe("the instruction a call became", () => {
  it("by number, through a register, by BTF id, none", () => {
    const by = (hex: string, text = "x") => aroundCall([line(0, "b7 01 00 00 00 00 00 00", "r1 = 0"), line(1, hex, text), line(2, "95 00 00 00 00 00 00 00", "exit")]);
    expect(by("85 00 00 00 01 00 00 00", "call bpf_map_lookup_elem#1").call).toEqual({ kind: "helper", text: "call bpf_map_lookup_elem#1" });
    expect(by("8d 03 00 00 00 00 00 00").call).toEqual({ kind: "register", text: "callx r3" });
    expect(by("85 20 00 00 09 00 00 00", "call f#9").call).toMatchObject({ kind: "kfunc" });
    expect(by("85 10 00 00 ff ff ff ff").call).toMatchObject({ kind: "unresolved" });
    expect(by("8d 03 00 00 00 00 00 00").insns.map((i) => i.call)).toEqual([false, true, false]);
    expect(aroundCall([]).call).toEqual({ kind: "none", text: "no call" });
  });
});

describe("trying a form", () => {
  const doors = (change: Partial<CallDoors>): CallDoors => ({
    compile: async () => ({ ok: true, value: { object: new Uint8Array(1), diagnostics: [] } }),
    open: async () => ({ ok: true, value: { programs: [{ name: "caller", section: "xdp", type: "xdp", insns: 1 }], maps: [] } }),
    check: async (_id, program) => ({ program, kernel: "7.2", verdict: "accepted", stage: "verify", message: "", ms: 0 }),
    disasm: async () => ({ ok: true, value: [] }),
    ...change,
  });
  const go = (change: Partial<CallDoors>) => tryCall(doors(change), CALL_FORMS[0]!, CALL_SUBJECTS[0]!, "-O2");
  it("every failure is a result", async () => {
    expect(await go({ compile: async () => ({ ok: false, error: "gone" }) })).toMatchObject({ verdict: "stopped", message: "gone" });
    expect(await go({ compile: async () => ({ ok: true, value: { object: null, diagnostics: [] } }) })).toMatchObject({ verdict: "does not compile", call: null });
    expect(await go({ open: async () => ({ ok: false, error: { stage: "open", verdict: "rejected", message: "no", log: [] } }) })).toMatchObject({ verdict: "rejected", stage: "open", message: "no" });
    expect(await go({})).toMatchObject({ verdict: "accepted", stage: "verify" });
  });
  it("each form's source has one call of its own", () => {
    for (const subject of CALL_SUBJECTS) for (const form of CALL_FORMS) expect(callFormSource(form, subject), form.id).toMatch(/value = (?:the_call|bpf_\w+)\(/);
  });
});
