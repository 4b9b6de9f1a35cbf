import { basename, resolve } from "node:path";
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { parseArgs } from "./args.ts";
import { Exit, usageError } from "./exit.ts";
import type { UsageError } from "./exit.ts";
import type { Output } from "./output.ts";
import { workshopCheck } from "./workshop-check.ts";
import { copyTemplate, WORKSHOPS } from "./workshop-files.ts";
import { makeIndex, staleFiles, writeIndex } from "./workshop-index.ts";

/** `workshop check|new|index`: for people who write workshops. The format is described in src/workshop/README.md. */
export async function workshopCommand(args: readonly string[], out: Output): Promise<Result<Exit, UsageError>> {
  const [verb, ...rest] = args;
  switch (verb) {
    case "check":
      return workshopCheck(rest, out);
    case "new":
      return workshopNew(rest, out);
    case "index":
      return workshopIndex(rest, out);
    default:
      return err(usageError(`takes check DIR…, new DIR or index${verb === undefined ? "" : `, not "${verb}"`}`));
  }
}

async function workshopNew(args: readonly string[], out: Output): Promise<Result<Exit, UsageError>> {
  const parsed = parseArgs(args, {});
  if (!parsed.ok) return err(usageError(parsed.error));
  const [folder, more] = parsed.value.files;
  if (folder === undefined || more !== undefined) return err(usageError("new takes one folder, which is made"));
  const id = basename(resolve(folder));
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/i.test(id)) return err(usageError(`the folder's name becomes the workshop's id: letters, digits and dashes, not "${id}"`));
  const made = await copyTemplate(folder, id);
  if (!made.ok) return err(usageError(made.error));
  out.line(`${folder}: a workshop of one step; next: npm run workshop -- check ${folder}`);
  return ok(Exit.ACCEPTED);
}

async function workshopIndex(args: readonly string[], out: Output): Promise<Result<Exit, UsageError>> {
  const parsed = parseArgs(args, { "--check": "flag" });
  if (!parsed.ok) return err(usageError(parsed.error));
  const folder = parsed.value.files[0] ?? WORKSHOPS;
  if (parsed.value.files.length > 1) return err(usageError("index takes one folder of workshops"));
  const made = await makeIndex(folder);
  if (!made.ok) return err(usageError(made.error));
  if (parsed.value.options.has("--check")) {
    const stale = await staleFiles(folder, made.value);
    for (const name of stale) out.error(`${name}: is not as "workshop index" would write it`);
    return ok(stale.length === 0 ? Exit.ACCEPTED : Exit.REJECTED);
  }
  await writeIndex(folder, made.value);
  out.line(`${folder}/index.json: ${made.value.count} workshops`);
  return ok(Exit.ACCEPTED);
}
