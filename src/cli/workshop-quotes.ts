/** What a step's text quotes from a kernel has to be what that kernel says. */
import { readLink } from "../workshop/links.ts";
import type { Workshop, WorkshopStep } from "../workshop/types.ts";
import type { Bench } from "./workshop-attempt.ts";
import { kernelsOfStep } from "./workshop-problems.ts";

/** Lines of the text's ```log blocks; "…" stands for anything. */
export function quotesOf(text: string): string[] {
  return [...text.matchAll(/^```log\r?\n([\s\S]*?)^```/gm)].flatMap((block) => (block[1] ?? "").split("\n")).map((line) => line.trim()).filter((line) => line !== "");
}

/**
 * The quoted lines that nobody says about the starter: not the loader, the verifier's message or its log at level 2, on any
 * kernel that the step, its checks or its links name.
 */
export async function missingQuotes(bench: Bench, workshop: Workshop, step: WorkshopStep): Promise<string[]> {
  const wanted = quotesOf(step.text);
  if (wanted.length === 0) return [];
  const attempt = await bench.attempt(workshop, step, step.starter);
  const { errors, programs } = await attempt.compile("");
  const said: string[] = [...errors];
  const open = new Set(wanted);
  for (const kernel of new Set([...kernelsOfStep(step), ...linkedKernels(step.text)])) {
    for (const program of programs) {
      const { message, warnings } = await attempt.verdict(program, kernel);
      said.push(message, ...warnings, ...(await attempt.log(program, kernel)).split("\n"));
    }
    for (const quote of open) if (said.some((line) => says(line, quote))) open.delete(quote);
    if (open.size === 0) break;
  }
  return [...open];
}

function linkedKernels(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap((m) => {
    const link = readLink(m[1] ?? "");
    return link?.kind === "kernel" ? [link.kernel] : [];
  });
}

/** The parts of the quote follow each other in the line. */
function says(line: string, quote: string): boolean {
  let from = 0;
  for (const part of quote.split("…").map((p) => p.trim())) {
    const at = line.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return true;
}
