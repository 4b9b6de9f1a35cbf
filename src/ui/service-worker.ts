/// <reference lib="webworker" />
/**
 * Offline after the first visit. The build writes the list of its files with their hashes into this file (vite.config.ts):
 * `shell` is fetched on installation into a cache of this version; `data` (kernels, workshops) is kept when it is first used,
 * in one cache for all versions, keyed by hash, so that an update fetches only what has changed. What does not have the hash that
 * this version expects is not kept, so versions never mix. clang and its headers are kept by the compile worker itself.
 */
export type {};
declare const self: ServiceWorkerGlobalScope;

interface Build { shell: Record<string, string>; data: Record<string, string> }

const text = "__BUILD__";
const build: Build | null = text.startsWith("{") ? (JSON.parse(text) as Build) : null;
const version = build ? fold(text) : "dev";
const SHELL = `bpf-playground-shell-${version}`;
const DATA = "bpf-playground-data-1";
const scope = new URL(self.registration.scope);
const OWN = "sw.js";

/** A short name for a version; the hashes it is made of are already good ones. */
function fold(value: string): string {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (let i = 0; i < value.length; i++) {
    a = Math.imul(a ^ value.charCodeAt(i), 0x01000193);
    b = Math.imul(b + value.charCodeAt(i), 0x85ebca6b) ^ (b >>> 13);
  }
  return (a >>> 0).toString(36) + (b >>> 0).toString(36);
}

const dataKey = (path: string, hash: string): string => new URL(`${path}?content=${hash}`, scope).href;

async function digest(bytes: ArrayBuffer): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (b) => b.toString(16).padStart(2, "0")).join("").slice(0, 32);
}

/** Fetches a file past the HTTP cache and returns it only if it is this version's. */
async function fetchShellFile(path: string, hash: string): Promise<Response> {
  const response = await fetch(new URL(path, scope), { cache: "no-cache" });
  if (!response.ok) throw new Error(`${path}: the server answered ${response.status}`);
  const body = await response.arrayBuffer();
  if ((await digest(body)) !== hash) throw new Error(`${path} is of another version`);
  return new Response(body, { status: 200, headers: plainHeaders(response) });
}

/** Headers without what described the body on the wire: here it is unpacked already. */
function plainHeaders(response: Response): Headers {
  const headers = new Headers(response.headers);
  if (headers.has("content-encoding")) headers.delete("content-length");
  headers.delete("content-encoding");
  return headers;
}

async function install(): Promise<void> {
  if (!build) return;
  const cache = await caches.open(SHELL);
  const entries = Object.entries(build.shell);
  // All or nothing: a version with a hole is not installed, the old one stays.
  for (let i = 0; i < entries.length; i += 6) {
    await Promise.all(entries.slice(i, i + 6).map(async ([path, hash]) => cache.put(new URL(path, scope), await fetchShellFile(path, hash))));
  }
  await keepOwnCode(cache).catch(() => undefined);
}

/** This file itself, for a copy of the page that is made without the server; only if what the server gives is this version. */
async function keepOwnCode(cache: Cache): Promise<void> {
  const response = await fetch(new URL(OWN, scope), { cache: "no-cache" });
  const code = await response.text();
  if (response.ok && code.includes(JSON.stringify(text))) await cache.put(new URL(OWN, scope), new Response(code, { status: 200, headers: plainHeaders(response) }));
}

async function activate(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith("bpf-playground-shell-") && name !== SHELL) await caches.delete(name);
  if (build) {
    const wanted = new Set(Object.entries(build.data).map(([path, hash]) => dataKey(path, hash)));
    const data = await caches.open(DATA);
    for (const request of await data.keys()) if (!wanted.has(request.url)) await data.delete(request);
  }
  await self.clients.claim();
}

async function fromShell(path: string, request: Request): Promise<Response> {
  const kept = await (await caches.open(SHELL)).match(new URL(path, scope), { ignoreVary: true });
  return kept ?? fetch(request);
}

async function fromData(path: string, hash: string, request: Request): Promise<Response> {
  const cache = await caches.open(DATA);
  const key = dataKey(path, hash);
  const kept = await cache.match(key, { ignoreVary: true });
  if (kept) return kept;
  const response = await fetch(request);
  // A part of a file, or an error, goes through and is not kept.
  if (response.status !== 200 || !response.body) return response;
  const [forPage, forCache] = response.body.tee();
  const headers = plainHeaders(response);
  void (async () => {
    const body = await new Response(forCache).arrayBuffer();
    if ((await digest(body)) === hash) await cache.put(key, new Response(body, { status: 200, headers }));
  })().catch(() => undefined);
  return new Response(forPage, { status: 200, statusText: response.statusText, headers });
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("message", (event) => {
  if (event.data === "take-over") void self.skipWaiting();
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (!build || request.method !== "GET" || request.headers.has("range")) return;
  const url = new URL(request.url);
  if (url.origin !== scope.origin || !url.pathname.startsWith(scope.pathname)) return;
  const path = decodeURIComponent(url.pathname.slice(scope.pathname.length));
  if (request.mode === "navigate") {
    const page = path === "" ? "index.html" : path;
    if (page.endsWith(".html") && page in build.shell) event.respondWith(fromShell(page, request));
    return;
  }
  if (path in build.shell || path === OWN) event.respondWith(fromShell(path, request));
  else if (build.data[path] !== undefined) event.respondWith(fromData(path, build.data[path]!, request));
});
