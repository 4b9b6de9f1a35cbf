import { decodeUtf8 } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import { LIMITS } from "./parse.ts";

/** True for a relative path that stays where it is put: names of plain characters with "/" between them. */
export function safePath(path: string): boolean {
  return path.length > 0 && path.length <= 200 && path.split("/").every((name) => name.length > 0 && !/^\.+$/.test(name) && !/[\\:\u0000-\u001f\u007f]/.test(name) && name.trim() === name);
}

/** What operating systems and editors leave in folders; it is no part of a workshop. */
function isLitter(path: string): boolean {
  return path.split("/").some((name) => name === "__MACOSX" || name === "Thumbs.db" || name.startsWith("."));
}

/** Which files of a folder or archive are read: texts of a workshop, by their names. */
export function isWorkshopFile(path: string): boolean {
  return !isLitter(path) && /\.(?:md|c|h|json|ya?ml|txt)$/i.test(path);
}

/**
 * The workshop in a pile of files: those below the folder of the topmost workshop.md, with paths relative to it. Archives mostly
 * hold one folder that holds the workshop. Files beside that folder are not part of it.
 */
export function workshopIn(files: ReadonlyMap<string, string>): Result<Record<string, string>, string> {
  const roots = [...files.keys()].filter((path) => path === "workshop.md" || path.endsWith("/workshop.md")).map((path) => path.slice(0, -"workshop.md".length));
  if (roots.length === 0) return err("there is no workshop.md in it");
  const depth = (root: string): number => root.split("/").length;
  const top = Math.min(...roots.map(depth));
  const topmost = roots.filter((root) => depth(root) === top);
  if (topmost.length > 1) return err(`it holds ${topmost.length} workshops (${topmost.map((r) => r.replace(/\/$/, "")).slice(0, 5).join(", ")}): open one of them`);
  const root = topmost[0] ?? "";
  const out: Record<string, string> = {};
  for (const [path, text] of files) if (path.startsWith(root)) out[path.slice(root.length)] = text;
  return ok(out);
}

/** A file's text, or why it is none. `\r\n` becomes `\n`. */
export function decodeText(path: string, bytes: Uint8Array): Result<string, string> {
  if (bytes.length > LIMITS.fileBytes) return err(`${path} has ${bytes.length.toLocaleString("en")} bytes; ${LIMITS.fileBytes.toLocaleString("en")} is the most`);
  const text = decodeUtf8(bytes);
  return text.includes("\ufffd") || text.includes("\0") ? err(`${path} is not UTF-8 text`) : ok(text.replace(/^\ufeff/, "").replaceAll("\r\n", "\n"));
}
