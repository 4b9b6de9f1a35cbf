import { beforeAll, describe, expect, test } from "vitest";
import { unwrap } from "../base/result.ts";
import { Compiler } from "./compiler.ts";
import { createNodeCompiler } from "./node.ts";
import type { CompileRequest, RunRequest, RunResult } from "./types.ts";

let compiler: Compiler;
beforeAll(async () => {
  compiler = unwrap(await createNodeCompiler({ cache: null }));
}, 60_000);

const compile = (text: string, more: Partial<CompileRequest> = {}) => compiler.compile({ files: { "main.bpf.c": text }, kernel: null, ...more });

const HELLO = `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("xdp") int pass(struct xdp_md *ctx) { return XDP_PASS; }
char LICENSE[] SEC("license") = "GPL";
`;

describe("compile", () => {
  test("makes an ELF object for BPF", async () => {
    const result = await compile(HELLO);
    expect(result.diagnostics).toEqual([]);
    expect(result.ok).toBe(true);
    expect([...result.object!.subarray(0, 5)]).toEqual([0x7f, 0x45, 0x4c, 0x46, 2]);
    expect(result.object![18]).toBe(247);
  });

  test("several sources make several objects, one broken does not hide the others", async () => {
    const result = await compiler.compile({ files: { "a.c": "int a;", "sub/b.c": '#include "../h.h"\nint b = H;', "c.c": "int c = ;", "h.h": "#define H 4\n" }, kernel: null });
    expect(result.objects.map((o) => [o.source, o.object !== null])).toEqual([["a.c", true], ["sub/b.c", true], ["c.c", false]]);
    expect(result.ok).toBe(false);
    expect(result.diagnostics).toMatchObject([{ file: "c.c", line: 1, severity: "error" }]);
  });

  test("warnings come with an object", async () => {
    const result = await compile("int f(int a) { if (a = 1) return a; }", { extraArgs: ["-Wall"] });
    expect(result.ok).toBe(true);
    expect(result.diagnostics.map((d) => [d.severity, d.flag])).toEqual([["warning", "-Wparentheses"], ["warning", "-Wreturn-type"]]);
  });

  test("fix-its are edits that mend the program", async () => {
    const text = "struct s { int abc; };\nint f(struct s *p) { return p.abc }\n";
    const { diagnostics } = await compile(text);
    const lines = text.split("\n");
    const edits = diagnostics.flatMap((d) => d.fixits).sort((a, b) => b.range.col - a.range.col);
    expect(edits).toHaveLength(2);
    for (const { range, text: insert } of edits) {
      const line = lines[range.line - 1]!;
      lines[range.line - 1] = line.slice(0, range.col - 1) + insert + line.slice(range.endCol - 1);
    }
    expect((await compile(lines.join("\n"))).diagnostics).toEqual([]);
  });

  test("a header that does not exist names those that do", async () => {
    const { diagnostics, ok } = await compile("#include <bpf/bpf_helper.h>\n");
    expect(ok).toBe(false);
    expect(diagnostics[0]).toMatchObject({ line: 1, message: "'bpf/bpf_helper.h' file not found" });
    expect(diagnostics[0]!.nearHeaders?.[0]).toBe("bpf/bpf_helpers.h");
  });

  test("the user's own headers are among those named", async () => {
    const { diagnostics } = await compiler.compile({ files: { "a.c": '#include "comon.h"\n', "common.h": "" }, kernel: null });
    expect(diagnostics[0]!.nearHeaders?.[0]).toBe("common.h");
  });

  test("vmlinux.h without a kernel says so", async () => {
    expect((await compile('#include "vmlinux.h"\n')).diagnostics[0]!.message).toContain("none is chosen");
  });

  test("bad requests are diagnostics", async () => {
    for (const more of [{ extraArgs: ["-o", "x"] }, { mainFiles: ["none.c"] }, { files: { "../x.c": "" } }, { files: {} }] as Partial<CompileRequest>[]) {
      const result = await compile("int x;", more);
      expect(result.ok).toBe(false);
      expect(result.diagnostics).toHaveLength(1);
      expect(result.diagnostics[0]!.severity).toBe("error");
    }
  });

  test("hostile sources end in messages", async () => {
    const cases = [
      "\0\x01\x02",
      "(".repeat(5000),
      '#include "main.bpf.c"\n',
      "int x = ".repeat(2000),
      `int a[${"9".repeat(400)}];`,
      '#include "/etc/passwd"\n',
      '#include "../../../../etc/passwd"\n',
      "__attribute__((".repeat(2000),
      "#define A B B\n#define B C C\n#define C 1 1\nint x = A A A;",
      "#pragma clang diagnostic push\n#error \"stop\"\n",
      'asm(".incbin \\"/etc/passwd\\"");',
      'const char x[] = {\n#embed "/etc/passwd"\n};',
    ];
    for (const text of cases) {
      const result = await compile(text);
      expect(result.ok, text.slice(0, 40)).toBe(false);
      expect(result.diagnostics.some((d) => d.severity === "error"), text.slice(0, 40)).toBe(true);
    }
  }, 60_000);

  test("object for object, compiling is repeatable", async () => {
    const first = await compile(HELLO);
    for (let i = 0; i < 3; i++) expect((await compile(HELLO)).object).toEqual(first.object);
  });

  test("requests made at once are answered each for itself", async () => {
    const answers = await Promise.all([1, 2, 3].map((n) => compile(`int x${n} = ${n};\nint y = ${n === 2 ? "?" : n};`)));
    expect(answers.map((a) => a.ok)).toEqual([true, false, true]);
  });
});

test("a clang that traps is a message, not a throw", async () => {
  const runner = { name: "broken", run: async (_: RunRequest): Promise<RunResult> => ({ exitCode: 134, stdout: "", stderr: "", files: new Map(), trap: "unreachable" }) };
  const result = await new Compiler({ runner, headers: new Map(), toolchainKey: "x" }).compile({ files: { "a.c": "" }, kernel: null });
  expect(result.ok).toBe(false);
  expect(result.diagnostics[0]!.message).toContain("unreachable");
});

test("a missing toolchain is a sentence", async () => {
  const made = await createNodeCompiler({ toolchain: "/nonexistent", cache: null });
  expect(made).toEqual({ ok: false, error: expect.stringContaining("is missing") });
});
