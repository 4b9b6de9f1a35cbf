import { defineConfig } from "vitest/config";

// The real page in a real browser, against dist/. One browser at a time: the tests share the machine with clang.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.spec.ts"],
    environment: "node",
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 240_000,
    retry: 0,
  },
});
