import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { notice } from "./notice.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const sha256 = (path: string): string => createHash("sha256").update(readFileSync(join(root, path))).digest("hex");

test("NOTICE says what the artifacts contain (npm run notice)", async () => {
  expect(readFileSync(join(root, "NOTICE"), "utf8")).toBe(await notice());
});

test("the kernel packs are the recorded ones", () => {
  const { kernels } = JSON.parse(readFileSync(join(root, "public/kernels/index.json"), "utf8")) as { kernels: { file: string; sha256: string }[] };
  expect(kernels.length).toBeGreaterThanOrEqual(3);
  for (const k of kernels) expect(sha256(`public/kernels/${k.file}`), k.file).toBe(k.sha256);
});
