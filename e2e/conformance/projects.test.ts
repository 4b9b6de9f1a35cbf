import { expect, it } from "vitest";
import { findObjects } from "./projects.ts";
import { readRunObject } from "./recorded-runs.ts";

const object = readRunObject("alu64");

it("finds objects inside another file, whole and in order", () => {
  const noise = Buffer.from("\x7fELF\x02\x01\x01 not an object, ", "latin1");
  const found = findObjects(Buffer.concat([noise, object, noise, readRunObject("jumps"), noise]));
  expect(found.map((bytes) => bytes.length)).toEqual([object.length, readRunObject("jumps").length]);
  expect(found[0]?.equals(object)).toBe(true);
});

it("leaves out what is cut short or lies about its size", () => {
  expect(findObjects(object.subarray(0, object.length - 1))).toEqual([]);
  const lying = Buffer.from(object);
  lying.writeBigUInt64LE(1n << 60n, 40);
  expect(findObjects(lying)).toEqual([]);
});
