import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { unwrap } from "../base/result.ts";
import type { Compiler } from "./compiler.ts";
import { createNodeCompiler } from "./node.ts";
import { ALL_COMBINATIONS, combinationName, type NativeRecord, programNames, QUICK_COMBINATIONS, requestFor, TESTDATA } from "./testing/matrix.ts";
import { objectDigest } from "./testing/object-digest.ts";

// clang.wasm against native clang-22 (recorded by testing/record-native.ts): the same object, or the same refusal.
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
      ours[key] = result.object === null ? null : objectDigest(result.object);
      theirs[key] = record.programs[name]?.[key];
      if (result.object === null) expect(result.diagnostics.some((d) => d.severity === "error"), result.stderr).toBe(true);
    }
    expect(ours).toEqual(theirs);
  }, 120_000);
});
