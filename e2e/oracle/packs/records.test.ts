/**
 * Every fact in a pack that a kernel can confirm, against what that kernel answered (recorded/*.json): no QEMU needed.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { unwrap } from "../../../src/base/result.ts";
import { decodePack, openPack } from "../../../src/kernel/pack.ts";
import { makeKernel } from "../../../src/kernel/kernel.ts";
import type { Kernel, KernelIndex, KfuncEntry } from "../../../src/kernel/types.ts";
import type { ProgramVariant } from "../../../src/kernel/variant.ts";
import { contextAccesses } from "./context.ts";
import { row, type AnswerRecord } from "./record.ts";

const folder = join(import.meta.dirname, "../../../public/kernels");
const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as KernelIndex;

/** The program a key in a pack stands for. */
function program(key: string): ProgramVariant {
  const sleepable = key.endsWith(":sleepable");
  const [type = "", place] = (sleepable ? key.slice(0, -":sleepable".length) : key).split(":");
  const [typeName = "", member] = (place ?? "").split("/");
  const structOps = member === undefined ? {} : { structOpsMember: { typeName, member } };
  return { type, attachType: place ?? null, sleepable, ...structOps };
}

async function open(file: string): Promise<Kernel> {
  const plain = unwrap(await decodePack(readFileSync(join(folder, file)), (encoding, data) => (encoding === "gzip" ? gunzipSync(data) : brotliDecompressSync(data))));
  return unwrap(makeKernel(unwrap(openPack(plain))));
}

const counts = { helpers: 0, kfuncs: 0, hooks: 0, accesses: 0, progTypes: 0, mapTypes: 0, kernels: 0 };
afterAll(() => console.log(`confirmed by ${counts.kernels} kernels: ${JSON.stringify(counts)}`));

describe.each(index.kernels)("kernel $kernel", ({ kernel: name, file, release }) => {
  const path = join(import.meta.dirname, "recorded", `${name}.json`);
  const record = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as AnswerRecord) : undefined;

  it("has a record of the same release", () => {
    expect(record?.release).toBe(release);
    counts.kernels++;
  });
  if (!record) return;

  it("allows each helper to exactly the programs that may call it", async () => {
    const kernel = await open(file);
    const wrong: string[] = [];
    for (const key of Object.keys(record.helpers.answers.of)) {
      const answers = row(record.helpers.answers, key) ?? "";
      record.helpers.ids.forEach((id, i) => {
        if (answers[i] === "?") return;
        counts.helpers++;
        const proto = kernel.helperProtoFor(id, program(key));
        if ((typeof proto === "object") !== (answers[i] === "y")) wrong.push(`${key} ${kernel.helper(id)?.name ?? id}: the kernel says ${answers[i]}`);
      });
    }
    expect(wrong).toEqual([]);
  });

  it("allows each kfunc to exactly the programs that may call it", async () => {
    const kernel = await open(file);
    const wrong: string[] = [];
    const kfuncs = new Map(kernel.manifest.kfuncs.map((entry) => [entry.module === null ? entry.name : `${entry.module}/${entry.name}`, entry]));
    expect(kfuncs.size).toBe(record.kfuncs.names.length);
    for (const key of Object.keys(record.kfuncs.answers.of)) {
      const answers = row(record.kfuncs.answers, key) ?? "";
      record.kfuncs.names.forEach((kfuncName, i) => {
        if (answers[i] === "?") return;
        counts.kfuncs++;
        const entry = kfuncs.get(kfuncName);
        if (!entry || kernel.kfuncAllowed(entry, program(key)) !== (answers[i] === "y")) wrong.push(`${key} ${kfuncName}: the kernel says ${answers[i]}`);
      });
    }
    expect(wrong).toEqual([]);
  });

  // Two witnesses that know nothing of each other: the tables in the kernel's memory, and what its verifier said to programs.
  it("has kfunc hooks in memory that explain every answer", async () => {
    const { manifest } = await open(file);
    const plain = manifest.kfuncs.filter((entry) => entry.sets.every((set) => !set.filter));
    const isIn = (entry: KfuncEntry, hook: string) => entry.sets.some((set) => set.hook === hook);
    const hooks = [...new Set(plain.flatMap((entry) => entry.sets.map((set) => set.hook)))];
    const wrong: string[] = [];
    for (const { name: progType } of manifest.progTypes.filter((type) => type.supported)) {
      const own = hooks.filter((hook) => plain.every((entry) => !isIn(entry, hook) || entry.progTypes.includes(progType)));
      for (const entry of plain) {
        counts.hooks++;
        if (own.some((hook) => isIn(entry, hook)) !== entry.progTypes.includes(progType)) wrong.push(`${progType} ${entry.name}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("takes exactly the context accesses that the kernel takes", async () => {
    const kernel = await open(file);
    const wrong: string[] = [];
    for (const [key, length] of Object.entries(record.context.lengths)) {
      const { type, attachType } = program(key);
      const access = kernel.ctxAccess(type, attachType);
      const answers = row(record.context.answers, key) ?? "";
      const asked = contextAccesses(type, length);
      expect(answers.length, key).toBe(asked.length);
      asked.forEach(({ off, size, write }, i) => {
        counts.accesses++;
        const rest = access?.rest && off >= access.rest.from && off + size <= access.rest.to && access.rest.sizes.includes(size) ? access.rest : undefined;
        const field = access?.fields.find((f) => f.off === off && f.size === size) ?? rest;
        const said = write ? (field?.write ? "w" : "n") : field?.read == null ? "n" : String.fromCharCode(65 + record.context.types.indexOf(field.read));
        if (said !== answers[i]) wrong.push(`${key} ${write ? "write" : "read"} of ${size} at ${off}: the kernel says ${answers[i]}, the pack ${said}`);
      });
    }
    expect(wrong).toEqual([]);
  });

  it("has the program and map types that the kernel has", async () => {
    const { manifest } = await open(file);
    const answered = (types: readonly { name: string; supported: boolean }[]) => Object.fromEntries(types.map((type) => [type.name, type.supported]));
    expect(answered(manifest.progTypes)).toEqual(record.progTypes);
    expect(answered(manifest.mapTypes)).toEqual(record.mapTypes);
    counts.progTypes += manifest.progTypes.length;
    counts.mapTypes += manifest.mapTypes.length;
  });
});
