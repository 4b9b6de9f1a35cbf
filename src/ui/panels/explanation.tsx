import type { SourcePos } from "../../loader/types.ts";
import type { Explanation, Operand, PathStep, SourceExpression } from "../../verifier/types.ts";
import { panel, selectInsn, session } from "../state.ts";

/** Why the program was refused: the check, the expression, what it looked at, what would satisfy it, and the way there. */
export function ExplanationView({ explanation }: { explanation: Explanation }) {
  const e = explanation;
  const told = e.family !== "other";
  return (
    <>
      <section>
        <h2>{told ? e.title : "Refused, in the kernel's own words only"}</h2>
        <p><Coded text={e.reason} /></p>
        <Where explanation={e} />
      </section>
      {e.fixes.length > 0 && (
        <section>
          <h3 class="heading">What would help</h3>
          <ul class="fixes">{e.fixes.map((fix, i) => <li key={i}><Coded text={fix} /></li>)}</ul>
        </section>
      )}
      {e.operands.length > 0 && (
        <section>
          <h3 class="heading">What the check looked at</h3>
          <ul class="operands">{e.operands.map((o) => <OperandRow key={o.name} operand={o} />)}</ul>
        </section>
      )}
      {e.related.length > 0 && (
        <section>
          <h3 class="heading">Belongs to it</h3>
          <ul class="operands">{e.related.map((r, i) => <li key={i}><Go insn={r.insn} source={r.source} />{r.text}{r.source && r.source.text.trim() !== "" && <code class="muted">{r.source.text.trim()}</code>}</li>)}</ul>
        </section>
      )}
      {e.path.length > 0 && (
        <section>
          <h3 class="heading">How it got there <span class="faint num">{branchCount(e.branches)}</span></h3>
          <ol class="path">{e.path.map((step, i) => <Step key={i} step={step} />)}</ol>
        </section>
      )}
    </>
  );
}
const branchCount = (n: number): string => (n === 0 ? "" : `${n.toLocaleString("en")} ${n === 1 ? "branch" : "branches"}`);

/** The C line with the expression marked, the instruction, and the kernel function that refused. */
function Where({ explanation: e }: { explanation: Explanation }) {
  return (
    <button type="button" class="refusal-at" title="Show the instruction and its states" onClick={() => { selectInsn(e.insn, e.source); panel.value = "insns"; }}>
      {e.source && e.source.text.trim() !== "" && <span class="refusal-line"><span class="num faint">{e.source.line}</span><MarkedLine text={e.source.text} expression={e.expression} /></span>}
      {e.insnText === "" ? null : <span class="refusal-line"><span class="num faint">{e.insn}</span><code>{e.insnText}</code></span>}
      {e.check !== "" && <span class="muted refusal-check">refused by <code>{e.check}()</code></span>}
    </button>
  );
}
function MarkedLine({ text, expression }: { text: string; expression: SourceExpression | undefined }) {
  if (!expression) return <code>{text.trim()}</code>;
  const from = expression.col - 1;
  return <code>{text.slice(0, from).trimStart()}<mark>{text.slice(from, expression.endCol - 1)}</mark>{text.slice(expression.endCol - 1).trimEnd()}</code>;
}

function Go({ insn, source }: { insn: number; source: SourcePos | undefined }) {
  return <button type="button" class="link num" onClick={() => selectInsn(insn, source)}>{source && source.line > 0 ? `line ${source.line}` : `insn ${insn}`}</button>;
}
function OperandRow({ operand: o }: { operand: Operand }) {
  return (
    <li>
      <span class="operand-head"><code class="t-reg">{o.name}</code>{o.means !== o.name && <code>{o.means}</code>}</span>
      <span class="known">{o.text}</span>
      {o.origin && <span class="muted"><Go insn={o.origin.insn} source={o.origin.source} /> <code>{o.origin.text}</code></span>}
    </li>
  );
}

function Step({ step }: { step: PathStep }) {
  if (step.kind === "left out") return <li class="left-out"><span class="faint">{step.text}</span></li>;
  const on = session.project.value.selectedInsn === step.insn;
  return (
    <li>
      <button type="button" aria-pressed={on} onClick={() => selectInsn(step.insn, step.source)}>
        <span class="num faint path-insn">{step.insn}</span>
        <span class="path-text">
          {step.source && step.source.text.trim() !== "" && <span class="path-source"><span class="num faint">{step.source.line} </span><MarkedLine text={step.source.text} expression={step.expression} /></span>}
          {step.condition ? (
            <span class="branch"><code>{step.condition.meaning}</code><span class={`tag ${step.condition.holds ? "ok" : "no"}`}>{step.condition.holds ? "true" : "false"}</span>{step.condition.decided && <span class="faint">cannot be otherwise</span>}</span>
          ) : <span>{step.text}</span>}
          {step.values.map((v) => <span key={v.name} class="known"><span class="t-reg">{v.name}</span> {v.before}{v.after !== v.before && <> → <strong>{v.after}</strong></>}</span>)}
        </span>
      </button>
    </li>
  );
}

/** Text with `code` in backticks. */
export function Coded({ text }: { text: string }) {
  return <>{text.split("`").map((part, i) => (i % 2 === 1 ? <code key={i} class="inline">{part}</code> : part))}</>;
}
