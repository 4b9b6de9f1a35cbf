import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { defineConfig, type Plugin } from "vite";

/** Isolation lets the compile worker use shared memory; without these headers everything works as well, only single-threaded. */
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Resource-Policy": "same-origin" };

/**
 * What the built page may load. Monaco and signals set styles from script, hence 'unsafe-inline' for styles alone;
 * WebAssembly needs its own word; workers may be blobs (the threaded compiler makes its own). Data, and only data, may come from
 * elsewhere: a workshop is loaded from the address that somebody gives.
 */
const policy = [
  "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "worker-src 'self' blob:", "connect-src 'self' data: blob: https: http://localhost:* http://127.0.0.1:*", "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:", "img-src 'self' data: blob:", "manifest-src 'self'", "base-uri 'none'", "form-action 'none'", "object-src 'none'",
].join("; ");

function contentSecurityPolicy(): Plugin {
  return {
    name: "content-security-policy",
    apply: "build",
    transformIndexHtml: () => [{ tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: policy }, injectTo: "head-prepend" }],
  };
}

/** Files that are kept when first used instead of being fetched with the page: kernels, workshops, and the compiler's other runner (5 MB). */
const ON_DEMAND = /^(?:kernels|workshops)\/|vim-keys|wasmer|sdk-runner|wisp|browser-worker|node-compat|capi-worker-bridge|host-filesystem|node-network|snippets/;

/** @wasmer/sdk's own worker and glue are copied as they are; what they import from beside them has to lie beside them. */
function wasmerWorkerParts(): Plugin {
  const sdk = resolve(import.meta.dirname, "node_modules/@wasmer/sdk");
  return {
    name: "wasmer-worker-parts",
    apply: "build",
    generateBundle() {
      for (const [folder, entry] of [["dist", "browser-worker.js"], ["pkg", "wasmer_sdk_js.js"]] as const) {
        const seen = new Set<string>([entry]);
        // A set's loop also visits what is added on the way.
        for (const name of seen) {
          const source = readFileSync(join(sdk, folder, name), "utf8").replace(/^\/\/# sourceMappingURL=.*$/m, "");
          if (name !== entry) this.emitFile({ type: "asset", fileName: `assets/${name}`, source });
          for (const [, part] of source.matchAll(/(?:from|import) ["']\.\/([\w./-]+\.m?js)["']/g)) if (part) seen.add(join(dirname(name), part).replaceAll("\\", "/"));
        }
      }
    },
  };
}

/** A copy of the page carries its licences along. */
function licences(): Plugin {
  return {
    name: "licences",
    apply: "build",
    generateBundle() {
      for (const name of ["LICENSE", "NOTICE"]) this.emitFile({ type: "asset", fileName: `${name}.txt`, source: readFileSync(resolve(import.meta.dirname, name)) });
    },
  };
}

/**
 * Gives the service worker the list of this build's files with their hashes: `shell` is fetched on installation, `data`
 * when it is first asked for. The worker's own bytes change with any of them, which is what starts an update.
 */
function serviceWorkerManifest(): Plugin {
  let publicDir = "";
  return {
    name: "service-worker-manifest",
    apply: "build",
    configResolved(config) {
      publicDir = config.publicDir;
    },
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const worker = Object.values(bundle).find((file) => file.fileName === "sw.js");
        if (!worker || worker.type !== "chunk") return this.error("sw.js is missing from the build");
        const shell: Record<string, string> = {};
        const data: Record<string, string> = {};
        const list = buildList(bundle, publicDir);
        const listId = this.emitFile({ type: "asset", fileName: "build.json", source: list });
        shell[this.getFileName(listId)] = hash(list);
        for (const file of Object.values(bundle)) {
          if (file.fileName === "sw.js" || file.fileName === "build.json" || file.fileName.endsWith(".map")) continue;
          const onDemand = ON_DEMAND.test(file.fileName);
          (onDemand ? data : shell)[file.fileName] = hash(file.type === "chunk" ? file.code : file.source);
        }
        for (const path of walk(publicDir)) {
          const name = relative(publicDir, path).replaceAll("\\", "/");
          // The compile worker keeps the toolchain itself, unpacked and checked.
          if (name.startsWith("toolchain/")) continue;
          // Of a workshop the page fetches its one bundle; the folder is where it is written.
          if (/^workshops\/[^/]+\//.test(name)) continue;
          (ON_DEMAND.test(name) ? data : shell)[name] = hash(readFileSync(path));
        }
        worker.code = worker.code.replace(/["'`]__BUILD__["'`]/, () => JSON.stringify(JSON.stringify({ shell, data })));
      },
    },
  };
}

/** build.json: every file of the page with its size, so that a page can pack itself for a room without internet (src/workshop/offline.ts). */
function buildList(bundle: Record<string, { fileName: string; type: "chunk" | "asset"; code?: string; source?: string | Uint8Array }>, publicDir: string): string {
  const files = Object.values(bundle).filter((file) => !file.fileName.endsWith(".map")).map((file) => ({ path: file.fileName, bytes: Buffer.byteLength((file.type === "chunk" ? file.code : file.source) ?? "") }));
  for (const path of walk(publicDir)) files.push({ path: relative(publicDir, path).replaceAll("\\", "/"), bytes: statSync(path).size });
  files.push({ path: "build.json", bytes: 0 });
  return JSON.stringify({ schema: 1, files: files.map((file) => ({ ...file, optional: ON_DEMAND.test(file.path) })) });
}

function hash(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 32);
}

function walk(dir: string): string[] {
  try {
    return readdirSync(dir).sort().flatMap((name) => {
      const path = join(dir, name);
      return statSync(path).isDirectory() ? walk(path) : [path];
    });
  } catch {
    return [];
  }
}

export default defineConfig({
  base: "./",
  plugins: [contentSecurityPolicy(), wasmerWorkerParts(), licences(), serviceWorkerManifest()],
  server: { headers: isolation },
  preview: { headers: isolation },
  worker: { format: "es" },
  // Vim's keys bind to the part of Monaco that the page has, by the paths of its current layout; their bundle for browsers wants a global Monaco.
  resolve: {
    alias: [
      { find: /^monaco-vim$/, replacement: resolve(import.meta.dirname, "node_modules/monaco-vim/dist/index.mjs") },
      { find: /^monaco-editor\/esm\/vs\/(.*?)(?:\.js)?$/, replacement: "monaco-editor/$1.js" },
    ],
  },
  // Workers are scanned as well, so that the development server does not find a package late and reload the page.
  optimizeDeps: { entries: ["index.html", "presenter.html", "src/workers/*.worker.ts"], exclude: ["@wasmer/sdk"] },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    chunkSizeWarningLimit: 4096,
    rolldownOptions: {
      input: { index: resolve(import.meta.dirname, "index.html"), presenter: resolve(import.meta.dirname, "presenter.html"), sw: resolve(import.meta.dirname, "src/ui/service-worker.ts") },
      output: { entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
    },
  },
});
