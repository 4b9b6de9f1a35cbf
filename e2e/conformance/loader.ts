/**
 * Our loader against the real libbpf and recorded kernels.
 *
 *   npx tsx e2e/conformance/loader.ts [--kernel 7.2] [--tests 7.2]
 *
 * 1. Opening: every object of .cache/conformance/TESTS is opened by us and by libbpf (the library the oracle is built
 *    with, in .cache/oracle); programs, types, attach types, maps and refusals must be the same, line by line.
 * 2. Binding: programs that libbpf refused before the kernel's verifier saw them must be refused by us with the same
 *    first line, and no others. Where there is a recording with modules and .config (TESTS-modules), its answers count for what
 *    libbpf refuses without them.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bindProgram } from "../../src/loader/bind.ts";
import { openObject } from "../../src/loader/open.ts";
import { loadKernel } from "./compare.ts";
import { listRecordings, readRecording, type RecordedProgram } from "./recorded.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { values } = parseArgs({ options: { kernel: { type: "string", default: "7.2" }, tests: { type: "string", default: "7.2" } } });
const folder = join(root, ".cache/conformance", values.tests);
const objects = readdirSync(folder).filter((name) => name.endsWith(".o"));
const spec = (name: string): ReturnType<typeof openObject> => openObject(readFileSync(join(folder, name)), { name: name.split(".")[0] });

/** What open-objects.c prints, of what we make of an object. */
function facts(name: string): string[] {
  const opened = spec(name);
  if (!opened.ok) return [`${name} refused libbpf: ${opened.error.message}`];
  const programs = opened.value.programs.map((p) => `${name} program ${p.name} ${p.section} ${p.type ?? "unspec"} ${p.attachType ?? "cgroup_inet_ingress"} ${p.autoload ? 1 : 0} ${p.insns.length}`);
  const maps = opened.value.maps.map((m) => {
    // libbpf shows users the whole name of .data.X, .rodata.X and .percpu.X sections, which the kernel gets cut
    const shown = /^\.((ro)?data|percpu)\../.test(m.section) ? m.section : m.name;
    return `${name} map ${shown} ${m.typeId} ${m.keySize} ${m.valueSize} ${m.maxEntries} ${(m.flags >>> 0).toString(16)} ${m.mapExtra} ${m.keyTypeId} ${m.valueTypeId}`;
  });
  return [...programs, ...maps];
}

/** libbpf's own facts; undefined when the oracle has not built it here. */
function libbpfFacts(): string[] | undefined {
  const oracle = join(root, ".cache/oracle");
  const built = existsSync(oracle) ? readdirSync(oracle).filter((name) => name.startsWith("libbpf-") && statSync(join(oracle, name)).isDirectory()).sort().at(-1) : undefined;
  if (!built) return undefined;
  const library = join(oracle, built);
  const program = join(oracle, "open-objects");
  mkdirSync(oracle, { recursive: true });
  execFileSync("cc", ["-O1", `-I${join(library, "usr/include")}`, join(root, "e2e/conformance/open-objects.c"), join(library, "libbpf.a"), "-lelf", "-lz", "-lzstd", "-o", program]);
  const lines: string[] = [];
  for (let i = 0; i < objects.length; i += 200) {
    lines.push(...execFileSync(program, objects.slice(i, i + 200).map((name) => join(folder, name)), { encoding: "utf8", maxBuffer: 1 << 28 }).split("\n").filter((line) => line !== ""));
  }
  return lines;
}

function compareOpening(): number {
  const theirs = libbpfFacts();
  if (!theirs) {
    console.log("opening: not compared, .cache/oracle has no libbpf (npm run oracle builds it)");
    return 0;
  }
  const ours = objects.flatMap(facts);
  const [a, b] = [new Set(theirs), new Set(ours)];
  const wrong = [...theirs.filter((line) => !b.has(line)).map((line) => `- ${line}`), ...ours.filter((line) => !a.has(line)).map((line) => `+ ${line}`)];
  for (const line of wrong.sort((x, y) => (x.slice(2) < y.slice(2) ? -1 : 1)).slice(0, 40)) console.log(`  ${line}`);
  console.log(`opening: ${objects.length} objects, ${theirs.length} facts of libbpf's, ${theirs.filter((line) => b.has(line)).length} the same`);
  return wrong.length;
}

/** What was recorded with the modules that our kernels have, by "object program". */
function withModules(): Map<string, RecordedProgram> {
  const tests = `${values.tests}-modules`;
  if (!listRecordings().some(([k, t]) => k === values.kernel && t === tests)) return new Map();
  return new Map(readRecording(values.kernel, tests).objects.flatMap(({ object, programs }) => programs.map((program) => [`${object} ${program.program}`, program] as const)));
}

async function compareBinding(): Promise<number> {
  const kernel = await loadKernel(values.kernel);
  const better = withModules();
  const counts = { verifier: 0, refused: 0, refusedSame: 0, unsupported: 0, wrong: 0 };
  for (const object of readRecording(values.kernel, values.tests).objects) {
    const opened = spec(object.object);
    for (const plain of opened.ok ? object.programs : []) {
      const program = better.get(`${object.object} ${plain.program}`) ?? plain;
      const bound = opened.ok ? bindProgram(opened.value, program.program, kernel) : undefined;
      const theirs = program.verdict === "rejected" && ["open", "prepare", "load"].includes(program.stage) ? (program.messages?.[0] ?? program.message ?? "").trim() : undefined;
      const ours = bound && !bound.ok ? bound.error : undefined;
      // what has no type is refused by the kernel before its verifier where the loader asks anyway
      if (theirs === undefined && program.stage !== "syscall") counts.verifier++;
      else counts.refused++;
      if (ours?.verdict === "unsupported") counts.unsupported++;
      else if (program.stage === "syscall" && ours) counts.refusedSame++;
      else if (theirs !== undefined && ours && (ours.message === theirs || ours.log.includes(theirs))) counts.refusedSame++;
      else if (theirs !== undefined || ours) {
        counts.wrong++;
        if (counts.wrong <= 40) console.log(`  ${object.object} ${program.program}: libbpf "${theirs ?? "accepts"}", we "${ours?.message ?? "accept"}"`);
      }
    }
  }
  console.log(`binding on ${values.kernel}: ${counts.verifier} programs reach the verifier, libbpf refuses ${counts.refused}, we refuse ${counts.refusedSame} of them in its words; ${counts.unsupported} unsupported, ${counts.wrong} wrong`);
  return counts.wrong;
}

const wrong = compareOpening() + (await compareBinding());
process.exitCode = wrong === 0 ? 0 : 1;
