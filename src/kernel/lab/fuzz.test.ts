import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { makeKernel } from "../kernel.ts";
import { declarationsOf } from "../kfunc-header.ts";
import { parseOverlay } from "../overlay.ts";
import { smallPack } from "../testing/small-pack.ts";
import { kernelFor } from "./views.ts";

const FOLDER = new URL("../../../public/kernels/lab/", import.meta.url);
const samples = readdirSync(FOLDER).filter((f) => f.endsWith(".json") && f !== "index.json");
const ODD: readonly unknown[] = [null, -1, 0.5, 1e9, "", "bpf_old", "bpf_new", "7.2", "int bpf_old(struct task_struct *p)", "__proto__", [], {}, true, ["sched_cls"], "p->x", "LINUX_7.2", "task_struct"];

/** A small generator of our own, so that a failure can be repeated. */
function* numbers(seed: number): Generator<number, never> {
  for (let x = seed | 1; ;) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    yield x >>> 0;
  }
}

/** Changes one place of a document: another value, a field less, an entry twice. */
function mutate(value: unknown, next: () => number): unknown {
  if (next() % 6 === 0) return ODD[next() % ODD.length];
  if (Array.isArray(value) && value.length > 0) {
    const at = next() % value.length;
    if (next() % 4 === 0) return [...(value as unknown[]), value[at] as unknown];
    return (value as unknown[]).map((v, i) => (i === at ? mutate(v, next) : v));
  }
  if (typeof value === "object" && value !== null) {
    const keys = Object.keys(value);
    const key = keys[next() % Math.max(keys.length, 1)];
    if (key === undefined) return value;
    const copy: Record<string, unknown> = { ...(value as Record<string, unknown>) };
    if (next() % 5 === 0) delete copy[key];
    else copy[key] = mutate(copy[key], next);
    return copy;
  }
  if (typeof value === "string" && value.length > 0 && next() % 2 === 0) {
    const at = next() % value.length;
    return value.slice(0, at) + ["", "(", "*", "_", " "][next() % 5]! + value.slice(at + 1);
  }
  return ODD[next() % ODD.length];
}

describe("whatever stands in a document", () => {
  it.each(samples)("%s, changed a thousand times, is applied or refused with a place", (file) => {
    const source = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as unknown;
    const stream = numbers(file.length * 7919);
    const next = (): number => stream.next().value;
    const donors = new Map(["6.1", "6.12"].map((release) => [release, smallPack(release)]));
    let applied = 0;
    for (let i = 0; i < 1000; i++) {
      let document = source;
      for (let n = 1 + (next() % 3); n > 0; n--) document = mutate(document, next);
      const parsed = parseOverlay(JSON.stringify(document) ?? "");
      if (!parsed.ok) {
        expect(parsed.error).toMatch(/^custom kernel: /);
        continue;
      }
      const kernel = makeKernel(smallPack(), parsed.value, donors);
      if (!kernel.ok) {
        expect(kernel.error).toMatch(/^custom kernel: changes\[\d+\]/);
        continue;
      }
      applied++;
      expect(typeof declarationsOf(kernel.value)).toBe("string");
      for (const version of [0, 1, 3]) kernelFor(kernel.value, version);
    }
    expect(applied).toBeGreaterThan(0);
  });
});
