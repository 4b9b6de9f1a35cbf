import { useState } from "preact/hooks";
import { session } from "./state.ts";
import { Icon } from "./widgets/icon.tsx";
import { Popover } from "./widgets/menu.tsx";

const SAMPLE = JSON.stringify({
  schema: 1,
  name: "what-if",
  title: "bpf_task_from_pid goes away in 7.6",
  simulatedRelease: "7.5",
  changes: [{ op: "deprecate", kfunc: "bpf_task_from_pid", removedIn: "7.6", replacement: "bpf_task_from_vpid", reason: "an example of a deprecation window" }],
}, null, 2);

/** A custom kernel: an overlay on the chosen release, as text. */
export function LabButton() {
  const { overlay } = session.project.value;
  return (
    <Popover label={<><Icon name="cpu" size={14} />{overlay ? overlayName(overlay) : "Custom"}</>} title={overlay ? "Custom kernel in force" : "Custom kernel"} class={`button small ${overlay ? "outlined lab-on" : ""}`} align="right" kind="dialog" wide>
      {(close) => <LabForm close={close} />}
    </Popover>
  );
}

export function overlayName(overlay: string): string {
  try {
    const name = (JSON.parse(overlay) as { name?: unknown }).name;
    return typeof name === "string" && name !== "" ? name.slice(0, 24) : "custom";
  } catch {
    return "not JSON";
  }
}

function LabForm({ close }: { close: () => void }) {
  const { overlay, kernel } = session.project.value;
  const [text, setText] = useState(overlay ?? SAMPLE);
  let problem: string | null = null;
  try {
    JSON.parse(text);
  } catch (error) {
    problem = error instanceof Error ? error.message : "not JSON";
  }
  return (
    <div class="form lab">
      <p class="muted">An overlay changes Linux {kernel} before it judges the program: deprecate, remove, add or change a kfunc, move the release past a date, take BTF away. <a href="./kernels/overlay.schema.json" target="_blank" rel="noopener">Schema</a></p>
      <textarea class="field mono" rows={12} spellcheck={false} aria-label="Overlay (JSON)" aria-invalid={problem !== null} value={text} onInput={(e) => setText(e.currentTarget.value)} />
      {problem && <p class="no">{problem}</p>}
      <div class="row">
        <button type="button" class="button run" disabled={problem !== null} onClick={() => { session.update({ overlay: text }); close(); }}>Use this kernel</button>
        {overlay !== null && <button type="button" class="button outlined" onClick={() => { session.update({ overlay: null }); close(); }}>Back to plain {kernel}</button>}
      </div>
    </div>
  );
}
