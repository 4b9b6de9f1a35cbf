import type { Taking } from "../../session/taking.ts";
import { resultLine, stepProgress } from "../../workshop/progress.ts";
import { copy } from "../actions.ts";
import { Icon } from "../widgets/icon.tsx";
import { Modal } from "../widgets/modal.tsx";
import { downloadProgress } from "./menu.tsx";
import { surface } from "./surface.ts";

/** What one has done, and two ways to hand it in: a line to copy, or a file. Nothing is sent anywhere. */
export function HandIn({ taking }: { taking: Taking }) {
  const progress = taking.progress.value;
  const { steps } = taking.workshop;
  const line = resultLine(progress, taking.workshop);
  const passed = steps.filter((s) => stepProgress(progress, s.id).passed).length;
  return (
    <Modal title="My results" onClose={() => { surface.value = null; }}>
      <div class="form">
        <p><strong class="num">{passed} of {steps.length}</strong> steps passed. Whoever gives the workshop can collect this line, or your progress file; nothing is sent by itself.</p>
        <label class="stack"><span class="label">Name in the results</span>
          <input class="field" maxLength={80} value={progress.attendee} placeholder="optional" autocomplete="name" onInput={(e) => taking.rename(e.currentTarget.value)} /></label>
        <label class="stack"><span class="label">Result line</span><textarea class="field mono" readOnly rows={3} value={line} onFocus={(e) => e.currentTarget.select()} /></label>
        <div class="row wrap">
          <button type="button" class="button run" onClick={() => void copy(line, "Result line copied.")}><Icon name="copy" size={14} /> Copy the line</button>
          <button type="button" class="button outlined" onClick={() => downloadProgress(taking)}><Icon name="download" size={14} /> Save the file</button>
        </div>
        <table class="table">
          <thead><tr><th scope="col">Step</th><th scope="col">State</th><th scope="col">Attempts</th><th scope="col">Hints</th><th scope="col">Time</th></tr></thead>
          <tbody>{steps.map((s) => {
            const p = stepProgress(progress, s.id);
            return <tr key={s.id}><td>{s.title}</td><td class={p.passed ? "ok" : "muted"}>{p.passed ? "passed" : p.attempts > 0 ? "tried" : "–"}</td><td class="num">{p.attempts}</td><td class="num">{p.hintsSeen}</td><td class="num">{Math.round(p.seconds / 60)} min</td></tr>;
          })}</tbody>
        </table>
      </div>
    </Modal>
  );
}
