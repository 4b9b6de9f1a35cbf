import type { RunResult } from "../emulator/types.ts";
import type { ProgramVerdict } from "../workers/kernel-api.ts";
import type { Project } from "./types.ts";

/** The project, its verdict and its last run as Markdown for an issue or a mail. */
export function projectMarkdown(project: Project, verdict: ProgramVerdict | null, run: RunResult | null, link: string): string {
  const out: string[] = [];
  const { flags } = project;
  for (const [name, text] of Object.entries(project.files)) out.push(`**${name}**`, "", fence("c", text), "");
  out.push(`\`clang ${flags.opt}${flags.debug ? " -g" : ""} --target=bpf -mcpu=${flags.mcpu}${flags.extra.map((x) => ` ${x}`).join("")}\``, "");
  if (verdict) {
    const where = verdict.source ? ` at ${verdict.source.file}:${verdict.source.line}` : "";
    out.push(`Linux ${verdict.kernel}: **${verdict.verdict}** (${verdict.program}, ${verdict.stage})${verdict.message === "" ? "" : where}`, "");
    if (verdict.message !== "") out.push(fence("", verdict.message), "");
    const reason = verdict.verify?.explanation?.reason;
    if (reason) out.push(reason, "");
  }
  if (run) {
    out.push(`Run: ${run.outcome}, returned ${run.retval}${run.action ? ` (${run.action})` : ""}, ${run.insnsExecuted} instructions`, "");
    if (run.trace.length > 0) out.push(fence("", run.trace.slice(0, 50).join("\n")), "");
  }
  out.push(`[Open in the playground](${link})`, "");
  return out.join("\n");
}

/** A fence longer than any run of backticks inside. */
function fence(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((m) => m[0].length));
  const mark = "`".repeat(longest + 1);
  return `${mark}${language}\n${text.replace(/\n$/, "")}\n${mark}`;
}
