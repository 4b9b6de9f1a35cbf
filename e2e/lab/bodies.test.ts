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

  const cpu = (before: string, body: string): string => `${before}\n__u32 bpf_get_smp_processor_id(void)\n{\n${body}\n}`;
  /** coin() returns what the function says, as true or false */
  const says = async (text: string): Promise<boolean | string> => {
    const result = await runWith(text);
    return result.outcome === "exited" ? result.retval === 1 : `${result.outcome}: ${result.message}`;
  };

  it("has variables, constants, tables of texts and maps of its own", async () => {
    expect(await says(cpu("static __u32 calls = 3;\n__u64 total;", "\ttotal += 10;\n\tcalls++;\n\treturn calls == 4 && total == 10;"))).toBe(true);
    expect(await says(cpu("static const __u8 primes[] = {2, 3, 5, 7};\nstatic volatile int at = 2;", "\treturn primes[at & 3] == 5;"))).toBe(true);
    expect(await says(cpu('static const char *const names[] = {"no", "maybe", "yes"};\nstatic volatile int at = 2;', "\treturn names[at & 1 ? 0 : 2][0] == 'y';"))).toBe(true);
    expect(await says(cpu("int pool[4] = {1, 2, 3, 4};\nint *const place = &pool[2];\nstatic int *volatile moving = &pool[3];", "\treturn *moving == 4 && *(int *volatile *)&place == &pool[2];"))).toBe(true);
    const map = "struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, __u32); __type(value, __u64); __uint(max_entries, 4); } seen SEC(\".maps\");";
    expect(await says(cpu(map, "\t__u32 k = 7;\n\t__u64 one = 1, *v;\n\tbpf_map_update_elem(&seen, &k, &one, BPF_ANY);\n\tv = bpf_map_lookup_elem(&seen, &k);\n\treturn v && *v == 1;"))).toBe(true);
  });

  it("prints into the trace", async () => {
    const result = await runWith(cpu("", '\tbpf_printk("asked by %d: %s", bpf_get_current_pid_tgid() >> 32, "here");\n\treturn 0;'));
    expect(result.trace).toHaveLength(1);
    expect(result.trace[0]).toMatch(/bpf_trace_printk: asked by 1000: here$/);
  });

  it("calls the kernel's kfuncs and variables, and those that the overlay adds; a weak one that is missing is 0", async () => {
    expect(await says(cpu("", "\tstruct task_struct *task = bpf_task_from_pid(bpf_get_current_pid_tgid() >> 32);\n\tif (!task)\n\t\treturn 0;\n\tint pid = task->pid;\n\tbpf_task_release(task);\n\treturn pid == 1000;"))).toBe(true);
    expect(await says(cpu("extern void bpf_lab_gone(void) __ksym __weak;", "\tif (bpf_ksym_exists(bpf_lab_gone))\n\t\tbpf_lab_gone();\n\treturn bpf_ksym_exists(bpf_task_release);"))).toBe(true);
    const two = JSON.stringify({ schema: 1, name: "c", changes: [
      { op: "add", prototype: "u32 bpf_lab_next(u32 step)", programTypes: ["xdp"], body: { language: "c", text: "u32 count;\nu32 bpf_lab_next(u32 step)\n{\n\treturn count += step;\n}" } },
      { op: "behave", function: "bpf_get_smp_processor_id", body: { language: "c", text: cpu("u32 count;", "\tbpf_lab_next(2);\n\treturn bpf_lab_next(3) == 5 && count == 5;") } },
    ] });
    expect(await runOn(coin, unwrap(await withCompiledBodies(engine, two, "7.3")), { dataIn: FRAME })).toMatchObject({ outcome: "exited", retval: 1 });
  });

  it("shares maps and global variables by their names, and says when they do not agree", async () => {
    const body = (text: string) => ({ language: "c", text });
    const two = (first: string, second: string): string => JSON.stringify({ schema: 1, name: "c", changes: [
      { op: "add", prototype: "u32 bpf_lab_next(void)", programTypes: ["xdp"], body: body(`${first}\nu32 bpf_lab_next(void)\n{\n\treturn ++count;\n}`) },
      { op: "behave", function: "bpf_get_smp_processor_id", body: body(cpu(second, "\tbpf_lab_next();\n\treturn ++count == 2;")) },
    ] });
    const run = async (first: string, second: string) => runOn(coin, unwrap(await withCompiledBodies(engine, two(first, second), "7.3")), { dataIn: FRAME });
    expect(await run("u32 count;", "u32 count;")).toMatchObject({ outcome: "exited", retval: 1 });
    expect(await run("static u32 count;", "u32 count;")).toMatchObject({ outcome: "exited", retval: 2 });
    expect(await run("u64 count;", "u32 count;")).toMatchObject({
      outcome: "unsupported", message: "the functions bpf_get_smp_processor_id and bpf_lab_next of the custom kernel both have count, but not the same: type, sizes and initial value have to agree",
    });
  });

  it.each([
    ["a program array", 'struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __type(key, __u32); __type(value, __u32); __uint(max_entries, 1); } jumps SEC(".maps");', "\tbpf_tail_call(0, &jumps, 0);\n\treturn 0;", 'function "bpf_get_smp_processor_id": uses the map jumps of type prog_array; a function of a custom kernel can have array, '],
    ["a kfunc that is not there", "extern int bpf_lab_gone(void) __ksym;", "\treturn bpf_lab_gone();", 'function "bpf_get_smp_processor_id": calls bpf_lab_gone, which kernel 7.3+c does not have'],
    ["the kernel's configuration", "extern int CONFIG_HZ __kconfig;", "\treturn CONFIG_HZ;", 'function "bpf_get_smp_processor_id": reads CONFIG_HZ; a function of a custom kernel has no .kconfig'],
    ["a table of functions", "static int one(void) { return 1; }\nstatic int (*volatile table[])(void) = {one};", "\treturn table[0] != 0;", "the initial value of bpf_get_smp_processor_id's .data holds the address of "],
  ])("%s is out of its reach, and it says so", async (_what, before, body, why) => {
    expect(await runWith(cpu(before, body))).toMatchObject({
      outcome: "unsupported", message: expect.stringContaining(`the function bpf_get_smp_processor_id of the custom kernel cannot be run: ${why}`),
    });
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
