import { describe, expect, test } from "vitest";
import { isGuarded, openingIncludes, preambleText } from "./preamble.ts";

const names = (text: string) => openingIncludes(text).map((i) => (i.quoted ? `"${i.name}"` : `<${i.name}>`));

describe("openingIncludes", () => {
  test.each<[string, string[]]>([
    ["", []],
    ['#include "vmlinux.h"', ['"vmlinux.h"']],
    ['// SPDX\n/* a\n b */\n#include "vmlinux.h"\r\n  #  include <bpf/bpf_helpers.h> // why\nint x;', ['"vmlinux.h"', "<bpf/bpf_helpers.h>"]],
    ['\uFEFF#include "a.h"\n', ['"a.h"']],
    ['#define X\n#include "vmlinux.h"', []],
    ['#include "a.h"\n#define X\n#include "b.h"', ['"a.h"']],
    ['#pragma once\n#include "a.h"', []],
    ['#if 1\n#include "a.h"\n#endif', []],
    ["#include MACRO\n", []],
    ['#include "a.h" \\\n\n', []],
    ['// joined \\\n#include "a.h"\n', []],
    ['// joined ??/\n#include "a.h"\n', []],
    ['#include "a.h" int x;\n', []],
    ['#include "a.h" /* one\n two */\n#include "b.h"', ['"a.h"', '"b.h"']],
    ['#include "a.h" /* one */ int x;\n#include "b.h"', []],
    ['/* never ends\n#include "a.h"', []],
    ["#include <a.h\n", []],
    ["#include_next <a.h>\n", []],
    ["%:include <a.h>\n", []],
  ])("%j", (text, expected) => expect(names(text)).toEqual(expected));

  test("a preamble is the includes, in order", () => {
    expect(preambleText(openingIncludes('#include "v.h"\n#include <b.h>\n'))).toBe('#include "v.h"\n#include <b.h>\n');
  });

  test("hostile text costs no time", () => {
    const start = performance.now();
    openingIncludes("/*".repeat(100_000));
    openingIncludes("/**/".repeat(100_000));
    openingIncludes(`#include <${"a".repeat(100_000)}`);
    openingIncludes("\n".repeat(500_000));
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe("isGuarded", () => {
  test.each<[string, boolean]>([
    ["#ifndef A\n#define A\nint x;\n#endif\n", true],
    ["/* c */\n#ifndef A // x\n#define A 1\n#if B\n#else\n#endif\n#endif /* A */\n", true],
    ["#if !defined(A)\n#define A\n#endif", true],
    ["#pragma once\nint x;", true],
    ["", false],
    ["int x;", false],
    ["#ifndef A\n#define B\n#endif", false],
    ["#ifndef A\n#define A\n#endif\nint x;", false],
    ["#ifndef A\n#define A\n#else\nint y;\n#endif", false],
    ["#ifndef A\n#define A\n#endif\n#ifdef B\n#endif", false],
    ["int y;\n#ifndef A\n#define A\n#endif", false],
    ["#ifndef A\n#define A\n", false],
  ])("%j", (text, expected) => expect(isGuarded(text)).toBe(expected));
});
