/** Workshops on disk: folders read as the parser takes them, and what the page fetches written beside them. */
import { cp, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { LIMITS } from "../workshop/parse.ts";
import { decodeText, isWorkshopFile } from "../workshop/paths.ts";
import { PROJECT } from "./kernel-files.ts";

/** Workshops that are shipped with the page. */
export const WORKSHOPS = join(PROJECT, "public/workshops");
/** What `workshop new` copies. */
export const TEMPLATE = join(PROJECT, "e2e/workshops/template");

/** The files of a workshop's folder, path ("01-hello/step.md") → text. The error says which file cannot be read. */
export async function readWorkshopFolder(folder: string): Promise<Result<Record<string, string>, string>> {
  const files: Record<string, string> = {};
  let left: number = LIMITS.files;
  const walk = async (dir: string): Promise<string | null> => {
    for (const entry of (await readdir(dir, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(dir, entry.name);
      const name = relative(folder, path).split(sep).join("/");
      if (entry.isDirectory()) {
        const failed = entry.name.startsWith(".") || entry.name === "node_modules" ? null : await walk(path);
        if (failed !== null) return failed;
        continue;
      }
      if (!isWorkshopFile(name)) continue;
      if (--left < 0) return `${folder}: has more than ${LIMITS.files} files`;
      const { size } = await stat(path);
      if (size > LIMITS.fileBytes) return `${name} has ${size} bytes; ${LIMITS.fileBytes} is the most`;
      const text = decodeText(name, new Uint8Array(await readFile(path)));
      if (!text.ok) return text.error;
      files[name] = text.value;
    }
    return null;
  };
  try {
    if (!(await stat(folder)).isDirectory()) return err(`${folder}: is no folder`);
    const failed = await walk(folder);
    return failed === null ? ok(files) : err(failed);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return err(`${folder}: ${code === "ENOENT" ? "no such folder" : `cannot be read (${code})`}`);
  }
}

/** Copies the template to a folder that is not there yet, and puts the folder's name into it. */
export async function copyTemplate(target: string, id: string): Promise<Result<null, string>> {
  try {
    await mkdir(target, { recursive: false });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return err(`${target}: ${code === "EEXIST" ? "is there already" : code === "ENOENT" ? "its parent folder does not exist" : `cannot be made (${code})`}`);
  }
  await cp(TEMPLATE, target, { recursive: true });
  const main = join(target, "workshop.md");
  await writeFile(main, (await readFile(main, "utf8")).replace(/^id: .*$/m, `id: ${id}`));
  return ok(null);
}
