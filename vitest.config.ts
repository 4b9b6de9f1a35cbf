import { defineConfig } from "vitest/config";

// Unit and conformance tests, in Node. The browser tests have their own configuration (e2e/browser).
export default defineConfig({
  test: {
    environment: "node",
    include: ["src/**/*.test.ts", "e2e/**/*.test.ts", "wasm/**/*.test.ts"],
    exclude: ["node_modules/**", "dist/**", "e2e/browser/**"],
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
