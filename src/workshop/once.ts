import type { Attempt } from "./types.ts";

/** The same attempt, asking each question once: several checks of a step are about the same verdict or run. */
export function once(attempt: Attempt): Attempt {
  const known = new Map<string, Promise<unknown>>();
  const ask = <T>(key: unknown, question: () => Promise<T>): Promise<T> => {
    const text = JSON.stringify(key);
    const found = known.get(text) as Promise<T> | undefined;
    if (found) return found;
    const answer = question();
    known.set(text, answer);
    return answer;
  };
  return {
    files: attempt.files,
    compile: (kernel) => ask(["compile", kernel], () => attempt.compile(kernel)),
    verdict: (program, kernel) => ask(["verdict", program, kernel], () => attempt.verdict(program, kernel)),
    log: (program, kernel) => ask(["log", program, kernel], () => attempt.log(program, kernel)),
    calls: (program, kernel) => ask(["calls", program, kernel], () => attempt.calls(program, kernel)),
    run: (program, kernel, input) => ask(["run", program, kernel, input], () => attempt.run(program, kernel, input)),
  };
}
