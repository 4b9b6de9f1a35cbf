import { Zip, ZipDeflate, ZipPassThrough } from "fflate";
import { err, ok, type Result } from "../../base/result.ts";
import { fitServiceWorker, keepKernels, parseBuild, planCopy, readme, startWith, workshopFiles, type BuildFile } from "../../workshop/offline.ts";
import type { Workshop } from "../../workshop/types.ts";
import { compilerFiles } from "../worker-ports.ts";

/** The files this page is made of; an error where it was not built (the development server has no such list). */
export async function fetchBuild(): Promise<Result<BuildFile[], string>> {
  try {
    const response = await fetch(new URL("build.json", document.baseURI));
    if (!response.ok || !/json/.test(response.headers.get("content-type") ?? "json")) return err("only a built page can be packed (npm run build); this one comes from the development server");
    return parseBuild(await response.json());
  } catch {
    return err("the list of the page's files could not be loaded");
  }
}

/** What making a copy asks for besides what the page and the workshop have loaded: fetched ahead, so that it can be made without the server. */
export async function neededForCopy(releases: readonly string[]): Promise<string[]> {
  const build = await fetchBuild();
  const plan = build.ok ? planCopy(build.value, releases) : build;
  return plan.ok ? plan.value.filter((file) => file.optional).map((file) => file.path) : [];
}

export interface CopyRequest {
  build: readonly BuildFile[];
  workshop: Workshop;
  files: Readonly<Record<string, string>>;
  releases: readonly string[];
  onProgress: (done: number, total: number) => void;
  signal: AbortSignal;
}

const TOOLCHAIN = "toolchain/";
const REWRITTEN = new Set(["sw.js", "build.json", "index.html", "kernels/index.json"]);

/**
 * One zip with the page, the compiler, the kernels and the workshop, for a room without internet. Files are fetched from where the
 * page itself came from, one after the other, and packed as they come; what is packed already (compiler, kernels) is stored.
 * Without the server it is made of what the browser keeps: the service worker has the page and the kernels of opened workshops,
 * the compile worker has clang.
 */
export async function makeCopy({ build, workshop, files, releases, onProgress, signal }: CopyRequest): Promise<Result<Blob, string>> {
  const plan = planCopy(build, releases);
  if (!plan.ok) return plan;
  const parts: Uint8Array[] = [];
  let broken: string | null = null;
  const zip = new Zip((error, chunk) => {
    if (error) broken ??= error.message;
    else parts.push(chunk);
  });
  const folder = `${workshop.id}-offline/`;
  const put = (path: string, bytes: Uint8Array): void => {
    const packed = /\.(?:br|gz|pack|ttf|woff2|png)$/.test(path);
    const entry = packed ? new ZipPassThrough(folder + path) : new ZipDeflate(folder + path, { level: 6 });
    zip.add(entry);
    entry.push(bytes, true);
  };
  const hashes = new Map<string, string>();
  const putText = async (path: string, text: string): Promise<void> => {
    const bytes = new TextEncoder().encode(text);
    const hash = await sha256(bytes);
    if (hash !== null) hashes.set(path, hash);
    put(path, bytes);
  };

  const compiler = await compilerFiles();
  if (signal.aborted) return err("stopped");
  if (!compiler.ok) return compiler;
  const compilerList = compiler.value.map(({ name, bytes }): BuildFile => ({ path: TOOLCHAIN + name, bytes: bytes.length, optional: false }));
  for (const { name, bytes } of compiler.value.splice(0)) put(TOOLCHAIN + name, bytes);
  const pageFiles = plan.value.filter((file) => !file.path.startsWith(TOOLCHAIN));
  const total = [...compilerList, ...pageFiles].reduce((sum, f) => sum + f.bytes, 0);

  const texts = new Map<string, string>();
  let done = compilerList.reduce((sum, f) => sum + f.bytes, 0);
  for (const file of pageFiles) {
    if (signal.aborted) return err("stopped");
    const bytes = await fetchFile(file.path, signal);
    if (!bytes.ok) return bytes;
    if (REWRITTEN.has(file.path)) texts.set(file.path, new TextDecoder().decode(bytes.value));
    else put(file.path, bytes.value);
    done += file.bytes;
    onProgress(done, total);
    // The page stays alive between two files.
    await new Promise((resolve) => setTimeout(resolve));
  }

  const own = workshopFiles(workshop, files, releases);
  for (const [path, text] of Object.entries(own)) await putText(path, text);
  const kernels = keepKernels(texts.get("kernels/index.json") ?? "", releases);
  if (!kernels.ok) return kernels;
  await putText("kernels/index.json", kernels.value);
  const html = startWith(texts.get("index.html") ?? "", workshop.id);
  if (!html.ok) return html;
  await putText("index.html", html.value);
  const kept = [...pageFiles.map((f) => f.path), ...Object.keys(own)];
  const list: BuildFile[] = [...pageFiles, ...compilerList, ...Object.entries(own).map(([path, text]) => ({ path, bytes: text.length, optional: true }))];
  await putText("build.json", JSON.stringify({ schema: 1, files: list }));
  const worker = fitServiceWorker(texts.get("sw.js") ?? "", new Set(kept), hashes.size > 0 ? hashes : null);
  if (!worker.ok) return worker;
  put("sw.js", new TextEncoder().encode(worker.value));
  put("README.txt", new TextEncoder().encode(readme(workshop, releases, new Date().toISOString().slice(0, 10))));
  zip.end();
  return broken === null ? ok(new Blob(parts as BlobPart[], { type: "application/zip" })) : err(`it could not be packed: ${broken}`);
}

async function fetchFile(path: string, signal: AbortSignal): Promise<Result<Uint8Array, string>> {
  try {
    const response = await fetch(new URL(path, document.baseURI), { signal });
    if (!response.ok) return err(`${path}: the server answered ${response.status}`);
    return ok(new Uint8Array(await response.arrayBuffer()));
  } catch {
    return err(signal.aborted ? "stopped" : `${path} is not kept in this browser, and the server this page came from does not answer`);
  }
}

/** As the service worker hashes; null where the browser hashes only on secure pages. */
async function sha256(bytes: Uint8Array): Promise<string | null> {
  if (!globalThis.crypto?.subtle) return null;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource));
  return Array.from(hash, (b) => b.toString(16).padStart(2, "0")).join("").slice(0, 32);
}
