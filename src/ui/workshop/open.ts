import { readUpTo } from "../../session/stream.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { WorkshopSource } from "../../session/taking.ts";
import { parseBundle, parseIndex } from "../../workshop/catalog.ts";
import { LIMITS, parseWorkshop } from "../../workshop/parse.ts";
import { decodeText, isWorkshopFile, safePath, workshopIn } from "../../workshop/paths.ts";
import type { Workshop, WorkshopIndexEntry, WorkshopProblem } from "../../workshop/types.ts";
import { looksLikeZip, MAX_ZIP, readZip } from "../../workshop/zip.ts";
import { fromShelf, keepOnShelf } from "./shelf.ts";

/** A workshop that can be taken, its files as they came, and where it came from. */
export interface Opened {
  workshop: Workshop;
  files: Readonly<Record<string, string>>;
  source: WorkshopSource;
  /** files of this page that it was read from */
  paths?: readonly string[];
  /** a sentence about how it was found */
  note?: string;
}
export type OpenResult = Result<Opened, string>;

const pageBase = (): string => new URL("./", document.baseURI).href;

/** Says what is wrong with a workshop's files: the first problems with their places. */
function explain(problems: readonly WorkshopProblem[]): string {
  const shown = problems.slice(0, 4).map((p) => `${[p.file, p.path].filter(Boolean).join(": ")} ${p.message}`.trim());
  return `${shown.join("; ")}${problems.length > shown.length ? `; and ${problems.length - shown.length} more` : ""}`;
}

function readFiles(files: Readonly<Record<string, string>>, source: WorkshopSource): OpenResult {
  const workshop = parseWorkshop(files);
  return workshop.ok ? ok({ workshop: workshop.value, files, source }) : err(`The workshop cannot be used: ${explain(workshop.error)}.`);
}

/** The page's own list. */
export async function fetchIndex(): Promise<Result<WorkshopIndexEntry[], string>> {
  const bytes = await download(new URL("workshops/index.json", pageBase()).href, 1024 * 1024);
  if (!bytes.ok) return err(`The list of workshops could not be loaded: ${bytes.error}.`);
  const json = parseJson(bytes.value);
  return json.ok ? parseIndex(json.value) : err(`The list of workshops is damaged: ${json.error}.`);
}

/** One of the page's own workshops. */
export async function openOwn(id: string): Promise<OpenResult> {
  const index = await fetchIndex();
  if (!index.ok) return index;
  const entry = index.value.find((w) => w.id === id);
  if (!entry) return err(`This page has no workshop "${id.slice(0, 64)}"${index.value.length > 0 ? `; it has ${index.value.map((w) => w.id).join(", ")}` : ""}.`);
  const bytes = await download(new URL(`workshops/${entry.bundle}`, pageBase()).href, LIMITS.totalBytes * 2);
  if (!bytes.ok) return err(`The workshop could not be loaded: ${bytes.error}.`);
  const files = readBundle(bytes.value);
  if (!files.ok) return err(`The workshop could not be loaded: ${files.error}.`);
  const opened = readFiles(files.value, { kind: "own", id });
  return opened.ok ? ok({ ...opened.value, paths: ["workshops/index.json", `workshops/${entry.bundle}`] }) : opened;
}

/** A workshop at an address: a zip, or a bundle (JSON). Kept, so that it opens without the network the next time. */
export async function openUrl(text: string): Promise<OpenResult> {
  const address = workshopAddress(text);
  if (!address.ok) return address;
  const url = address.value;
  const source: WorkshopSource = { kind: "url", url };
  const bytes = await download(url, MAX_ZIP);
  if (!bytes.ok) {
    const kept = await fromShelf(url);
    const opened = kept ? readFiles(kept, source) : null;
    if (opened?.ok) return ok({ ...opened.value, note: `${new URL(url).host} did not answer (${bytes.error}); this is the copy kept in this browser.` });
    return err(`The workshop at ${url} could not be loaded: ${bytes.error}.`);
  }
  const files = readBytes(bytes.value);
  if (!files.ok) return err(`What is at ${url} is no workshop: ${files.error}.`);
  const opened = readFiles(files.value, source);
  if (opened.ok) void keepOnShelf(url, opened.value.workshop.title, files.value);
  return opened;
}

/** The address that is fetched for what a person typed. A file's page on GitHub stands for the file itself. */
export function workshopAddress(text: string): Result<string, string> {
  let url: URL;
  try {
    url = new URL(text.trim(), pageBase());
  } catch {
    return err(`"${text.slice(0, 100)}" is not an address.`);
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") return err(`A workshop is loaded from https:// or http://, not from ${url.protocol.slice(0, 20)}`);
  if (url.username !== "" || url.password !== "") return err("An address with a password in it is not opened.");
  const blob = /^\/([^/]+)\/([^/]+)\/blob\/(.+)$/.exec(url.pathname);
  if (url.host === "github.com" && blob) return ok(`https://raw.githubusercontent.com/${blob[1]}/${blob[2]}/${blob[3]}`);
  url.hash = "";
  return ok(url.href);
}

/** A workshop that was opened from a file before, out of this browser. */
export async function openKept(id: string): Promise<OpenResult> {
  const files = await fromShelf(`local:${id}`);
  return files ? readFiles(files, { kind: "local" }) : err(`The workshop "${id.slice(0, 64)}" is not kept in this browser. Open its zip or folder again.`);
}

/** A zip or bundle from the reader's disk. */
export async function openFile(file: File): Promise<OpenResult> {
  if (file.size > MAX_ZIP) return err(`${file.name} has ${file.size.toLocaleString("en")} bytes; ${MAX_ZIP.toLocaleString("en")} is the most.`);
  const files = readBytes(new Uint8Array(await file.arrayBuffer()));
  return files.ok ? fromDisk(files.value) : err(`${file.name}: ${files.error}.`);
}

/** A folder from the reader's disk: what a directory picker or a drop gives. */
export async function openFolder(files: readonly { path: string; file: File }[]): Promise<OpenResult> {
  const wanted = files.filter((f) => isWorkshopFile(f.path));
  if (wanted.length > LIMITS.files) return err(`The folder has ${wanted.length} files; ${LIMITS.files} is the most.`);
  const total = wanted.reduce((sum, f) => sum + f.file.size, 0);
  if (total > LIMITS.totalBytes) return err(`The folder's texts have ${total.toLocaleString("en")} bytes; ${LIMITS.totalBytes.toLocaleString("en")} is the most.`);
  const texts = new Map<string, string>();
  for (const { path, file } of wanted) {
    if (!safePath(path)) return err(`The folder holds "${path.slice(0, 80)}", which is no usable name.`);
    const text = decodeText(path, new Uint8Array(await file.arrayBuffer()));
    if (!text.ok) return err(`${text.error}.`);
    texts.set(path, text.value);
  }
  const found = workshopIn(texts);
  return found.ok ? fromDisk(found.value) : err(`The folder is no workshop: ${found.error}.`);
}

function fromDisk(files: Readonly<Record<string, string>>): OpenResult {
  const opened = readFiles(files, { kind: "local" });
  if (opened.ok) void keepOnShelf(`local:${opened.value.workshop.id}`, opened.value.workshop.title, files);
  return opened;
}

function readBytes(bytes: Uint8Array): Result<Record<string, string>, string> {
  if (looksLikeZip(bytes)) return readZip(bytes);
  return bytes[0] === 0x7b ? readBundle(bytes) : err("neither a zip archive nor a workshop's bundle");
}

function readBundle(bytes: Uint8Array): Result<Record<string, string>, string> {
  const json = parseJson(bytes);
  return json.ok ? parseBundle(json.value) : json;
}

function parseJson(bytes: Uint8Array): Result<unknown, string> {
  try {
    return ok(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    return err(`it is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
}

const PATIENCE = 30_000;

/** The bytes at an address, at most `limit`; the error is for the person who asked. */
async function download(url: string, limit: number): Promise<Result<Uint8Array, string>> {
  const foreign = new URL(url).origin !== location.origin;
  let response: Response;
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  try {
    response = await fetch(url, { signal: stop.signal, ...(foreign ? { mode: "cors", credentials: "omit", referrerPolicy: "no-referrer" } : {}) });
    if (!response.ok) return err(`the server answered ${response.status}`);
    const declared = Number(response.headers.get("content-length") ?? 0);
    if (declared > limit) return err(`it has ${declared.toLocaleString("en")} bytes; ${limit.toLocaleString("en")} is the most`);
    if (!response.body) return ok(new Uint8Array(await response.arrayBuffer()));
    const bytes = await readUpTo(response.body, limit);
    return bytes ? ok(bytes) : err(`it is longer than ${limit.toLocaleString("en")} bytes`);
  } catch {
    if (stop.signal.aborted) return err(`no answer within ${PATIENCE / 1000} seconds`);
    if (!navigator.onLine) return err("this computer is offline");
    return err(foreign ? "there is no connection, or the server does not let other pages read the file (it has to send Access-Control-Allow-Origin)" : "there is no connection");
  } finally {
    clearTimeout(timer);
  }
}
