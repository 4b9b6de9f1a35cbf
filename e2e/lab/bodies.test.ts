/** Functions of a custom kernel in C: what they can do, and how it is told what they cannot. */
import { describe, expect, it } from "vitest";
import { withCompiledBodies } from "../../src/cli/lab-bodies.ts";
import { unwrap } from "../../src/base/result.ts";
import { engine, FRAME, judgeOn, runOn } from "./harness.ts";

const overlay = (text: string, object?: string): string => JSON.stringify({
  schema: 1, name: "c",
  changes: [{ op: "behave", function: "bpf_get_smp_processor_id", body: { language: "c", text, ...(object === undefined ? {} : { object }) } }],
});
const coin = { file: "random", program: "coin", kernel: "7.3" };
const runWith = async (text: string) => runOn(coin, unwrap(await withCompiledBodies(engine, overlay(text), "7.3")), { dataIn: FRAME });

describe("a function in C", () => {
  it("may have functions of its own, loops and helpers; its instructions are not the program's", async () => {
    const before = await runOn(coin, null, { dataIn: FRAME });
    const result = await runWith(`
static __attribute__((noinline)) __u32 twice(__u32 n) { return 2 * n; }
__u32 bpf_get_smp_processor_id(void)
{
	__u32 n = 0;
	for (int i = 0; i < 100; i++)
		n += twice(i);
	return bpf_get_current_pid_tgid() ? n : 0;
}`);
    expect(result).toMatchObject({ outcome: "exited", retval: 1 });
    expect(Math.abs(result.insnsExecuted - before.insnsExecuted)).toBeLessThan(3);
  });

  it("is stopped by the run's budget when it does not end", async () => {
    const text = unwrap(await withCompiledBodies(engine, overlay("__u32 bpf_get_smp_processor_id(void)\n{\n\tvolatile int on = 1;\n\twhile (on)\n\t\t;\n\treturn 0;\n}"), "7.3"));
    expect(await runOn(coin, text, { dataIn: FRAME })).toMatchObject({ outcome: "budget" });
  });

  it("that goes astray is the kernel's fault, and says so", async () => {
    const result = await runWith("__u32 bpf_get_smp_processor_id(void)\n{\n\t*(volatile __u32 *)16 = 1;\n\treturn 0;\n}");
    expect(result.outcome).toBe("fault");
    expect(result.message).toContain("in the kernel's bpf_get_smp_processor_id:");
  });

  it("has no maps and no global data", async () => {
    const map = "struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, __u32); __type(value, __u32); __uint(max_entries, 1); } m SEC(\".maps\");\n";
    for (const [text, why] of [
      [`${map}__u32 bpf_get_smp_processor_id(void)\n{\n\t__u32 k = 0, *v = bpf_map_lookup_elem(&m, &k);\n\treturn v ? *v : 0;\n}`, ""],
      ["volatile __u32 counter;\n__u32 bpf_get_smp_processor_id(void)\n{\n\treturn counter++;\n}", "uses global data or a text constant"],
    ] as const) {
      const result = await runWith(text);
      expect(result.outcome).toBe("unsupported");
      expect(result.message).toContain(`the function bpf_get_smp_processor_id of the custom kernel cannot be run: ${why === "" ? "" : 'function "lab__bpf_get_smp_processor_id": '}${why}`);
    }
  });

  it("that does not compile is told of with its place", async () => {
    expect(await withCompiledBodies(engine, overlay("__u32 bpf_get_smp_processor_id(void)\n{\n\treturn missing;\n}"), "7.3")).toEqual({
      ok: false, error: "custom kernel: changes[0].body.text line 3: use of undeclared identifier 'missing'",
    });
  });

  it("loads without having been compiled, and cannot be run", async () => {
    expect(await judgeOn(coin, overlay("whatever"))).toMatchObject({ verdict: "accepted" });
    expect(await runOn(coin, overlay("whatever"), { dataIn: FRAME })).toMatchObject({ outcome: "unsupported", message: "the function bpf_get_smp_processor_id of the custom kernel is given in C and was not compiled" });
  });

  it("an object that is none is refused where it is run", async () => {
    const result = await runOn(coin, overlay("", "AAAA"), { dataIn: FRAME });
    expect(result).toMatchObject({ outcome: "unsupported" });
    expect(result.message).toMatch(/cannot be run: .*ELF/i);
    expect(await judgeOn(coin, overlay("", "AAA="))).toMatchObject({ verdict: "accepted" });
    expect(await judgeOn(coin, overlay("", "AAAAA"))).toMatchObject({ verdict: "unsupported", message: "custom kernel: changes[0].body.object: not base64" });
  });
});
