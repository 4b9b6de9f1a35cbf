/**
 * The oracle's command: `npm run oracle -- --kernels 7.2,6.12 --objects DIR [--log-level 2] [--out FILE]`.
 * One JSON object a line, for each (kernel, object, program); with `--run CASES.json`, for each (kernel, case). See README.md.
 */
import { createWriteStream, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { kernelSeries } from "./images.ts";
import { judge, type OracleObject, type ProgramAnswer } from "./judge.ts";
import { runPrograms, type RunCase } from "./run-programs.ts";

const usage = `npm run oracle -- --kernels V[,V…]|all --objects DIR|FILE.o [--log-level N] [--program NAME] [--state-freq] [--xlated] [--modules] [--config] [--run CASES.json] [--out FILE]`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kernels: { type: "string" },
      objects: { type: "string", multiple: true },
      "log-level": { type: "string" },
      program: { type: "string" },
      "state-freq": { type: "boolean" },
      xlated: { type: "boolean" },
      modules: { type: "boolean" },
      config: { type: "boolean" },
      run: { type: "string" },
      out: { type: "string" },
    },
  });
  if (!values.kernels || !values.objects) {
    console.error(usage);
    return 2;
  }
  const kernels = values.kernels === "all" ? [...kernelSeries] : values.kernels.split(",");
  const paths = values.objects.flatMap((path) => (statSync(path).isDirectory() ? readdirSync(path).filter((name) => name.endsWith(".o")).sort().map((name) => join(path, name)) : [path]));
  const objects = paths.map((path) => ({ name: basename(path), bytes: readFileSync(path) }));
  const level = values["log-level"] === undefined ? undefined : Number(values["log-level"]);
  const out = values.out ? createWriteStream(values.out) : process.stdout;
  for (const kernel of kernels) {
    if (values.run) {
      const jobs = readCases(values.run, objects);
      (await runPrograms(kernel, jobs)).forEach((result, i) => out.write(`${JSON.stringify({ kernel, object: jobs[i]?.object.name, ...result })}\n`));
      continue;
    }
    const { refusals } = await judge(kernel, objects, {
      logLevels: level === undefined ? [5] : [5, level | 4],
      xlated: values.xlated,
      modules: values.modules,
      config: values.config,
      programFlags: values["state-freq"] ? 8 : 0,
      onRemark: (text) => console.error(text),
      onAnswer: (answer) => {
        if (!values.program || answer.program === values.program) out.write(`${JSON.stringify(line(kernel, answer, level !== undefined))}\n`);
      },
    });
    for (const refusal of refusals) out.write(`${JSON.stringify({ kernel, ...refusal, verdict: "rejected", stage: "open" })}\n`);
  }
  return 0;
}

/** A file of cases: an array of RunCase (run-programs.ts), each with `object`, the name of one of the objects given. */
function readCases(path: string, objects: readonly OracleObject[]): { object: OracleObject; case: RunCase }[] {
  const cases = JSON.parse(readFileSync(path, "utf8")) as (RunCase & { object: string })[];
  return cases.map((entry) => {
    const object = objects.find((candidate) => candidate.name === entry.object);
    if (!object) throw new Error(`${path}: case "${entry.name}" asks for ${entry.object}, which is not among the objects`);
    return { object, case: entry };
  });
}

function line(kernel: string, answer: ProgramAnswer, withLog: boolean): object {
  const { logs, xlated, statistics, messages, ...rest } = answer;
  return {
    kernel,
    ...rest,
    ...(messages.length ? { messages } : {}),
    ...statistics,
    ...(withLog ? { log: logs[logs.length - 1]?.text } : {}),
    ...(xlated ? { xlated: Buffer.from(xlated).toString("hex") } : {}),
  };
}

process.exitCode = await main();
