import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { unwrap } from "../base/result.ts";
import type { Compiler } from "./compiler.ts";
import { createNodeCompiler } from "./node.ts";
import { ALL_COMBINATIONS, combinationName, type NativeRecord, programNames, QUICK_COMBINATIONS, requestFor, TESTDATA } from "./testing/matrix.ts";
import { digestText, objectDigest } from "./testing/object-digest.ts";

// clang.wasm against native clang-22 (recorded by testing/record-native.ts): the same object, or the same refusal. Byte for byte,
// DWARF aside; where BTF has two or more forward declarations their order is free, since native clang's own follows heap addresses.
const record = JSON.parse(readFileSync(join(TESTDATA, "native.json"), "utf8")) as NativeRecord;
const combinations = process.env["MATRIX"] === "all" ? ALL_COMBINATIONS : QUICK_COMBINATIONS;
let compiler: Compiler;

beforeAll(async () => {
  compiler = unwrap(await createNodeCompiler());
}, 60_000);

test("the record covers every program in every combination, and at least 30 programs", () => {
  expect(Object.keys(record.programs).sort()).toEqual(programNames());
  expect(programNames().length).toBeGreaterThanOrEqual(30);
  for (const row of Object.values(record.programs)) expect(Object.keys(row)).toEqual(ALL_COMBINATIONS.map(combinationName));
});

describe.each(programNames())("%s", (name) => {
  test("equals native clang's objects", async () => {
    const ours: Record<string, string | null> = {};
    const theirs: Record<string, string | null | undefined> = {};
    for (const combination of combinations) {
      const key = combinationName(combination);
      const result = await compiler.compile({ ...requestFor(name, combination), usePrecompiled: false });
      const recorded = record.programs[name]?.[key];
      const digest = result.object && objectDigest(result.object);
      const comparable = (text: string | null | undefined) => (text && digest && digest.forwards >= 2 ? text.replace(/^\w+ /, "") : text);
      ours[key] = comparable(digest && digestText(digest)) ?? null;
      theirs[key] = comparable(recorded);
      if (result.object === null) expect(result.diagnostics.some((d) => d.severity === "error"), result.stderr).toBe(true);
    }
    expect(ours).toEqual(theirs);
  }, 120_000);
});
