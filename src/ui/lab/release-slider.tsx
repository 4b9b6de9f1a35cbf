import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { valueAt, withValue } from "../../session/lab/form-model.ts";
import { kernelNames, session } from "../state.ts";
import { askLab, labDocument, editDocument, inForce, policy } from "./lab-state.ts";
import { daysText } from "./kernel-page.tsx";

const releases = signal<readonly string[]>([]);

/** Moves the release that the kernel calls itself. What is deprecated goes away as its date is passed. */
export function ReleaseSlider() {
  const { kernel } = session.project.value;
  useEffect(() => {
    void askLab((api) => api.labNames(kernel, null, "release", "")).then((answer) => {
      if (answer !== "gone" && answer.ok) releases.value = answer.value;
    });
  }, [kernelNames.value.length]);
  const document = labDocument.value;
  const all = releases.value.slice(Math.max(0, releases.value.indexOf(kernel)));
  if (document === undefined || all.length < 2) return null;
  const said = valueAt(document, ["simulatedRelease"]);
  const at = typeof said === "string" && all.includes(said) ? said : kernel;
  const index = all.indexOf(at);
  const ends = new Set((policy.value?.dates ?? []).map((d) => d.release));
  const move = (i: number): void => {
    const to = all[i]!;
    editDocument(withValue(labDocument.peek() ?? {}, ["simulatedRelease"], to === kernel ? undefined : to));
  };
  const check = session.check.value;
  const verdict = check.kind === "done" && !check.stale ? check.verdict : null;
  const next = (policy.value?.changes ?? []).filter((c) => c.removal && c.removal.daysLeft >= 0).sort((a, b) => a.removal!.daysLeft - b.removal!.daysLeft)[0];
  return (
    <div class="lab-slider">
      <label class="label" for="lab-release">The kernel calls itself</label>
      <div class="lab-slider-row">
        <div class="lab-slider-track"><input id="lab-release" type="range" min={0} max={all.length - 1} step={1} value={index} aria-valuetext={`Linux ${at}`} onInput={(e) => move(Number(e.currentTarget.value))} />
          <div class="lab-ticks" aria-hidden="true">{all.map((r, i) => <i key={r} data-end={ends.has(r)} data-at={i === index}>{i === 0 || i === all.length - 1 || ends.has(r) ? r : ""}</i>)}</div></div>
        <output class="num lab-release" for="lab-release">{at}</output>
        {inForce.value && verdict && <span class={`tag ${verdict.verdict === "accepted" ? (verdict.lab?.warned ? "warn" : "ok") : verdict.verdict === "rejected" ? "no" : "un"}`}>{verdict.verdict === "accepted" && verdict.lab?.warned ? "accepted, warned" : verdict.verdict}</span>}
      </div>
      {next && <p class="warn">{next.name} goes away in {next.removal!.release}: {daysText(next.removal!.daysLeft)}{next.removal!.how === "projected" ? `, if releases go on as they did (${next.removal!.date})` : ""}.</p>}
    </div>
  );
}
