/**
 * Mutants of the typed programs: ask real kernels, or compare with what is recorded.
 *
 *   npm run fuzz:typed -- ask [--kernels 7.2,6.1|all]     (needs QEMU; e2e/oracle/README.md)
 *   npm run fuzz:typed [-- --kernels 7.2,6.1|all]
 */
import { parseArgs } from "node:util";
import { Engine } from "../../src/cli/engine.ts";
import { recordedObjects } from "../conformance/recorded-answer.ts";
import { libbpfSeries } from "../oracle/build-runner.ts";
import { cacheFolder } from "../oracle/cache.ts";
import { imageRecord, kernelSeries } from "../oracle/images.ts";
import { judge } from "../oracle/judge.ts";
import { compareAll, openAll } from "../typed/compare.ts";
import { askedOf, compileTyped, hasConfig } from "../typed/programs.ts";
import { listMutantRecordings, origin, readMutants, typedMutants, writeMutants } from "./typed-mutants.ts";

const { values, positionals } = parseArgs({ options: { kernels: { type: "string" } }, allowPositionals: true });
const wanted = (all: readonly string[]): string[] => (!values.kernels || values.kernels === "all" ? [...all] : values.kernels.split(","));
const engine = new Engine();
const mutants = typedMutants(await compileTyped(engine, undefined, cacheFolder("typed")));

if (positionals[0] === "ask") {
  for (const kernel of wanted(kernelSeries)) {
    const objects = [...mutants].filter(([name]) => askedOf(kernel, origin(name))).map(([name, bytes]) => ({ name, bytes }));
    const judgement = await judge(kernel, objects, { config: hasConfig(kernel), seconds: 10, onRemark: (text) => console.error(text) });
    // Who is not through in time, or fell with the machine, gave no answer.
    const answers = judgement.answers.filter(({ verdict }) => verdict === "accepted" || verdict === "rejected");
    writeMutants({ schema: 1, kernel, release: imageRecord(kernel).release, libbpf: `tools/lib/bpf of ${libbpfSeries}`, objects: recordedObjects(objects, { ...judgement, answers }) });
    console.log(`${kernel}: ${objects.length} objects, ${answers.length} programs, ${answers.filter(({ verdict }) => verdict === "accepted").length} accepted; ${judgement.answers.length - answers.length} without an answer`);
  }
} else {
  const refused = await openAll(engine, mutants);
  for (const kernel of wanted(listMutantRecordings())) {
    let all = 0, same = 0;
    for await (const { object, program, want, got, difference } of compareAll(engine, { ...readMutants(kernel), runs: [] }, refused)) {
      all++;
      if (!difference) same++;
      else console.log(`${kernel} ${object}:${program} ${difference}\n  want ${want.verdict} [${want.stage}] ${want.insns ?? ""} ${want.message}\n  got  ${got.verdict} [${got.stage}] ${got.insns ?? ""} ${got.message}`);
    }
    console.log(`${kernel}: ${same} of ${all} the same`);
  }
}
