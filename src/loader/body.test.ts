import { describe, expect, it } from "vitest";
import { unwrap } from "../base/result.ts";
import { bodyCode } from "./body.ts";
import { openObject } from "./open.ts";
import type { OpenedObject } from "./internals.ts";
import { fakeKernel } from "./testing/fake-kernel.ts";
import { fixture, randomNumbers } from "./testing/fixtures.ts";

const bytes = fixture("features.bpf.o");
const functions = (unwrap(openObject(bytes)) as OpenedObject).internals.funcs.map((func) => func.name);
const kernel = fakeKernel();

describe("functions of a custom kernel out of an object", () => {
  it("are linked, or it is said what they want that a kernel has not", () => {
    const results = functions.map((name) => bodyCode(bytes, name, kernel));
    expect(results.some((r) => r.ok)).toBe(true);
    expect(results.flatMap((r) => (r.ok ? [] : [r.error])).every((message) => message.startsWith("function \"") || message.startsWith("the "))).toBe(true);
    expect(bodyCode(bytes, "nothing", kernel)).toMatchObject({ ok: false, error: expect.stringContaining('the object has no function "nothing"; there are: ') });
  });

  it("damaged objects end in a sentence", () => {
    const random = randomNumbers(7);
    for (let round = 0; round < 1500; round++) {
      const damaged = bytes.slice();
      for (let i = 0; i < 1 + (random() % 6); i++) damaged[random() % damaged.length] = random() & 0xff;
      for (const name of functions.slice(0, 3)) {
        const result = bodyCode(damaged, name, kernel);
        if (!result.ok) expect(result.error.length).toBeGreaterThan(5);
      }
    }
  });
});
