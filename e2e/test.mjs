// `npm test`: installs what is missing, then type check, lint, unit and conformance tests, the build, and the browser tests.
// Closes with one line that counts everything: "N passed, N failed".
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bin, ensureChromium, ensurePackages, root, run } from "./setup/install.mjs";

ensurePackages();
const chromium = await ensureChromium();
const env = { ...process.env, CHROMIUM: chromium, ...(process.stdout.isTTY ? {} : { NO_COLOR: "1", FORCE_COLOR: "0" }) };
const reports = join(root, "test-results");
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });

let passed = 0;
let failed = 0;
const lines = [];

function note(name, ok, detail, seconds) {
  lines.push(`${ok ? "ok  " : "FAIL"} ${name.padEnd(22)} ${detail} (${seconds.toFixed(0)} s)`);
}

/** A step that is one check by itself. */
function step(name, command, args) {
  console.log(`\n── ${name}`);
  const start = Date.now();
  const good = run(command, args, { env }) === 0;
  if (good) passed++;
  else failed++;
  note(name, good, good ? "passed" : "failed", (Date.now() - start) / 1000);
  return good;
}

/** A vitest run, its tests counted one by one from its JSON report. A skipped test counts as failed: nothing is skipped silently. */
function suite(name, config) {
  console.log(`\n── ${name}`);
  const start = Date.now();
  const report = join(reports, `${name.replace(/\W+/g, "-")}.json`);
  const status = run(bin("vitest"), ["run", "--config", config, "--reporter=dot", "--reporter=json", `--outputFile.json=${report}`], { env });
  let good = 0;
  let bad = 0;
  if (existsSync(report)) {
    const data = JSON.parse(readFileSync(report, "utf8"));
    good = data.numPassedTests;
    bad = data.numTotalTests - data.numPassedTests;
    bad += data.testResults.filter((f) => f.status === "failed" && f.assertionResults.length === 0).length;
  }
  if (good === 0 && bad === 0) bad = 1;
  if (status !== 0 && bad === 0) bad = 1;
  passed += good;
  failed += bad;
  note(name, bad === 0, `${good} passed, ${bad} failed`, (Date.now() - start) / 1000);
}

step("types", process.execPath, [bin("tsc"), "-p", "tsconfig.json"]);
step("types of the core", process.execPath, [bin("tsc"), "-p", "src/tsconfig.core.json", "--noEmit"]);
step("lint", process.execPath, [bin("oxlint"), "--quiet", "src", "e2e", "wasm"]);
suite("unit and conformance", "vitest.config.ts");
if (step("build", process.execPath, [bin("vite"), "build"])) suite("browser", "e2e/browser/vitest.config.ts");
else {
  failed++;
  lines.push("FAIL browser                not run: the build failed");
}

console.log(`\n${lines.join("\n")}\n\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
