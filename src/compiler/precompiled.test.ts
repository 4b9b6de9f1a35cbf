import { beforeAll, describe, expect, test } from "vitest";
import { unwrap } from "../base/result.ts";
import { Compiler } from "./compiler.ts";
import { createNodeCompiler } from "./node.ts";
import type { CompileRequest, PrecompiledStore } from "./types.ts";
import { programNames, requestFor } from "./testing/matrix.ts";
import { describeObject } from "./testing/object-digest.ts";

/** A store that lives and dies with the test. */
class MemoryStore implements PrecompiledStore {
  readonly kept = new Map<string, Uint8Array>();
  async get(key: string): Promise<Uint8Array | undefined> {
    return this.kept.get(key);
  }
  async set(key: string, bytes: Uint8Array): Promise<void> {
    this.kept.set(key, bytes);
  }
}

let compiler: Compiler;
let store: MemoryStore;

beforeAll(async () => {
  const made = unwrap(await createNodeCompiler());
  store = new MemoryStore();
  compiler = new Compiler({ runner: made.runner, headers: made.headers, toolchainKey: "test", precompiled: store });
}, 60_000);

async function both(request: CompileRequest) {
  const without = await compiler.compile({ ...request, usePrecompiled: false });
  const made = await compiler.precompile(request);
  const withIt = await compiler.compile(request);
  return { without, withIt, made };
}

describe("a precompiled header never changes the result", () => {
  test.each(programNames())("%s", async (name) => {
    const { without, withIt } = await both(requestFor(name, { opt: "-O2", debug: true, mcpu: "v3" }));
    expect(withIt.diagnostics).toEqual(without.diagnostics);
    expect(withIt.object === null).toBe(without.object === null);
    if (without.object && withIt.object) expect(describeObject(withIt.object)).toEqual(describeObject(without.object));
  }, 60_000);

  test("nor at the other levels", async () => {
    for (const [opt, debug] of [["-O0", true], ["-O1", true], ["-Os", true]] as const) {
      for (const name of ["kprobe-args.bpf.c", "fentry-chain.bpf.c", "user-header.bpf.c"]) {
        const { without, withIt } = await both(requestFor(name, { opt, debug, mcpu: "v4" }));
        expect(withIt.objects[0]?.precompiled).toBe(true);
        if (without.object && withIt.object) expect(describeObject(withIt.object)).toEqual(describeObject(without.object));
      }
    }
  }, 60_000);
});

const tail = '\nSEC("raw_tp/sys_enter") int f(struct task_struct **c) { return c[0]->pid + __LINE__; }\nchar L[] SEC("license") = "GPL";\n';
const base = requestFor("core-off.bpf.c", { opt: "-O2", debug: true, mcpu: "v3" });
const withText = (text: string, files: Record<string, string> = {}): CompileRequest => ({ ...base, files: { "a.bpf.c": text + tail, ...files }, mainFiles: ["a.bpf.c"] });

describe("it is not used where it could", () => {
  test("macros before the include are seen by the headers", async () => {
    const { without, withIt } = await both(withText('#define BPF_NO_PRESERVE_ACCESS_INDEX\n#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>'));
    expect(withIt.objects[0]?.precompiled).toBe(false);
    expect(withIt.object).toEqual(without.object);
  });

  test("a macro between two includes keeps the second out", async () => {
    const { without, withIt } = await both(withText('#include "vmlinux.h"\n#define SEC(x)\n#include <bpf/bpf_helpers.h>'));
    expect(withIt.objects[0]?.precompiled).toBe(true);
    expect(withIt.diagnostics).toEqual(without.diagnostics);
    expect(describeObject(withIt.object!)).toEqual(describeObject(without.object!));
  });

  test("the user's own vmlinux.h hides the kernel's", async () => {
    const own = base.kernel!.vmlinuxH.replace("pid_t pid;", "pid_t before, pid;");
    const { without, withIt } = await both(withText('#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>', { "vmlinux.h": own }));
    expect(withIt.objects[0]?.precompiled).toBe(false);
    expect(withIt.ok).toBe(true);
    expect(withIt.object).toEqual(without.object);
  });

  test("arguments that add folders", async () => {
    const request = { ...withText('#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>'), extraArgs: ["-I", "inc"] };
    const { withIt } = await both(request);
    expect(withIt.objects[0]?.precompiled).toBe(false);
  });

  test("-D changes what headers mean, so it is part of the key", async () => {
    const plain = withText('#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>');
    await compiler.precompile(plain);
    const defined = { ...plain, extraArgs: ["-DBPF_NO_PRESERVE_ACCESS_INDEX"] };
    expect((await compiler.compile(defined)).objects[0]?.precompiled).toBe(false);
    const { without, withIt } = await both(defined);
    expect(describeObject(withIt.object!)).toEqual(describeObject(without.object!));
  });
});

test("another vmlinux.h under the same kernel's name is seen", async () => {
  const before = withText('#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>');
  await compiler.precompile(before);
  expect((await compiler.compile(before)).objects[0]?.precompiled).toBe(true);
  const after = { ...before, kernel: { key: before.kernel!.key, vmlinuxH: before.kernel!.vmlinuxH.replace("pid_t pid;", "pid_t qid;") } };
  const result = await compiler.compile(after);
  expect(result.objects[0]?.precompiled).toBe(false);
  expect(result.diagnostics[0]?.message).toContain("no member named 'pid'");
});

test("a broken precompiled header costs time, not the object", async () => {
  const request = withText('#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\n');
  await compiler.precompile(request);
  const good = await compiler.compile({ ...request, usePrecompiled: false });
  const originals = new Map(store.kept);
  try {
    for (const [key, bytes] of originals) store.kept.set(key, bytes.slice(0, bytes.length >> 1));
    const result = await compiler.compile(request);
    expect(result.ok).toBe(true);
    expect(result.object).toEqual(good.object);
    for (const [key] of originals) store.kept.set(key, new Uint8Array(100));
    expect((await compiler.compile(request)).object).toEqual(good.object);
  } finally {
    for (const [key, bytes] of originals) store.kept.set(key, bytes);
  }
}, 60_000);

test("messages that point into a header name it the same way", async () => {
  const { without, withIt } = await both(withText('#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\nstruct task_struct { int again; };\n'));
  expect(withIt.objects[0]?.precompiled).toBe(true);
  expect(withIt.diagnostics).toEqual(without.diagnostics);
  expect(withIt.stderr).toEqual(without.stderr);
  expect(withIt.diagnostics[0]!.notes[0]!.file).toBe("/usr/include/kernel/vmlinux.h");
});

test("messages about the user's file are the same, with the same lines", async () => {
  const { without, withIt } = await both(withText('/* one */\n#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\nint g(void) { int unused; return undeclared; }'));
  expect(withIt.diagnostics).toEqual(without.diagnostics);
  expect(withIt.diagnostics[0]).toMatchObject({ line: 4, severity: "error" });
});
