import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Matrix, cellKey } from "../../session/matrix.ts";
import { mainFile } from "../../session/project.ts";
import { applyShim, includesShim } from "../../session/shim-project.ts";
import type { ShimEntry, ShimPlan } from "../../kernel/shim-types.ts";
import { save } from "../actions.ts";
import { kernelNames, session, toast } from "../state.ts";
import { labCompiler, makeSidePort } from "../worker-ports.ts";
import { Icon } from "../widgets/icon.tsx";
import { askLab, labClient } from "./lab-state.ts";

const from = signal("6.1");
const to = signal("");
const plan = signal<ShimPlan | null>(null);
const failed = signal<string | null>(null);
/** One matrix without and one with the header. They share a worker, which is ended when both are filled. */
const worker = makeSidePort(false);
let run = 0;
const before = new Matrix(() => worker);
const after = new Matrix(() => worker);
interface Proof { kernel: string; kernels: readonly string[]; programs: readonly string[]; beforeError: string | null; afterError: string | null; key: string }
const proof = signal<Proof | null>(null);
const proving = signal(false);
let seq = 0;

const range = (): readonly string[] => {
  const all = kernelNames.value;
  const a = all.indexOf(from.value);
  const b = all.indexOf(to.value === "" ? (all.at(-1) ?? "") : to.value);
  return a < 0 ? all : all.slice(Math.min(a, b), Math.max(a, b) + 1);
};
const sourceKey = (): string => JSON.stringify([session.project.value.files, range()]);
/** The object counts too: it is there a moment after the text. */
const planKey = (): string => `${sourceKey()} ${session.object.value?.id ?? ""}`;

async function make(): Promise<void> {
  const main = mainFile(session.project.value);
  const kernels = range();
  if (!main || kernels.length === 0) return;
  const own = ++seq;
  failed.value = null;
  // What the object calls tells of calls inside macros too.
  const object = session.upToDate() && !includesShim(session.project.value.files[main]!) ? session.object.value : null;
  const calls = object ? await labClient().about(object, (api) => api.calls(object.id, kernels.at(-1)!, null)) : "gone";
  const names = calls !== "gone" && calls.ok ? calls.value.map((c) => c.name) : [];
  const answer = await askLab((api) => api.shim({ source: session.project.value.files[main]!, names, kernels }));
  if (own !== seq) return;
  if (answer === "gone") failed.value = "the kernel worker stopped";
  else if (!answer.ok) failed.value = answer.error;
  else plan.value = answer.value;
}

/** Compiles the source without and with the header, for the newest kernel of the range, and asks every kernel about both objects. */
async function prove(): Promise<void> {
  const p = plan.value;
  const project = session.project.value;
  const main = mainFile(project);
  if (!p || !main) return;
  const own = ++run;
  proving.value = true;
  proof.value = null;
  before.clear();
  after.clear();
  const kernel = p.kernels.at(-1)!;
  try {
    const compile = async (files: Readonly<Record<string, string>>): Promise<{ object: Uint8Array | null; error: string | null }> => {
      const made = await labCompiler.compile({ files, main, kernel, overlay: null, flags: project.flags });
      if (!made.ok) return { object: null, error: made.error };
      return { object: made.value.object, error: made.value.object ? null : (made.value.diagnostics.find((d) => d.severity === "error")?.message ?? "does not compile") };
    };
    const plainFiles = Object.fromEntries(Object.entries(project.files).map(([n, text]) => [n, text.replace(`#include "${p.file}"\n`, "")]));
    const old = await compile(plainFiles);
    const fresh = await compile(applyShim(plainFiles, main, p));
    const programs = new Set<string>();
    const fills: (() => Promise<void>)[] = [];
    const judge = async (matrix: Matrix, object: Uint8Array | null, id: string): Promise<string | null> => {
      if (!object) return null;
      const loaded = { id: `${id}-${performance.now()}`, name: main, bytes: object, from: "source" as const };
      const opened = await askLab((api) => api.open(loaded.id, object));
      if (opened === "gone") return "the kernel worker stopped";
      if (!opened.ok) return opened.error.message;
      for (const program of opened.value.programs) programs.add(program.name);
      const names = opened.value.programs.map((x) => x.name);
      fills.push(() => matrix.fill({ object: loaded, programs: names, kernels: p.kernels, overlay: null, first: null }));
      return null;
    };
    const beforeError = old.error ?? (await judge(before, old.object, "shim-before"));
    const afterError = fresh.error ?? (await judge(after, fresh.object, "shim-after"));
    proof.value = { kernel, kernels: p.kernels, programs: [...programs], beforeError, afterError, key: sourceKey() };
    void fillAll(fills, own);
  } finally {
    proving.value = false;
  }
}

/** One after the other; another proof begun meanwhile has the worker to itself. */
async function fillAll(fills: readonly (() => Promise<void>)[], own: number): Promise<void> {
  for (const fill of fills) {
    if (own !== run) return;
    await fill();
  }
  if (own === run) worker.rest();
}

function apply(): void {
  const p = plan.value;
  const project = session.project.value;
  const main = mainFile(project);
  if (!p || !main) return;
  const old = project.files;
  session.update({ files: applyShim(old, main, p), activeFile: main });
  toast(`${p.file} added and included.`, "info", { label: "Undo", run: () => session.update({ files: old, activeFile: main }) });
}

/** A header that lets the program serve a range of kernels, and the proof that it does. */
export function ShimPage() {
  const all = kernelNames.value;
  const key = sourceKey();
  useEffect(() => {
    const timer = setTimeout(() => void make(), 300);
    return () => clearTimeout(timer);
  }, [planKey()]);
  const p = plan.value;
  const wrapped = p?.entries.filter((e) => e.action === "wrap") ?? [];
  const fine = p?.entries.filter((e) => e.action === "none") ?? [];
  return (
    <div class="scroll pad lab">
      <h2 class="lab-title">One source for many kernels</h2>
      <p class="muted lab-intro">Finds the helpers and kfuncs that the program calls and the chosen kernels do not all have in the same form, and writes a header with weak declarations, probes that libbpf answers at load time, and fallbacks.</p>
      <div class="row wrap lab-bar">
        <span class="label">From</span><select class="field small" aria-label="Oldest kernel" value={from.value} onChange={(e) => { from.value = e.currentTarget.value; }}>{all.map((k) => <option key={k}>{k}</option>)}</select>
        <span class="label">to</span><select class="field small" aria-label="Newest kernel" value={to.value || all.at(-1)} onChange={(e) => { to.value = e.currentTarget.value; }}>{all.map((k) => <option key={k}>{k}</option>)}</select>
        <span class="grow" />
        <button type="button" class="button small run" disabled={wrapped.length === 0 || proving.value} onClick={() => void prove()}><Icon name="check" size={12} /> Prove it</button>
        <button type="button" class="button small outlined" disabled={wrapped.length === 0} onClick={apply}><Icon name="plus" size={12} /> Put it into the project</button>
        <button type="button" class="button small" disabled={wrapped.length === 0} onClick={() => save(p!.file, p!.header, "text/x-chdr")}><Icon name="download" size={12} /> {p?.file ?? "Header"}</button>
      </div>
      {failed.value && <p class="no">{failed.value}</p>}
      {p && p.entries.length === 0 && <p class="muted">The program calls no helper and no kfunc.</p>}
      {wrapped.length > 0 && <ul class="lab-list">{wrapped.map((e) => <Wrapped key={e.name} e={e} />)}</ul>}
      {p && wrapped.length === 0 && p.entries.length > 0 && <p class="ok">No header is needed: every kernel from {p.kernels[0]} to {p.kernels.at(-1)} has what the program calls.</p>}
      {fine.length > 0 && <p class="faint">As they are: {fine.map((e) => e.name).join(", ")}.</p>}
      {proving.value && <p class="faint" role="status">Compiling without and with the header…</p>}
      {proof.value && <ProofTable proof={proof.value} stale={proof.value.key !== key} />}
      {p && p.header !== "" && <><h3 class="heading lab-heading">{p.file}</h3><pre class="quote lab-header" tabIndex={0} aria-label="The header">{p.header}</pre></>}
    </div>
  );
}

function Wrapped({ e }: { e: ShimEntry }) {
  return (
    <li class="lab-item lab-wrapped"><div class="lab-item-head"><code>{e.name}</code><span class="tag">{e.kind}</span><span class="grow" /><span class="faint">{e.probe}</span></div>
      <p class="muted">{e.why}</p>
      {e.fallback && e.fallback.kernels.length > 0 && <p class="warn">Where there is none, the call {e.fallback.value === "" ? "does nothing" : `gives ${e.fallback.value}`} (SHIM_FALLBACK_{e.name} says otherwise).</p>}
      {e.notes.map((n) => <p key={n} class="warn">{n}</p>)}
    </li>
  );
}

function ProofTable({ proof: p, stale }: { proof: Proof; stale: boolean }) {
  return (
    <section class="lab-proof" data-stale={stale}>
      <h3 class="heading lab-heading">One object, compiled with the vmlinux.h of {p.kernel}{stale && <span class="warn"> (of an earlier text or range)</span>}</h3>
      <div class="matrix-scroll"><table class="matrix">
        <thead><tr><th scope="col"><span class="sr">Program</span></th>{p.kernels.map((k) => <th key={k} scope="col" class="num">{k}</th>)}</tr></thead>
        <tbody>
          {(p.programs.length === 0 ? [""] : p.programs).flatMap((program) => [
            <ProofRow key={`${program} before`} label={program} sub="without" matrix={before} error={p.beforeError} program={program} kernels={p.kernels} />,
            <ProofRow key={`${program} after`} label={program} sub="with the header" matrix={after} error={p.afterError} program={program} kernels={p.kernels} />,
          ])}
        </tbody>
      </table></div>
      {p.beforeError && <p class="no">Without: {p.beforeError}</p>}{p.afterError && <p class="no">With the header: {p.afterError}</p>}
    </section>
  );
}

function ProofRow({ label, sub, matrix, error, program, kernels }: { label: string; sub: string; matrix: Matrix; error: string | null; program: string; kernels: readonly string[] }) {
  return (
    <tr><th scope="row"><code class="ellipsis">{label}</code><span class="faint minimum">{sub}</span></th>
      {kernels.map((kernel) => {
        const cell = matrix.cells.value.get(cellKey(program, kernel));
        const verdict = error !== null ? "rejected" : cell?.kind === "done" ? cell.verdict.verdict : cell?.kind ?? "waiting";
        const message = error ?? (cell?.kind === "done" ? cell.verdict.message : "");
        return <td key={kernel}><span class="cell" role="img" data-verdict={verdict} aria-label={`${label} ${sub} on ${kernel}: ${verdict}`} title={`${kernel}: ${verdict}${message ? `\n${message}` : ""}`}>{verdict === "accepted" && <Icon name="check" size={13} />}{verdict === "rejected" && <Icon name="cross" size={13} />}{verdict === "unsupported" && <Icon name="dash" size={13} />}</span></td>;
      })}
    </tr>
  );
}
