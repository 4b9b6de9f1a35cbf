import { err, ok, type Result } from "../base/result.ts";
import { safePath } from "./paths.ts";
import { isRecord } from "./reader.ts";
import type { Workshop, WorkshopBundle, WorkshopIndex, WorkshopIndexEntry } from "./types.ts";

/**
 * A workshop with everything it needs, as static files: the page as it was built, the compiler, the kernels it names, and the
 * workshop. Here is what goes in and what is rewritten; fetching and packing is the page's.
 */

/** build.json, which the build writes beside the page: every file of it with its size. */
export interface BuildFile { path: string; bytes: number; /** not needed unless asked for: kernels, the other compiler runner */ optional: boolean }

export function parseBuild(value: unknown): Result<BuildFile[], string> {
  if (!isRecord(value) || value["schema"] !== 1 || !Array.isArray(value["files"])) return err("the list of the page's files is damaged");
  const files: BuildFile[] = [];
  for (const file of value["files"] as unknown[]) {
    if (!isRecord(file) || typeof file["path"] !== "string" || !safePath(file["path"]) || typeof file["bytes"] !== "number") return err("the list of the page's files is damaged");
    files.push({ path: file["path"], bytes: file["bytes"], optional: file["optional"] === true });
  }
  return ok(files);
}

const PACK = /^kernels\/(\d+\.\d+)\.pack$/;

/** The releases whose packs the page has. */
export function packsOf(build: readonly BuildFile[]): string[] {
  return build.flatMap((f) => PACK.exec(f.path)?.[1] ?? []);
}

/** Which files of the page an offline copy takes: all that is not optional, the packs of these releases, and what describes kernels; workshops it brings itself. */
export function planCopy(build: readonly BuildFile[], releases: readonly string[]): Result<BuildFile[], string> {
  const there = new Set(packsOf(build));
  const missing = releases.filter((r) => !there.has(r));
  if (missing.length > 0) return err(`this page has no kernel ${missing.join(", ")}`);
  return ok(build.filter((file) => {
    if (file.path.startsWith("workshops/")) return false;
    const pack = PACK.exec(file.path)?.[1];
    if (pack !== undefined) return releases.includes(pack);
    return !file.optional || file.path.startsWith("kernels/");
  }));
}

/** The list of kernels with only these releases. */
export function keepKernels(index: string, releases: readonly string[]): Result<string, string> {
  try {
    const value: unknown = JSON.parse(index);
    if (!isRecord(value) || !Array.isArray(value["kernels"])) return err("the list of kernels is damaged");
    const kernels = (value["kernels"] as unknown[]).filter((k) => isRecord(k) && releases.includes(String(k["kernel"])));
    return ok(`${JSON.stringify({ ...value, kernels }, null, 1)}\n`);
  } catch {
    return err("the list of kernels is not JSON");
  }
}

/** The page that opens this workshop when its address asks for nothing else. */
export function startWith(html: string, workshop: string): Result<string, string> {
  const meta = `<meta name="playground-start" content="w=${workshop}" />`;
  const plain = html.replace(/<meta name="playground-start"[^>]*>\s*/g, "");
  return plain.includes("</title>") ? ok(plain.replace("</title>", `</title>\n    ${meta}`)) : err("index.html has no title");
}

/** The workshop's own two files in the copy. */
export function workshopFiles(workshop: Workshop, files: Readonly<Record<string, string>>, releases: readonly string[]): Record<string, string> {
  const bundle: WorkshopBundle = { schema: 1, id: workshop.id, files };
  const text = JSON.stringify(bundle);
  const entry: WorkshopIndexEntry = {
    id: workshop.id, kind: workshop.kind, title: workshop.title, summary: workshop.summary, minutes: workshop.minutes, language: workshop.language, authors: workshop.authors,
    license: workshop.license, steps: workshop.steps.map(({ id, title, minutes }) => ({ id, title, minutes })), kernels: releases, bundle: `${workshop.id}.json`, bytes: text.length,
  };
  const index: WorkshopIndex = { schema: 1, workshops: [entry] };
  return { [`workshops/${workshop.id}.json`]: text, "workshops/index.json": `${JSON.stringify(index, null, 1)}\n` };
}

const EMBEDDED = /"\{\\"shell\\":(?:[^"\\]|\\.)*"/;

/**
 * The service worker with a list of files that fits the copy: `hashes` gives the hash of each file that was changed or added,
 * `kept` says which files there are. With `hashes` null the worker does nothing (for browsers that cannot hash here).
 */
export function fitServiceWorker(code: string, kept: ReadonlySet<string>, hashes: ReadonlyMap<string, string> | null): Result<string, string> {
  const found = EMBEDDED.exec(code);
  if (!found) return err("sw.js does not hold its list of files");
  const replace = (text: string): string => code.slice(0, found.index) + JSON.stringify(text) + code.slice(found.index + found[0].length);
  if (hashes === null) return ok(replace("none"));
  try {
    const build = JSON.parse(JSON.parse(found[0]) as string) as { shell: Record<string, string>; data: Record<string, string> };
    const fit = (list: Record<string, string>): Record<string, string> =>
      Object.fromEntries(Object.entries(list).filter(([path]) => kept.has(path)).map(([path, hash]) => [path, hashes.get(path) ?? hash]));
    const shell = fit(build.shell);
    const data = fit(build.data);
    for (const [path, hash] of hashes) if (!(path in shell) && path !== "sw.js") data[path] = hash;
    return ok(replace(JSON.stringify({ shell, data })));
  } catch {
    return err("sw.js does not hold its list of files");
  }
}

/** The text beside the files, for whoever unpacks them. */
export function readme(workshop: Pick<Workshop, "title" | "authors" | "license">, releases: readonly string[], made: string): string {
  return `${workshop.title}
${"=".repeat(Math.min(78, workshop.title.length))}
${workshop.authors.length > 0 ? `by ${workshop.authors.join(", ")}${workshop.license ? `, ${workshop.license}` : ""}\n` : ""}
This folder is the BPF Playground with this workshop in it: the page, the compiler (clang, as WebAssembly) and the kernels
${releases.join(", ")}. It needs no internet, no installation and no account.

It needs a web server. Opening index.html by a double click (an address that begins with file://) does not work: browsers
run no page of this kind from a file. Any server for static files will do; in this folder, one of

    python3 -m http.server 8000
    npx serve -l 8000
    busybox httpd -f -p 8000

and then open http://localhost:8000/ in a current Chrome, Edge, Firefox or Safari.

For a room: leave the server running on one computer and let the others open http://ADDRESS:8000/, where ADDRESS is that
computer's address in the room's network (ip address, ipconfig). Everything works over such a plain http address, with two
differences: the page asks the server for its files each time it is opened, so keep the server running; and each browser keeps
people's work as usual. Opened as localhost, or served over https, the page also opens again with the server gone.

What everybody has done stays in their own browser. "My results" in the workshop's menu gives a line to copy or a file to save;
"Give this workshop" has a table that collects them.

The licences of what is in here are in LICENSE.txt and NOTICE.txt.
Made ${made}.
`;
}
