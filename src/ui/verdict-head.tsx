import { useEffect, useState } from "preact/hooks";
import { goTo, pane, panel, projectFile, session } from "./state.ts";
import { Icon, type IconName } from "./widgets/icon.tsx";

const WORDS: Readonly<Record<string, { word: string; icon: IconName; tone: string }>> = {
  accepted: { word: "Accepted", icon: "check", tone: "ok" },
  rejected: { word: "Rejected", icon: "cross", tone: "no" },
  unsupported: { word: "Not simulated", icon: "dash", tone: "un" },
  stopped: { word: "Stopped", icon: "stop", tone: "warn" },
};

const STAGES: Readonly<Record<string, string>> = {
  open: "reading the object", relocate: "CO-RE relocation", resolve: "resolving maps, helpers and kfuncs", verify: "the verifier", attach: "attaching", run: "running",
};

interface Head { tone: string; icon: IconName | null; word: string; detail: string; message: string; at: { file: string; line: number } | null; busy: boolean; stale: boolean }

function head(): Head {
  const compile = session.compile.value;
  const build = session.build.value;
  const check = session.check.value;
  const openError = session.openError.value;
  const { kernel } = session.project.value;
  const none: Head = { tone: "", icon: null, word: "", detail: "", message: "", at: null, busy: false, stale: false };

  if (compile.kind === "broken") return { ...none, tone: "warn", icon: "alert", word: "No compiler", detail: "the editor, uploaded objects and the API table still work", message: compile.message };
  if (openError) {
    return { ...none, tone: openError.verdict === "unsupported" ? "un" : "no", icon: openError.verdict === "unsupported" ? "dash" : "cross", word: openError.verdict === "unsupported" ? "Not simulated" : "Rejected", detail: "by libbpf, reading the object", message: openError.message };
  }
  if (check.kind === "done") {
    const v = check.verdict;
    const { word, icon, tone } = WORDS[v.verdict]!;
    const by = v.stage === "verify" ? `by the verifier of Linux ${v.kernelName ?? v.kernel}` : `before the verifier, ${STAGES[v.stage]} for Linux ${v.kernelName ?? v.kernel}`;
    const stats = v.verify && v.verdict === "accepted" ? `, ${v.verify.stats.insns.toLocaleString("en")} instructions processed` : "";
    const source = v.source ?? v.verify?.source ?? v.load?.source ?? null;
    return { tone, icon, word, detail: by + stats, message: v.message, at: source && session.object.value?.from === "source" && projectFile(source.file) ? source : null, busy: compile.kind === "compiling" || compile.kind === "waiting", stale: check.stale };
  }
  if (check.kind === "checking") return { ...none, tone: "busy", word: "Verifying…", detail: `${check.program} on Linux ${check.kernel}`, busy: true };
  if (build && !build.object) {
    const errors = build.diagnostics.filter((d) => d.severity === "error");
    const first = errors[0] ?? build.diagnostics[0];
    return { ...none, tone: "no", icon: "cross", word: "Does not compile", detail: `${errors.length || "no"} ${errors.length === 1 ? "error" : "errors"}`, message: first?.hint ? `${first.message}. ${first.hint}` : first?.message ?? build.text.split("\n")[0] ?? "", at: first && projectFile(first.file) ? first : null, busy: compile.kind === "compiling" || compile.kind === "waiting" };
  }
  const download = session.download.value;
  if (download && compile.kind === "compiling") {
    const whole = download.total > 0 && download.received >= download.total;
    return { ...none, tone: "busy", word: whole ? "Preparing clang…" : "Fetching clang…", detail: "once; it is kept for the next visit", busy: true };
  }
  if (compile.kind === "compiling") return { ...none, tone: "busy", word: "Compiling…", detail: `for Linux ${kernel}`, busy: true };
  if (session.object.value && session.summary.value?.programs.length === 0) return { ...none, tone: "warn", icon: "alert", word: "No program", detail: "nothing in this object stands in a section that libbpf loads", message: "A function becomes a program by its section: SEC(\"xdp\") int f(struct xdp_md *ctx)" };
  return { ...none, word: "No verdict yet", detail: "write a program or open an example" };
}

/** The answer, large: what, by whom, where, and the kernel's own words. */
export function VerdictHead() {
  const h = head();
  return (
    <div class={`verdict tone-${h.tone || "none"}`} data-stale={h.stale} aria-busy={h.busy}>
      <div class="verdict-line">
        <span class="verdict-word">{h.icon && <Icon name={h.icon} size={18} />}{h.word}</span>
        <span class="verdict-detail">{h.detail}{h.stale && ". The text has changed since."}</span>
        {session.check.value.kind === "checking" && <button type="button" class="button small outlined late" aria-label="Stop verifying" onClick={() => session.stop()}><Icon name="stop" size={12} /> Stop</button>}
        <ProgramPicker />
      </div>
      {h.message !== "" && <pre class="verdict-message" tabIndex={0} aria-label="Message">{h.message}</pre>}
      {h.at && (
        <button type="button" class="verdict-at" onClick={() => { pane.value = "editor"; goTo(h.at!, true); }}>
          <span class="num">{h.at.file.split("/").pop()}:{h.at.line}</span><code>{sourceLine(h.at)}</code>
        </button>
      )}
      <Counter />
      <Download />
      <Announce text={h.busy && h.word.endsWith("…") ? "" : `${h.word}. ${h.detail}. ${h.message}`} />
    </div>
  );
}

function sourceLine(at: { file: string; line: number }): string {
  const file = projectFile(at.file);
  return file ? (session.project.value.files[file]?.split("\n")[at.line - 1]?.trim() ?? "") : "";
}

/** Tells screen readers a verdict once it has stood for a moment, not every one while typing. */
function Announce({ text }: { text: string }) {
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (text === "") return;
    const timer = setTimeout(() => setSaid(text), 900);
    return () => clearTimeout(timer);
  }, [text]);
  return <div class="sr" role="status" aria-live="polite">{said}</div>;
}

/** How far a long verification is; it appears when the first report comes, a quarter of a second after the start. */
function Counter() {
  const check = session.check.value;
  if (check.kind !== "checking" || !check.progress) return null;
  const { processed, states, walk, limit } = check.progress;
  return (
    <div class="counter">
      <progress max={limit} value={processed} aria-label="Processed instructions" />
      <span class="num faint">{processed.toLocaleString("en")} of {limit.toLocaleString("en")} instructions, {states.toLocaleString("en")} states{walk === 2 && "; refused, once more for the log"}</span>
    </div>
  );
}

function Download() {
  const download = session.download.value;
  if (!download) return null;
  const mb = (n: number): string => (n / 1e6).toFixed(1);
  const share = download.total > 0 ? download.received / download.total : 0;
  return (
    <div class="download">
      <progress max={1} value={download.total > 0 ? share : undefined} aria-label={`Fetching ${download.what}`} />
      <span class="num faint">{download.what}, {mb(download.received)}{download.total > 0 ? ` of ${mb(download.total)}` : ""} MB</span>
    </div>
  );
}

function ProgramPicker() {
  const programs = session.summary.value?.programs ?? [];
  const current = session.program.value;
  const upload = session.object.value?.from === "upload" ? session.object.value : null;
  return (
    <span class="program">
      {upload && <button type="button" class="button small outlined" title="Back to the source" onClick={() => session.closeUpload()}>{upload.name} <Icon name="cross" size={11} /></button>}
      {current && programs.length > 1 && (
        <select class="field small" aria-label="Program" value={current.name} onChange={(e) => session.update({ program: e.currentTarget.value, selectedInsn: null })}>
          {programs.map((p) => <option key={p.name} value={p.name}>{p.name} ({p.section})</option>)}
        </select>
      )}
      {current && programs.length === 1 && <button type="button" class="program-name" title={`${current.section}, ${current.insns} instructions`} onClick={() => { panel.value = "insns"; }}><code>{current.name}</code><span class="tag">{current.type ?? current.section}</span></button>}
    </span>
  );
}
