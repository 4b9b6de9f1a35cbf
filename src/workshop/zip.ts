import { Unzip, UnzipInflate, type UnzipFile } from "fflate";
import { err, ok, type Result } from "../base/result.ts";
import { LIMITS } from "./parse.ts";
import { decodeText, isWorkshopFile, safePath, workshopIn } from "./paths.ts";

/** Packed bytes of an archive: far more than a workshop of the largest size packs to. */
export const MAX_ZIP = 8 * 1024 * 1024;
/** Entries looked at, read or not: an archive of a million empty files is no workshop. */
const MAX_ENTRIES = 4000;
/** Packed bytes given to the inflater at once. Deflate grows at most some 1030 times, so a step stays below 5 MB whatever an archive claims. */
const SLICE = 4096;

export function looksLikeZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && ((bytes[2] === 3 && bytes[3] === 4) || (bytes[2] === 5 && bytes[3] === 6));
}

/**
 * The workshop in a zip archive, path → text. The archive is hostile until shown otherwise: sizes are counted while unpacking
 * and not believed, unpacking stops at LIMITS, and a path that leads out of the archive refuses all of it. Only texts are unpacked.
 */
export function readZip(bytes: Uint8Array): Result<Record<string, string>, string> {
  if (bytes.length > MAX_ZIP) return err(`the archive has ${bytes.length.toLocaleString("en")} bytes; ${MAX_ZIP.toLocaleString("en")} is the most`);
  if (!looksLikeZip(bytes)) return err("it is not a zip archive");
  const reader = new Reader();
  const unzip = new Unzip((file) => reader.entry(file));
  unzip.register(UnzipInflate);
  try {
    for (let at = 0; at < bytes.length && reader.problem === null; at += SLICE) unzip.push(bytes.subarray(at, at + SLICE), at + SLICE >= bytes.length);
  } catch (error) {
    reader.fail(`the archive is damaged: ${error instanceof Error ? error.message : String(error)}`);
  }
  return reader.finish();
}

class Reader {
  problem: string | null = null;
  private readonly texts = new Map<string, string>();
  private readonly unfinished = new Set<string>();
  private entries = 0;
  private total = 0;

  fail(problem: string): void {
    this.problem ??= problem;
  }

  entry(file: UnzipFile): void {
    if (this.problem !== null) return;
    const path = file.name;
    if (++this.entries > MAX_ENTRIES) return this.fail(`the archive has more than ${MAX_ENTRIES} entries`);
    if (path.endsWith("/")) return;
    if (!safePath(path)) return this.fail(`the archive holds "${printable(path)}", a path that may lead out of its folder`);
    if (!isWorkshopFile(path)) return;
    if (this.texts.has(path) || this.unfinished.has(path)) return this.fail(`the archive holds ${path} twice`);
    if (this.texts.size + this.unfinished.size >= LIMITS.files) return this.fail(`the archive has more than ${LIMITS.files} files`);
    this.unfinished.add(path);
    const chunks: Uint8Array[] = [];
    let size = 0;
    file.ondata = (error, chunk, last) => {
      if (this.problem !== null) return;
      if (error) return this.fail(`${path} in the archive is damaged: ${error.message}`);
      size += chunk.length;
      this.total += chunk.length;
      if (size > LIMITS.fileBytes) return this.fail(`${path} unpacks to more than ${LIMITS.fileBytes.toLocaleString("en")} bytes`);
      if (this.total > LIMITS.totalBytes) return this.fail(`the archive unpacks to more than ${LIMITS.totalBytes.toLocaleString("en")} bytes`);
      // The inflater reuses its buffer.
      chunks.push(chunk.slice());
      if (!last) return;
      this.unfinished.delete(path);
      const whole = new Uint8Array(size);
      let at = 0;
      for (const part of chunks) {
        whole.set(part, at);
        at += part.length;
      }
      const text = decodeText(path, whole);
      if (text.ok) this.texts.set(path, text.value);
      else this.fail(text.error);
    };
    file.start();
  }

  finish(): Result<Record<string, string>, string> {
    if (this.problem === null && this.unfinished.size > 0) this.fail(`the archive ends before ${[...this.unfinished][0]} does`);
    return this.problem === null ? workshopIn(this.texts) : err(this.problem);
  }
}

function printable(text: string): string {
  return text.slice(0, 80).replace(/[^\x20-\x7e]/g, "?");
}
