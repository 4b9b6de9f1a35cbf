import { parse as parseYaml } from "yaml";
import type { WorkshopProblem } from "./types.ts";

/** Takes a Markdown file apart: the YAML between two lines `---` at its beginning, and the text below. Scalars stay texts. */
export function splitFrontMatter(text: string, file: string, problems: WorkshopProblem[]): { data: unknown; body: string } {
  const m = /^---\r?\n([\s\S]*?)\r?\n---\r?\n?/.exec(text);
  if (!m) {
    problems.push({ file, path: "", message: "begins without front matter: a line ---, YAML, a line ---" });
    return { data: {}, body: text };
  }
  const body = text.slice(m[0].length);
  try {
    // maxAliasCount bounds "billion laughs" documents
    return { data: parseYaml(m[1] ?? "", { maxAliasCount: 20, schema: "failsafe" }) as unknown, body };
  } catch (e) {
    problems.push({ file, path: "", message: `front matter is not YAML: ${e instanceof Error ? (e.message.split("\n")[0] ?? "") : String(e)}` });
    return { data: {}, body };
  }
}
