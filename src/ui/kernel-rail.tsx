import { useEffect } from "preact/hooks";
import type { KernelSummary, ProgramVerdict } from "../workers/kernel-api.ts";
import { cellKey } from "../session/matrix.ts";
import { matrix, pane, session } from "./state.ts";
import { LabButton } from "./lab.tsx";

/** The eleven kernels in a row, oldest to newest. The stop under each takes the colour of its verdict once it is known. */
export function KernelRail() {
  const kernels = session.kernels.value;
  const { kernel } = session.project.value;
  const program = session.program.value?.name ?? "";
  useEffect(() => {
    document.getElementById(`kernel-${kernel}`)?.scrollIntoView({ inline: "center", block: "nearest" });
  }, [kernel, kernels, pane.value]);
  if (!kernels) return <div class="rail loading" aria-busy="true"><span class="muted">Loading the list of kernels…</span></div>;
  if (!kernels.ok) {
    return (
      <div class="rail"><span class="no">The list of kernels could not be loaded: {kernels.error}</span>
        <button type="button" class="button small outlined" onClick={() => void session.loadKernels()}>Try again</button></div>
    );
  }
  const list = kernels.value;
  const move = (event: KeyboardEvent): void => {
    const at = list.findIndex((k) => k.kernel === kernel);
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: list.length - 1 }[event.key];
    if (to === undefined) return;
    const next = list[to];
    if (next) {
      session.update({ kernel: next.kernel });
      requestAnimationFrame(() => document.getElementById(`kernel-${next.kernel}`)?.focus());
    }
    event.preventDefault();
  };
  return (
    <div class="rail">
      <div class="rail-stops" role="radiogroup" aria-label="Kernel" onKeyDown={move}>
        {list.map((k) => <Stop key={k.kernel} k={k} on={k.kernel === kernel} verdict={verdictOn(program, k.kernel)} />)}
        {!list.some((k) => k.kernel === kernel) && <span class="no nowrap">{kernel} is not here</span>}
      </div>
      <LabButton />
    </div>
  );
}

/** What is known of this program on that kernel: the verdict on show, or the matrix's. */
function verdictOn(program: string, kernel: string): string | null {
  const check = session.check.value;
  if (check.kind === "done" && !check.stale && check.verdict.kernel === kernel && check.verdict.program === program) return colourOf(check.verdict);
  if (matrix.objectId.value !== session.object.value?.id) return null;
  const cell = matrix.cells.value.get(cellKey(program, kernel));
  return cell?.kind === "done" ? colourOf(cell.verdict) : null;
}

/** A custom kernel may accept and warn: what is called goes away. */
function colourOf(verdict: ProgramVerdict): string {
  return verdict.verdict === "accepted" && verdict.lab?.warned ? "accepted, warned" : verdict.verdict;
}

function Stop({ k, on, verdict }: { k: KernelSummary; on: boolean; verdict: string | null }) {
  return (
    <button id={`kernel-${k.kernel}`} type="button" role="radio" aria-checked={on} tabIndex={on ? 0 : -1} class="stop" data-verdict={verdict ?? ""}
      title={`Linux ${k.release}: ${k.helpers} helpers, ${k.kfuncs} kfuncs${k.btf ? "" : ", no BTF"}${verdict ? `; ${verdict}` : ""}`} onClick={() => session.update({ kernel: k.kernel })}>
      <span class="num">{k.kernel}</span>{verdict && <span class="sr">, {verdict}</span>}
    </button>
  );
}
