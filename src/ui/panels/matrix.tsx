import { cellKey, minimumKernel } from "../../session/matrix.ts";
import { fillMatrix, kernelNames, matrix, panel, session } from "../state.ts";
import { Icon } from "../widgets/icon.tsx";
import { CallRows } from "./calls-matrix.tsx";
import { KernelPairView, PairButton } from "./kernel-pair.tsx";

/** Programs down, kernels across; each cell is a verdict and opens it. */
export function MatrixPanel() {
  const summary = session.summary.value;
  const kernels = kernelNames.value;
  const cells = matrix.cells.value;
  const progress = matrix.progress.value;
  if (!summary || summary.programs.length === 0) return <div class="empty"><strong>No program to judge</strong><p>When one compiles, every kernel can be asked about it.</p></div>;
  const current = matrix.objectId.value === session.object.value?.id && cells.size > 0;
  if (!current) {
    const bytes = session.kernels.value?.ok ? session.kernels.value.value.reduce((sum, k) => sum + k.packBytes, 0) : 0;
    return (
      <div class="empty"><strong>Which kernels take it?</strong><p>Judges {summary.programs.length === 1 ? "the program" : `all ${summary.programs.length} programs`} on {kernels.length} kernels, from {kernels[0]} to {kernels.at(-1)}. Their data is fetched once{bytes > 0 && `, ${(bytes / 1e6).toFixed(0)} MB in all`}.</p>
        <button type="button" class="button run" disabled={kernels.length === 0} onClick={fillMatrix}>Ask all kernels</button></div>
    );
  }
  return (
    <div class="panel-column">
      <div class="panel-bar">
        {progress ? <><progress max={progress.total} value={progress.done} aria-label="Cells filled" /><span class="num muted">{progress.done} of {progress.total}</span></> : <span class="muted">Filled again after every compile</span>}
        <span class="grow" />
        <button type="button" class="button small" onClick={fillMatrix}><Icon name="refresh" size={13} /> Again</button>
      </div>
      <div class="scroll matrix-scroll">
        <table class="matrix">
          <thead><tr><th scope="col"><span class="sr">Program</span></th>{kernels.map((k) => <th key={k} scope="col" data-on={k === session.project.value.kernel}><PairButton kernel={k} /></th>)}</tr></thead>
          <tbody>
            {summary.programs.map((p) => {
              const row = kernels.map((k) => cells.get(cellKey(p.name, k)));
              return (
                <tr key={p.name} data-on={p.name === session.program.value?.name}>
                  <th scope="row"><code class="ellipsis">{p.name}</code><span class="faint minimum">{minimumKernel(row, kernels) ?? p.section}</span></th>
                  {row.map((cell, i) => {
                    const kernel = kernels[i]!;
                    const verdict = cell?.kind === "done" ? (cell.verdict.verdict === "accepted" && cell.verdict.lab?.warned ? "warned" : cell.verdict.verdict) : cell?.kind ?? "waiting";
                    const message = cell?.kind === "done" ? (verdict === "warned" ? cell.verdict.lab!.uses.filter((u) => u.what === "deprecated").map((u) => u.text).join("; ") : cell.verdict.message) : "";
                    return (
                      <td key={kernel}>
                        <button type="button" class="cell" data-verdict={verdict} aria-label={`${p.name} on ${kernel}: ${verdict}${message ? `, ${message}` : ""}`} title={`${kernel}: ${verdict}${message ? `\n${message}` : ""}`}
                          onClick={() => { session.update({ kernel, program: p.name, selectedInsn: null }); panel.value = "verdict"; }}>
                          {verdict === "accepted" && <Icon name="check" size={13} />}{verdict === "warned" && <Icon name="alert" size={13} />}{verdict === "rejected" && <Icon name="cross" size={13} />}{verdict === "unsupported" && <Icon name="dash" size={13} />}{verdict === "stopped" && <Icon name="stop" size={11} />}
                        </button>
                      </td>
                    );
                  })}
                </tr>
              );
            })}
          </tbody>
          <CallRows />
        </table>
        <KernelPairView />
        <Causes />
      </div>
    </div>
  );
}

/** The first cause of each refusal, with the kernels that give it, so that a row of red says why. */
function Causes() {
  const groups = new Map<string, { verdict: string; program: string; message: string; why: string | null; kernels: string[] }>();
  for (const kernel of kernelNames.value) {
    for (const program of session.summary.value?.programs ?? []) {
      const cell = matrix.cells.value.get(cellKey(program.name, kernel));
      if (cell?.kind !== "done" || cell.verdict.verdict === "accepted") continue;
      // The same words may have another cause on another kernel: not there yet, not built, gone.
      const key = `${program.name}\n${cell.verdict.message}\n${cell.verdict.api?.status ?? ""}`;
      const group = groups.get(key) ?? { verdict: cell.verdict.verdict, program: program.name, message: cell.verdict.message, why: cell.verdict.api?.sentences[0] ?? cell.verdict.note ?? null, kernels: [] };
      group.kernels.push(kernel);
      groups.set(key, group);
    }
  }
  if (groups.size === 0) return null;
  return (
    <section class="causes">
      <h3 class="heading">Why</h3>
      <ul>
        {[...groups.values()].map((g, i) => (
          <li key={i}><span class={g.verdict === "unsupported" ? "un" : "no"}><code>{g.program}</code></span> <span class="muted num">on {g.kernels.join(", ")}</span><pre>{g.message || g.verdict}</pre>{g.why && <p class="muted">{g.why}</p>}</li>
        ))}
      </ul>
    </section>
  );
}
