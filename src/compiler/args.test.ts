import { describe, expect, test } from "vitest";
import { checkExtraArgs, checkRequest, objectName, pathProblem, targetArgs } from "./args.ts";

describe("checkExtraArgs", () => {
  test.each([
    [["-O1", "-g", "-Wall", "-Wno-unused-variable", "-Werror=return-type"]],
    [["-DDEBUG", "-DLIMIT=10", "-DNAME=\"a b\"", "-D", "X=1", "-UFOO", "-U", "BAR"]],
    [["-std=gnu11", "-fno-builtin", "-fno-jump-tables", "-funroll-loops", "-fwrapv"]],
    [["-I", "inc", "-Iinc/more", "-include", "shared/defs.h", "-isystem", "sys"]],
    [["-mllvm", "-bpf-stack-size=1024"]],
    [["-Xclang", "-target-feature", "-Xclang", "+alu32"]],
    [["-ferror-limit=3", "-mcpu=v4"]],
  ])("lets %j through", (args) => {
    expect(checkExtraArgs(args)).toEqual({ ok: true, value: args });
  });

  test.each([
    [["-o", "x"], '"-o"'],
    [["-ofile"], '"-ofile"'],
    [["-fplugin=evil.so"], "-fplugin"],
    [["-fpass-plugin=x"], "-fpass-plugin"],
    [["-load", "x"], "-load"],
    [["-Xclang", "-load"], '"-load"'],
    [["-Xclang", "-target-feature", "-Xclang", "+avx"], "alu32"],
    [["-mllvm", "-print-after-all"], "-print-after-all"],
    [["-I/etc"], "-I/etc"],
    [["-I", "../up"], "../up"],
    [["-isystem"], "needs a value"],
    [["@file"], "@file"],
    [["-E"], '"-E"'],
    [["-S"], '"-S"'],
    [["-emit-llvm"], "-emit-llvm"],
    [["-target", "x86_64"], "-target"],
    [["--sysroot=/"], "--sysroot"],
    [["-save-temps"], "-save-temps"],
    [["-MD"], "-MD"],
    [["-x", "c++"], '"-x"'],
    [["other.c"], "other.c"],
    [["-DX\ny"], "-DX"],
    [[""], '""'],
    [["-fmodules"], "-fmodules"],
    [["-Wp,-MD,x"], "-Wp"],
    [["-Wl,x"], "-Wl"],
    [["-Wa,x"], "-Wa"],
  ])("refuses %j and says which", (args, part) => {
    const result = checkExtraArgs(args);
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.error).toContain(part);
  });
});

describe("file names", () => {
  test.each(["main.bpf.c", "a/b/c.h", "ümlaut.c", "with space.c", "x_1-2+3.c"])("%s is fine", (path) => expect(pathProblem(path)).toBeUndefined());
  test.each(["", "/etc/passwd", "../x.c", "a/../b.c", "a//b.c", "./a.c", "-o", "usr/include/x.h", "tmp", "a\0b", "a\nb", "a\\b", "a\"b.c", "x".repeat(300)])("%j is not", (path) =>
    expect(pathProblem(path)).toBeTypeOf("string"));
});

describe("checkRequest", () => {
  const files = { "a.bpf.c": "", "b.c": "", "c.h": "" };
  test("takes every .c file when none is named", () => {
    expect(checkRequest({ files, kernel: null })).toEqual({ ok: true, value: { mainFiles: ["a.bpf.c", "b.c"] } });
  });
  test.each([
    [{ files: {}, kernel: null }, "no .c file"],
    [{ files, mainFiles: ["z.c"], kernel: null }, "z.c"],
    [{ files, mainFiles: ["__proto__"], kernel: null }, "__proto__"],
    [{ files, kernel: null, opt: "-O9" as "-O2" }, "-O9"],
    [{ files, kernel: null, mcpu: "v9" as "v3" }, "v9"],
    [{ files, kernel: null, extraArgs: ["-o"] }, "-o"],
  ])("refuses %#", (request, part) => {
    const result = checkRequest(request);
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.error).toContain(part);
  });
});

test("the user's arguments come last, so that they win", () => {
  const args = targetArgs({ opt: "-Os", debug: false, mcpu: "v1", extraArgs: ["-O1"] });
  expect(args).toContain("-Os");
  expect(args).not.toContain("-g");
  expect(args).toContain("-mcpu=v1");
  expect(args.at(-1)).toBe("-O1");
});

test("objects are named as their sources", () => {
  expect(objectName("a/x.bpf.c")).toBe("a/x.bpf.o");
  expect(objectName("a.b/x")).toBe("a.b/x.o");
});
