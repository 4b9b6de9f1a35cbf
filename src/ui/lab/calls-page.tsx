import { signal } from "@preact/signals";
import { CALL_FORMS, CALL_SUBJECTS, callFormSource } from "../../session/lab/call-forms.ts";
import { tryCall, type CallDoors, type CallOpt, type CallTry } from "../../session/lab/try-calls.ts";
import { emptyProject } from "../../session/project.ts";
import { newDocument, pane, session, toast } from "../state.ts";
import { labCompiler } from "../worker-ports.ts";
import { Icon } from "../widgets/icon.tsx";
import { askLab } from "./lab-state.ts";

const subjectId = signal(CALL_SUBJECTS[0]!.id);
const tries = signal<ReadonlyMap<string, CallTry>>(new Map());
const busy = signal<{ done: number; total: number } | null>(null);
const openForm = signal<string | null>("pointer");
/** What the table is about. */
const asked = signal<{ subject: string; kernel: string; overlay: string | null } | null>(null);
let seq = 0;
const LEVELS = ["-O0", "-O2"] as const satisfies readonly CallOpt[];
const keyOf = (form: string, opt: string): string => `${form} ${opt}`;

async function runAll(): Promise<void> {
  const own = ++seq;
  const subject = CALL_SUBJECTS.find((s) => s.id === subjectId.value)!;
  const { kernel, overlay } = session.project.value;
  asked.value = { subject: subject.id, kernel, overlay };
  tries.value = new Map();
  const gone = { ok: false as const, error: { stage: "open" as const, verdict: "unsupported" as const, message: "the kernel worker stopped", log: [] } };
  const compiler = labCompiler;
  const doors: CallDoors = {
    compile: (source, opt) => compiler.compile({ files: { "call.bpf.c": source }, main: "call.bpf.c", kernel, overlay, flags: { opt, debug: true, mcpu: "v3", extra: [] } }),
    open: async (id, object) => { const a = await askLab((api) => api.open(id, object)); return a === "gone" ? gone : a; },
    check: async (id, program) => { const a = await askLab((api) => api.check(id, program, kernel, overlay, { logLevel: 0 })); return a === "gone" ? { program, kernel, verdict: "stopped", stage: "verify", message: gone.error.message, ms: 0 } : a; },
    disasm: async (id, program) => { const a = await askLab((api) => api.disasm(id, program, kernel, overlay)); return a === "gone" ? gone : a; },
  };
  const todo = CALL_FORMS.flatMap((form) => LEVELS.map((opt) => ({ form, opt })));
  let done = 0;
  busy.value = { done, total: todo.length };
  for (const { form, opt } of todo) {
    const tried = await tryCall(doors, form, subject, opt);
    if (own !== seq) return;
    tries.value = new Map(tries.value).set(keyOf(form.id, opt), tried);
    busy.value = { done: ++done, total: todo.length };
  }
  busy.value = null;
}

/** One call declared in every way: what the compiler makes of it and what the kernel says. */
export function CallsPage() {
  const { kernel, overlay } = session.project.value;
  const subject = CALL_SUBJECTS.find((s) => s.id === subjectId.value)!;
  const stale = asked.value !== null && (asked.value.kernel !== kernel || asked.value.overlay !== overlay || asked.value.subject !== subject.id);
  return (
    <div class="scroll pad lab">
      <h2 class="lab-title">How a call is declared</h2>
      <p class="muted lab-intro">A helper is a number in the instruction; C has no way to say so. Here is the same call in the ways people write it, compiled at -O0 and -O2 by the clang of this page and judged by Linux {kernel}.</p>
      <div class="row wrap lab-bar">
        <select class="field small" aria-label="The call" value={subjectId.value} onChange={(e) => { subjectId.value = e.currentTarget.value; }}>{CALL_SUBJECTS.map((s) => <option key={s.id} value={s.id}>{s.title}</option>)}</select>
        <button type="button" class="button small run" disabled={busy.value !== null} onClick={() => void runAll()}><Icon name="play" size={12} /> {asked.value ? "Compile all again" : "Compile all"}</button>
        {busy.value && <><progress max={busy.value.total} value={busy.value.done} aria-label="Compiled" /><span class="num muted">{busy.value.done} of {busy.value.total}</span></>}
        {stale && <span class="warn">for {CALL_SUBJECTS.find((s) => s.id === asked.value!.subject)?.helper} on {asked.value!.kernel}</span>}
      </div>
      <table class="table lab-calls">
        <thead><tr><th scope="col">Declared as</th>{LEVELS.map((opt) => <th key={opt} scope="col">{opt}</th>)}</tr></thead>
        <tbody>
          {CALL_FORMS.flatMap((form) => [
              <tr key={form.id} data-open={openForm.value === form.id}>
                <th scope="row"><button type="button" class="lab-toggle" aria-expanded={openForm.value === form.id} onClick={() => { openForm.value = openForm.value === form.id ? null : form.id; }}><Icon name={openForm.value === form.id ? "down" : "right"} size={11} /> {form.title.replace(/\bN\b/, String(subject.number))}</button></th>
                {LEVELS.map((opt) => <td key={opt}><TryCell tried={tries.value.get(keyOf(form.id, opt))} /></td>)}
              </tr>,
              openForm.value === form.id && (
                <tr key={`${form.id} more`} class="lab-call-more"><td colSpan={3}>
                  <p>{form.about}</p>
                  <pre class="quote">{form.declare(subject).code}</pre>
                  <div class="lab-sides">{LEVELS.map((opt) => { const tried = tries.value.get(keyOf(form.id, opt)); return tried ? <TryDetail key={opt} tried={tried} /> : null; })}</div>
                  <button type="button" class="link" onClick={() => { newDocument({ ...emptyProject(kernel), files: { "main.bpf.c": `// ${form.title.replace(/\bN\b/, String(subject.number))}\n${callFormSource(form, subject)}` }, overlay }); pane.value = "editor"; toast("Opened as a new project; the one before is under Recent."); }}>Open this source</button>
                </td></tr>
              ),
          ])}
        </tbody>
      </table>
    </div>
  );
}

function TryCell({ tried }: { tried: CallTry | undefined }) {
  if (!tried) return <span class="faint">—</span>;
  return <div class="lab-try"><code>{tried.call?.text ?? "no object"}</code><span class={`tag ${tried.verdict === "accepted" ? "ok" : tried.verdict === "rejected" || tried.verdict === "does not compile" ? "no" : "un"}`}>{tried.verdict}</span></div>;
}

function TryDetail({ tried }: { tried: CallTry }) {
  return (
    <div class="lab-side"><strong>{tried.opt}</strong>
      {tried.diagnostics.filter((d) => d.severity !== "note").map((d, i) => <p key={i} class={d.severity === "error" ? "no" : "warn"}>clang: {d.message}</p>)}
      {tried.insns.length > 0 && <pre class="lab-insns">{tried.insns.map((l) => <span key={l.insn} data-call={l.call}>{String(l.insn).padStart(3)}: {l.text}</span>)}</pre>}
      {tried.verdict !== "accepted" && <p class="no">{tried.stage}: {tried.message}</p>}
    </div>
  );
}
