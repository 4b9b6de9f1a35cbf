import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { answerText, causeText, pairOf, pairToCompare, stepText, type KernelPair } from "../../session/kernel-pair.ts";
import { cellKey } from "../../session/matrix.ts";
import type { DifferenceStep, ProgramDifference } from "../../workers/kernel-api.ts";
import { kernelNames, matrix, panel, session } from "../state.ts";
import { openApi } from "./api-explorer.tsx";

/** The two that were picked, in the order of picking; fewer than two: the pair that is worth it is shown. */
const picked = signal<readonly string[]>([]);
type State = { kind: "none" } | { kind: "asking"; key: string } | { kind: "failed"; key: string; message: string } | { kind: "done"; key: string; difference: ProgramDifference };
const state = signal<State>({ kind: "none" });

/** Programs that both kernels judge faster than this are compared unasked, milliseconds. */
const QUICK = 250;
const STEPS = 12;

function shownPair(): KernelPair | null {
  const kernels = kernelNames.value;
  const own = picked.value.filter((k) => kernels.includes(k));
  if (own.length === 2) return pairOf(own[0]!, own[1]!, kernels);
  const program = session.program.value?.name ?? "";
  return pairToCompare(kernels.map((k) => matrix.cells.value.get(cellKey(program, k))), kernels);
}

/** A column's head: picks the kernel for the comparison, in place of the one picked first. */
export function PairButton({ kernel }: { kernel: string }) {
  const pair = shownPair();
  const on = pair !== null && (pair.from === kernel || pair.to === kernel);
  const pick = (): void => {
    const now = picked.value.length === 2 ? picked.value : pair ? [pair.from, pair.to] : [];
    picked.value = on ? now : [...now.slice(-1), kernel];
  };
  return <button type="button" class="pair-button" aria-pressed={on} title={on ? `${kernel} is compared below` : `Compare ${kernel} below`} onClick={pick}>{kernel}</button>;
}

async function ask(pair: KernelPair, key: string): Promise<void> {
  const object = session.object.value;
  const program = session.program.value;
  if (!object || !program) return;
  state.value = { kind: "asking", key };
  const { overlay, unprivileged } = session.project.value;
  const answer = await matrix.difference({ object, program: program.name, overlay, unprivileged }, pair);
  const now = state.value;
  if (now.kind !== "asking" || now.key !== key) return;
  if (answer === "gone") state.value = { kind: "none" };
  else state.value = answer.ok ? { kind: "done", key, difference: answer.value } : { kind: "failed", key, message: answer.error };
}

/** Two kernels' answers to the program on show side by side, and what makes the difference. */
export function KernelPairView() {
  const kernels = kernelNames.value;
  const pair = shownPair();
  const object = session.object.value;
  const program = session.program.value;
  const { overlay, unprivileged } = session.project.value;
  const key = pair && object && program ? JSON.stringify([object.id, program.name, pair, overlay, unprivileged]) : null;
  const cells = pair && program ? [pair.from, pair.to].map((k) => matrix.cells.value.get(cellKey(program.name, k))) : [];
  const ready = matrix.progress.value === null && cells.length === 2 && cells.every((c) => c?.kind === "done");
  const quick = ready && cells.reduce((ms, c) => ms + (c?.kind === "done" ? c.verdict.ms : 0), 0) < QUICK;
  const current = state.value.kind !== "none" && state.value.key === key ? state.value : null;
  useEffect(() => {
    if (pair && key && !current && (quick || (ready && picked.value.length === 2))) void ask(pair, key);
  }, [key, ready]);
  if (!pair || !program || !key) return null;
  const choose = (side: keyof KernelPair) => (e: { currentTarget: HTMLSelectElement }): void => {
    picked.value = side === "from" ? [e.currentTarget.value, pair.to] : [pair.from, e.currentTarget.value];
  };
  return (
    <section class="pair" aria-label="Two kernels compared">
      <div class="row pair-choice">
        <h3 class="heading">What differs between</h3>
        <select class="field small" aria-label="Older kernel" value={pair.from} onChange={choose("from")}>{kernels.filter((k) => k !== pair.to).map((k) => <option key={k}>{k}</option>)}</select>
        <span class="muted">and</span>
        <select class="field small" aria-label="Newer kernel" value={pair.to} onChange={choose("to")}>{kernels.filter((k) => k !== pair.from).map((k) => <option key={k}>{k}</option>)}</select>
        <span class="muted">for <code>{program.name}</code></span>
      </div>
      {!current && <p class="row pair-cause"><button type="button" class="button outlined" disabled={!ready} onClick={() => void ask(pair, key)}>Find the cause</button><span class="muted">{ready ? "The program is judged once for each step between the two." : "Once all kernels have answered."}</span></p>}
      {current?.kind === "asking" && <p class="pair-cause faint" role="status">Going from {pair.from} to {pair.to}, one rule after the other…</p>}
      {current?.kind === "failed" && <p class="pair-cause no" role="status">{current.message}</p>}
      {current?.kind === "done" && <Difference pair={pair} d={current.difference} />}
    </section>
  );
}

function Difference({ pair, d }: { pair: KernelPair; d: ProgramDifference }) {
  const show = (kernel: string) => () => {
    session.update({ kernel, selectedInsn: null });
    panel.value = "verdict";
  };
  return (
    <>
      <p class="pair-cause" role="status"><strong>{causeText(d, pair)}</strong> {d.api && <button type="button" class="link" onClick={() => openApi(d.api!.name)}>Its life over the kernels</button>}</p>
      <table class="table pair-table">
        <tbody>
          {([["from", d.from], ["to", d.to]] as const).map(([side, answer]) => (
            <tr key={side}>
              <th scope="row"><button type="button" class="link num" title={`Why, on ${pair[side]}`} onClick={show(pair[side])}>{pair[side]}</button></th>
              <td><span class={answer.verdict === "accepted" ? "ok" : answer.verdict === "rejected" ? "no" : "un"}>{answerText(answer)}</span>{answer.message !== "" && <pre>{answer.message}</pre>}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {d.calls.length > 0 && (
        <>
          <h4>Calls they see differently</h4>
          <ul class="pair-calls">{d.calls.map((c) => <li key={c.name}><button type="button" class="link mono" onClick={() => openApi(c.name)}>{c.name}</button> <span class="muted">{c.from === c.to ? "" : `${c.from} → ${c.to}${c.detail ? ": " : ""}`}{c.detail}</span></li>)}</ul>
        </>
      )}
      {d.steps.length > 0 && (
        <>
          <h4>Step by step, from {pair.from} to {pair.to}</h4>
          <ol class="pair-steps">{d.steps.slice(0, STEPS).map((s, i) => <Step key={i} step={s} />)}</ol>
          {d.steps.length > STEPS && <p class="faint">and {d.steps.length - STEPS} more</p>}
        </>
      )}
      <p class="faint">{d.rules} rules of the verifier differ between the two. To find what matters to this program, it was judged {d.judged} times.{!d.complete && " Time was up before all were told apart."}</p>
    </>
  );
}

function Step({ step }: { step: DifferenceStep }) {
  const one = step.rules.length > 0 && step.rules.length <= 4;
  return (
    <li>
      <span class="num muted">{step.rules[0]?.release ?? ""}</span>
      <span>{step.rules.length === 0 ? "Helpers, kfuncs, types and contexts of the newer kernel" : one ? step.rules.map((r) => <span key={r.name}>{r.change === "off" && "No more: "}{r.what} <code class="faint">{r.name}</code> </span>) : `One or more of ${step.rules.length} rules`}</span>
      <span class="num nowrap">{stepText(step)}</span>
    </li>
  );
}
