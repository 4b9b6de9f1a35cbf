// Installs what a fresh machine lacks: the npm packages and, for the tests, a Chromium. Plain JavaScript, since it runs before any package is there.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Runs a command in the project's root with its output shown; returns its exit status (1 when it could not start). */
export function run(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (done.error) console.error(`${command}: ${done.error.message}`);
  return done.status ?? 1;
}

/** Path of an npm package's own program under node_modules. */
export function bin(name) {
  return join(root, "node_modules", ".bin", name);
}

/** `npm ci` when node_modules is missing or was installed from another lock file. */
export function ensurePackages() {
  const lock = readFileSync(join(root, "package-lock.json"));
  const wanted = createHash("sha256").update(lock).digest("hex");
  const stamp = join(root, "node_modules", ".installed-lock");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  const missing = !existsSync(join(root, "node_modules", "vite", "package.json"));
  if (missing) console.log("Installing npm packages (npm ci) …");
  // A tree somebody already installed by hand is brought up to date in place; it is not thrown away.
  const status = run("npm", missing ? ["ci", "--no-audit", "--no-fund"] : ["install", "--no-audit", "--no-fund", "--no-save"]);
  if (status !== 0) {
    console.error("npm could not install the packages; see its message above.");
    process.exit(status);
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"];

function findChromium() {
  const named = process.env.CHROMIUM;
  if (named) return existsSync(named) ? named : null;
  return CANDIDATES.find((path) => existsSync(path)) ?? null;
}

function installWithApt() {
  const sudo = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  const apt = (...args) => {
    const line = [...sudo, "apt-get", ...args];
    return run(line[0], line.slice(1), { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
  };
  apt("update");
  return apt("install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=600", "chromium") === 0;
}

/**
 * The Chromium under test: $CHROMIUM, an installed one, Debian's package, or Playwright's own download.
 * Ends the process with a clear line when there is none to be had.
 */
export async function ensureChromium() {
  let path = findChromium();
  if (!path && process.env.CHROMIUM) {
    console.error(`CHROMIUM names ${process.env.CHROMIUM}, and there is no such file.`);
    process.exit(2);
  }
  if (!path && existsSync("/usr/bin/apt-get")) {
    console.log("Installing Chromium (Debian's package) …");
    if (installWithApt()) path = findChromium();
  }
  if (!path && run(process.execPath, [join(root, "node_modules", "playwright-core", "cli.js"), "install", "chromium"]) === 0) {
    const { chromium } = await import("playwright-core");
    path = chromium.executablePath();
  }
  if (!path) {
    console.error("No Chromium found and none could be installed: install it, or set CHROMIUM to its path.");
    process.exit(2);
  }
  return path;
}
