import { applyFix, offeredFixes } from "../editor/replacement.ts";
import { goTo, panel, session, toast } from "../state.ts";
import { useMemo } from "preact/hooks";
import { indexLog } from "../../session/log-text.ts";
import { openApi } from "./api-explorer.tsx";
import { Coded, ExplanationView } from "./explanation.tsx";
import { HotLines } from "./hot-lines.tsx";

/** The reason in plain words, the path that led there, what would help; for an accepted program what it cost. */
export function WhyPanel() {
  const check = session.check.value;
  const build = session.build.value;
  const openError = session.openError.value;
  if (check.kind === "checking") return <div class="why"><Skeleton /></div>;
  if (check.kind === "none") {
    if (openError) return <LoadLog lines={openError.log} />;
    if (build && !build.object) return <div class="scroll pad"><h2 class="heading">clang said</h2>{[...new Set(build.diagnostics.flatMap((d) => d.hint ?? []))].map((hint) => <p key={hint}>{hint}</p>)}<pre class="quote">{build.text || build.diagnostics.map((d) => `${d.file}:${d.line}: ${d.message}`).join("\n")}</pre></div>;
    if (session.compile.value.kind === "compiling" || session.compile.value.kind === "waiting") return <Skeleton />;
    return <div class="empty"><strong>Write BPF, ask a kernel</strong><p>The program is compiled by clang inside this page and judged as the chosen kernel's verifier would judge it. Pick an example to begin.</p></div>;
  }
  const v = check.verdict;
  const explanation = v.verify?.explanation;
  const warnings = v.warnings ?? v.verify?.warnings ?? [];
  return (
    <div class="scroll pad why">
      {v.verdict === "accepted" && <Accepted />}
      {v.verdict === "unsupported" && (
        <section><h2>This page cannot tell</h2><p>The real kernel has something here that is not simulated, so there is no verdict. It is neither a yes nor a no.</p></section>
      )}
      {v.verdict === "stopped" && <section><h2>Stopped before there was a verdict</h2><p>The program is as it was; ask again with another kernel, or change it.</p></section>}
      {v.verdict === "rejected" && <Gone />}
      {explanation && <ExplanationView explanation={explanation} />}
      {v.verdict === "rejected" && v.verify && <LastWords log={v.verify.log} message={v.message} />}
      {v.verify?.report && <section><h3 class="heading">The kernel's report</h3><pre class="quote">{v.verify.report}</pre></section>}
      {/* The life of a missing function says the same, with changes that one click makes. */}
      {v.help && !v.api && <section><h2>Refused before the verifier</h2><p><Coded text={v.help.reason} /></p><ul class="fixes">{v.help.fixes.map((fix, i) => <li key={i}><Coded text={fix} /></li>)}</ul></section>}
      {v.load && v.load.log.length > 0 && <section><h3 class="heading">libbpf printed</h3><pre class="quote">{v.load.log.join("\n")}</pre></section>}
      {warnings.length > 0 && <section><h3 class="heading">Warnings</h3><ul class="fixes">{warnings.map((w, i) => <li key={i} class="warn">{w}</li>)}</ul></section>}
      <Stats />
      <HotLines />
    </div>
  );
}

function Accepted() {
  const program = session.program.value;
  const v = session.verdict.value;
  return (
    <section>
      <h2>Linux {v?.kernelName ?? v?.kernel} would load it</h2>
      <p>{program?.name} ({program?.section}) passed every check. Run it on the input, or ask <button type="button" class="link" onClick={() => { panel.value = "matrix"; }}>all kernels</button>.</p>
    </section>
  );
}

const API_TITLES: Readonly<Record<string, (name: string) => string>> = {
  removed: (name) => `${name} is gone from this kernel`,
  later: (name) => `${name} came later`,
  "not built": (name) => `${name} was left out when this kernel was built`,
  "removed by policy": (name) => `${name} was taken away by the custom kernel`,
  "no BTF": () => "This kernel was built without BTF",
  "not allowed": (name) => `${name} is not for programs of this type`,
  unknown: (name) => `No simulated kernel has ${name}`,
};

/** A helper or kfunc that this kernel does not give: its life, and what to write instead. */
function Gone() {
  const api = session.verdict.value?.api;
  if (!api) return null;
  return (
    <section>
      <h2>{API_TITLES[api.status]?.(api.name) ?? api.name}</h2>
      {api.sentences.map((sentence, i) => <p key={i}>{sentence}</p>)}
      <div class="row">
        {offeredFixes().map((fix, i) => (
          <button key={i} type="button" class="button outlined" onClick={() => {
            const n = applyFix(fix);
            toast(n > 0 ? `${fix.title}: done. Ctrl+Z in the editor takes it back.` : "The text has no place where this can be done by itself.");
          }}>{fix.title}</button>
        ))}
        {api.status !== "unknown" && <button type="button" class="button outlined" onClick={() => openApi(api.name)}>Its life over the kernels</button>}
      </div>
    </section>
  );
}

/** The log from the refused instruction's C line to the message: the kernel's own words in their place. */
function LastWords({ log, message }: { log: string; message: string }) {
  const index = useMemo(() => indexLog(log, message), [log, message]);
  let last = index.lines - 1;
  while (last >= 0 && index.kind(last) !== "error") last--;
  if (last < 0) return null;
  let first = last;
  while (first > 0 && last - first < 12 && index.kind(first) !== "insn") first--;
  while (first > 0 && last - first < 12 && index.kind(first) !== "source") first--;
  const lines = Array.from({ length: last - first + 1 }, (_, i) => index.line(first + i));
  return (
    <section>
      <h3 class="heading">Where the log ends</h3>
      <pre class="quote">{lines.join("\n")}</pre>
      <p class="muted"><button type="button" class="link" onClick={() => { panel.value = "log"; }}>The whole log</button>, with the state of every register</p>
    </section>
  );
}

function Stats() {
  const verify = session.verdict.value?.verify;
  if (!verify) return null;
  const { stats } = verify;
  const rows: [string, string][] = [
    ["Instructions processed", `${stats.insns.toLocaleString("en")} of 1,000,000`],
    ["States, in all and at peak", `${stats.totalStates} and ${stats.peakStates}`],
    ["States at one instruction, at most", String(stats.maxStatesPerInsn)],
    ["Stack depth", stats.stackDepths.length === 0 ? "0" : stats.stackDepths.join(" + ")],
    ["Time here", `${stats.ms.toFixed(1)} ms`],
  ];
  return (
    <section>
      <h3 class="heading">What it cost the verifier</h3>
      <dl class="facts">{rows.map(([k, value]) => <div key={k}><dt>{k}</dt><dd class="num">{value}</dd></div>)}</dl>
    </section>
  );
}

function LoadLog({ lines }: { lines: readonly string[] }) {
  return <div class="scroll pad"><h2 class="heading">libbpf printed</h2><pre class="quote">{lines.length > 0 ? lines.join("\n") : "nothing"}</pre></div>;
}

export function Skeleton() {
  return <div class="pad skeleton" aria-hidden="true"><i style={{ width: "38%" }} /><i style={{ width: "82%" }} /><i style={{ width: "64%" }} /><i style={{ width: "71%" }} /></div>;
}

export function place(source: { file: string; line: number; text: string }) {
  return <button type="button" class="link" onClick={() => goTo(source)}>{source.file.split("/").pop()}:{source.line}</button>;
}
