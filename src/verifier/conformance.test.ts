import { describe, expect, it } from "vitest";
import { compare, loadKernel } from "../../e2e/conformance/compare.ts";
import { listRecordings, readRecording } from "../../e2e/conformance/recorded.ts";
import { existsSync } from "node:fs";

/** A few small files of the kernel's own tests; `npm run conformance` runs them all. */
const FILES = ["verifier_and", "verifier_array_access", "verifier_basic_stack", "verifier_cfg", "verifier_div0", "verifier_jset", "verifier_stack_ptr", "verifier_xadd"];

describe.skipIf(!existsSync(new URL("../../.cache/conformance", import.meta.url)))("answers as the recorded kernels did", () => {
  it.each(listRecordings().filter(([k]) => existsSync(new URL(`../../public/kernels/${k}.pack`, import.meta.url))))("%s, tests of %s", async (name, tests) => {
    const kernel = await loadKernel(name);
    const { objects } = readRecording(name, tests);
    const wrong: string[] = [];
    for (const c of compare(kernel, objects, tests, (object) => FILES.some((f) => object.includes(`/${f}.`) || object.startsWith(`${f}.`)))) {
      if (c.want.verdict === "rejected" && c.got.verdict === "accepted") wrong.push(`${c.program}: accepted, the kernel says ${c.want.message}`);
    }
    if (Number(name.split(".")[0]) >= 6) expect(wrong).toEqual([]);
  });
});
