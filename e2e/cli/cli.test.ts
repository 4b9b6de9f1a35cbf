/** The command line on real parts: clang.wasm, the packs of real kernels, loader, verifier, interpreter. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/main.ts";

const folder = mkdtempSync(join(tmpdir(), "cli-"));
const program = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url));
const object = join(folder, "first.bpf.o");
const rstat = join(folder, "rstat.bpf.o");
const costly = join(folder, "costly.bpf.o");
const TIMEOUT = 120_000;

interface Run { exit: number; out: string[]; err: string[]; json: Record<string, unknown>[] }
async function cli(...args: string[]): Promise<Run> {
  const out: string[] = [];
  const err: string[] = [];
  const exit = await runCli(args, { line: (t) => out.push(t), error: (t) => err.push(t), colour: false, width: 100 });
  return { exit, out, err, json: args.includes("--json") ? out.map((line) => JSON.parse(line) as Record<string, unknown>) : [] };
}

/** Ethernet, IPv4 with that protocol, zeros up to 60 bytes. */
const packet = (protocol: number): string => `hex:${"02".repeat(12)}0800450000280000000040${protocol.toString(16).padStart(2, "0")}0000c0a80001c0a80002${"00".repeat(26)}`;

beforeAll(async () => {
  expect((await cli("compile", program("first.bpf.c"), "-g", "-o", object)).exit).toBe(0);
  expect((await cli("compile", program("rstat.bpf.c"), "-g", "--kernel", "6.12", "-o", rstat)).exit).toBe(0);
  expect((await cli("compile", program("costly.bpf.c"), "-g", "-o", costly)).exit).toBe(0);
}, TIMEOUT);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("kernels", () => {
  it("lists them oldest first, one JSON object a line", async () => {
    const { exit, json } = await cli("kernels", "--json");
    expect(exit).toBe(0);
    expect(json.length).toBeGreaterThanOrEqual(3);
    expect(json.map((k) => k["kernel"])).toEqual(expect.arrayContaining(["6.12", "7.2", "7.3"]));
    for (const kernel of json) expect(Object.keys(kernel)).toEqual(["schema", "kernel", "release", "helpers", "kfuncs", "btf"]);
    expect((await cli("kernels")).out.length).toBe(json.length + 1);
  });
});

describe("check", () => {
  it("judges every program by itself", async () => {
    const { exit, json } = await cli("check", object, "--kernel", "7.2", "--json");
    expect(exit).toBe(1);
    expect(json).toMatchObject([
      { schema: 1, file: object, program: "drop_udp", kernel: "7.2", verdict: "accepted", stage: "verify", message: "" },
      { schema: 1, program: "unchecked", verdict: "rejected", stage: "verify", message: "R1 min value is outside of the allowed memory range", source: { file: "first.bpf.c", line: 38, text: "\treturn eth->h_proto ? XDP_PASS : XDP_DROP;" } },
    ]);
    expect(json[0]!["insns"]).toBeGreaterThan(10);
    expect(json[0]!["states"]).toBeGreaterThanOrEqual(0);
  });

  it("--hot tells which lines took the verifier's instructions, and that is all of them", async () => {
    const { json } = await cli("check", costly, "--program", "costly", "--kernel", "7.2", "--hot", "100", "--json");
    const hot = json[0]!["hot"] as { file: string; line: number; text: string; processed: number; share: number; visits: number }[];
    expect(hot.reduce((sum, h) => sum + h.processed, 0)).toBe(json[0]!["insns"]);
    expect([18, 19, 21]).toContain(hot[0]!.line);
    expect(hot[0]!.visits).toBeGreaterThanOrEqual(99);
    expect(hot.map((h) => h.processed)).toEqual(hot.map((h) => h.processed).sort((a, b) => b - a));
    const { out } = await cli("check", costly, "--program", "costly", "--kernel", "7.2", "--hot=2");
    expect(out.filter((line) => /×\d+ {2}costly\.bpf\.c:\d+/.test(line))).toHaveLength(2);
    expect(await cli("check", costly, "--hot", "0")).toMatchObject({ exit: 2, err: ['check: --hot takes a whole number from 1 to 10000, not "0"'] });
  }, TIMEOUT);

  it("--difference names the rule of the verifier that makes two kernels differ", async () => {
    const { json } = await cli("check", costly, "--program", "unasked", "--kernel", "6.16,6.12", "--difference", "--json");
    expect(json.map((r) => [r["kernel"], r["verdict"], r["difference"] !== undefined])).toEqual([["6.16", "accepted", true], ["6.12", "rejected", false]]);
    expect(json[0]!["difference"]).toMatchObject({ other: "6.12", complete: true, steps: [{ effect: "rejected → accepted", rules: [{ name: "elide_lookup_null", change: "on", release: "6.15" }] }] });
    expect((await cli("check", costly, "--difference", "--kernel", "all")).err).toEqual(["check: --difference compares two kernels: name them, --kernel A,B"]);
  }, TIMEOUT);

  it("a C file is compiled for each kernel; rows come program by program, in the order of the kernels", async () => {
    const { json } = await cli("check", program("first.bpf.c"), "--kernel", "7.3,6.12", "--json");
    expect(json.map((r) => `${r["program"]} ${r["kernel"]} ${r["verdict"]}`)).toEqual([
      "drop_udp 7.3 accepted", "drop_udp 6.12 accepted", "unchecked 7.3 rejected", "unchecked 6.12 rejected",
    ]);
  }, TIMEOUT);

  it("a kfunc that is gone: libbpf's words, the API's life, what to call instead", async () => {
    const { exit, json } = await cli("check", rstat, "--kernel", "6.12,7.2", "--json");
    expect(exit).toBe(1);
    expect(json[0]).toMatchObject({ kernel: "6.12", verdict: "accepted" });
    expect(json[1]).toMatchObject({
      kernel: "7.2", verdict: "rejected", stage: "resolve", message: "extern (func ksym) 'cgroup_rstat_updated': not found in kernel or module BTFs",
      api: { name: "cgroup_rstat_updated", kind: "kfunc", status: "removed", until: "6.12", replacement: "css_rstat_updated" },
    });
  });

  it("the matrix for people names the first cause and the kernels that take it", async () => {
    const { exit, out } = await cli("check", rstat, "--kernel", "all");
    expect(exit).toBe(1);
    const text = out.join("\n");
    expect(text).toContain("touch: ");
    expect(text).toContain("not found in kernel or module BTFs");
    expect(text).toContain("css_rstat_updated");
  }, TIMEOUT);

  it("--log-level gives the kernel's log", async () => {
    const { json } = await cli("check", object, "--kernel", "7.2", "--program", "unchecked", "--log-level", "2", "--json");
    expect(json).toHaveLength(1);
    expect(json[0]!["log"]).toContain("invalid access to packet, off=12 size=2, R1(id=0,off=12,r=0)\n");
    expect(json[0]!["log"]).toContain("processed 2 insns");
  });

  it("a custom kernel warns, and past the date refuses", async () => {
    const lab = (simulatedRelease: string): string => {
      const path = join(folder, `lab-${simulatedRelease}.json`);
      writeFileSync(path, JSON.stringify({ schema: 1, name: "t", simulatedRelease, changes: [{ op: "deprecate", kfunc: "cgroup_rstat_updated", removedIn: "7.6", replacement: "css_rstat_updated" }] }));
      return path;
    };
    const before = await cli("check", rstat, "--kernel", "6.12", "--lab", lab("7.5"), "--json");
    expect(before).toMatchObject({ exit: 0, json: [{ verdict: "accepted", lab: "t", warnings: ["kfunc cgroup_rstat_updated is deprecated and goes away in kernel 7.6; use css_rstat_updated"] }] });
    const after = await cli("check", rstat, "--kernel", "6.12", "--lab", lab("7.6"), "--json");
    expect(after).toMatchObject({ exit: 1, json: [{ verdict: "rejected", stage: "resolve", api: { status: "removed by policy", replacement: "css_rstat_updated" } }] });
  });

  it("a compile error is status 4, with clang's own text", async () => {
    const { exit, json, err } = await cli("check", program("broken.bpf.c"), "--json");
    expect(exit).toBe(4);
    expect(json).toMatchObject([{ verdict: "rejected", stage: "compile", message: "use of undeclared identifier 'undeclared_thing'", source: { line: 7, col: 9, text: "\treturn undeclared_thing;" } }]);
    expect(err.join("\n")).toContain("broken.bpf.c:7:9: error:");
  }, TIMEOUT);
});

describe("bad input gives one line and no stack trace", () => {
  const cut = join(folder, "cut.o");
  const junk = join(folder, "junk.o");
  const lab = join(folder, "lab.json");
  beforeAll(() => {
    writeFileSync(cut, readFileSync(object).subarray(0, 500));
    writeFileSync(junk, "hello");
    writeFileSync(lab, '{"schema":1}');
  });
  it.each([
    [["check", join(folder, "none.o")], "no such file"],
    [["check", folder], "is a folder"],
    [["check", junk], "is neither a C file (.c) nor an ELF object"],
    [["check", cut], "lies outside the file"],
    [["check"], "takes at least one"],
    [["check", object, "--kernel", "9.9"], 'no kernel "9.9"'],
    [["check", object, "--program", "drop_udq"], "(nearest: drop_udp)"],
    [["check", object, "--log-level", "7"], "--log-level takes"],
    [["check", object, "--lab", lab], "name: is missing"],
    [["check", object, "--jsn"], "did you mean --json?"],
    [["run", object], "--program"],
    [["run", object, "--program", "drop_udp", "--data-in", "hex:123"], "hexadecimal"],
    [["run", object, "--program", "drop_udp", "--kernel", "all"], "takes one kernel"],
    [["api", "bpf_map_lokup_elem"], "nearest: bpf_map_lookup_elem"],
    [["compile", object], "is no .c file"],
    [["frobnicate"], "unknown command"],
  ])("%j", async (args, message) => {
    const { exit, err } = await cli(...args);
    expect(exit).toBe(2);
    expect(err).toHaveLength(1);
    expect(err[0]).toContain(message);
    expect(err[0]).not.toMatch(/\n|\bat .*:\d+:\d+/);
  });
});

describe("run", () => {
  it("runs on a packet and tells result, output and maps", async () => {
    const { exit, json } = await cli("run", object, "--program", "drop_udp", "--kernel", "7.2", "--data-in", packet(17), "--json");
    expect(exit).toBe(0);
    expect(json[0]).toMatchObject({ schema: 1, retval: 1, trace: [] });
    expect(json[0]!["data_out"]).toBe(packet(17).slice(4));
    const maps = json[0]!["maps"] as Record<string, { entries: { key: string; value: string }[] }>;
    expect(maps["protocols"]!.entries.find((e) => e.key === "11000000")?.value).toBe("0100000000000000");
    expect((await cli("run", object, "--program", "drop_udp", "--kernel", "7.2", "--data-in", packet(6), "--json")).json[0]).toMatchObject({ retval: 2 });
  });
  it("takes maps to begin with, and repeats", async () => {
    const maps = join(folder, "maps.json");
    writeFileSync(maps, JSON.stringify({ protocols: [{ key: "06000000", value: "0a00000000000000" }] }));
    const { json } = await cli("run", object, "--program", "drop_udp", "--data-in", packet(6), "--maps", maps, "--repeat", "3", "--json");
    const dump = json[0]!["maps"] as Record<string, { entries: { key: string; value: string }[] }>;
    expect(dump["protocols"]!.entries.find((e) => e.key === "06000000")?.value).toBe("0d00000000000000");
  });
  it("does not run what is refused", async () => {
    const { exit, json } = await cli("run", object, "--program", "unchecked", "--data-in", packet(6), "--json");
    expect(exit).toBe(1);
    expect(json[0]).toMatchObject({ verdict: "rejected", stage: "verify" });
  });
});

describe("api and disasm", () => {
  it("the life of a helper, by name or number", async () => {
    const { exit, json } = await cli("api", "bpf_map_lookup_elem", "--json");
    expect(exit).toBe(0);
    expect(json[0]).toMatchObject({ schema: 1, name: "bpf_map_lookup_elem", kind: "helper", id: 1, until: null, replacement: null });
    const kernels = json[0]!["kernels"] as Record<string, unknown>[];
    expect(Object.keys(kernels[0]!)).toEqual(["kernel", "present", "known", "signature", "flags", "program_types", "module", "change"]);
    expect(kernels.at(-1)).toMatchObject({ present: true, signature: "void *bpf_map_lookup_elem(void *map, const void *key)" });
    expect(json[0]!["stability"]).toMatchObject({ made_up_by: null, norm: { area: "helpers", promise: "stable" } });
    expect((await cli("api", "#1")).out[0]).toContain("bpf_map_lookup_elem");
  });
  it("instructions with the C lines they come from", async () => {
    const { exit, out } = await cli("disasm", object, "--program", "drop_udp", "--xlated");
    expect(exit).toBe(0);
    const text = out.join("\n");
    expect(text).toContain("map[protocols]");
    expect(text).toContain("call bpf_map_lookup_elem#1");
    expect(text).toMatch(/; count = bpf_map_lookup_elem\(&protocols, &key\);/);
    expect((await cli("disasm", object)).exit).toBe(0);
  });
});
