import { computed, signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { indexLog, insnOfLine, sourceOfLine, tokensOfLine } from "../../session/log-text.ts";
import type { Project } from "../../session/types.ts";
import { save } from "../actions.ts";
import { wrapLog } from "../prefs.ts";
import { goTo, panel, selectInsn, session, sourceOfInsn, toast } from "../state.ts";
import { Icon } from "../widgets/icon.tsx";
import { rowHeight, VirtualList } from "../widgets/virtual-list.tsx";
import { Skeleton } from "./why.tsx";

const query = signal("");
const line = signal<number | null>(null);
const index = computed(() => {
  const v = session.verdict.value;
  return indexLog(v?.verify?.log ?? v?.load?.log.join("\n") ?? "", v?.message ?? "");
});

const LEVELS: readonly { level: Project["logLevel"]; title: string; what: string }[] = [
  { level: 0, title: "0", what: "the message only" },
  { level: 1, title: "1", what: "the path to the error with register states" },
  { level: 2, title: "2", what: "every step on every path" },
];

export function LogPanel() {
  const log = index.value;
  const check = session.check.value;
  const height = useMemo(rowHeight, []);
  const { selectedInsn, logLevel } = session.project.value;
  const current = line.value !== null && line.value < log.lines && insnOfLine(log.line(line.value)) === selectedInsn ? line.value : selectedInsn === null ? line.value : log.firstLineOf(selectedInsn);

  const pick = (i: number): void => {
    line.value = i;
    const text = log.line(i);
    const source = sourceOfLine(text);
    if (source) {
      const disasm = session.disasm.value;
      if (source.line !== null && source.file) goTo({ file: source.file, line: source.line });
      else {
        const hit = disasm?.ok ? disasm.value.find((d) => d.source?.text.trim() === source.text.trim()) : undefined;
        if (hit?.source) goTo(hit.source);
      }
      return;
    }
    const insn = insnOfLine(text);
    if (insn === null) return;
    selectInsn(insn, sourceOfInsn.value.get(insn));
  };
  const find = (from: number, by: 1 | -1): void => {
    const needle = query.value.toLowerCase();
    if (needle === "") return;
    for (let n = 1; n <= log.lines; n++) {
      const i = (from + by * n + log.lines * 2) % log.lines;
      if (log.line(i).toLowerCase().includes(needle)) {
        pick(i);
        line.value = i;
        return;
      }
    }
    toast(`“${query.value}” is not in the log.`);
  };

  return (
    <div class="panel-column">
      <div class="panel-bar">
        <div class="segments small" role="radiogroup" aria-label="Log level">
          {LEVELS.map((l) => (
            <label key={l.level} data-on={logLevel === l.level} title={`Log level ${l.level}: ${l.what}`}><input type="radio" class="sr" name="log-level" checked={logLevel === l.level} onChange={() => session.update({ logLevel: l.level })} /><span>{l.level === 0 ? "Level 0" : l.title}</span></label>
          ))}
        </div>
        <label class="search"><Icon name="search" size={13} /><input class="field" type="search" placeholder="Find in log" aria-label="Find in log" value={query.value}
          onInput={(e) => { query.value = e.currentTarget.value; }} onKeyDown={(e) => { if (e.key === "Enter") find(current ?? -1, e.shiftKey ? -1 : 1); }} /></label>
        <button type="button" class="button small" disabled={selectedInsn === null} onClick={() => { panel.value = "insns"; }} title="Registers and stack before and after the selected instruction, visit by visit">States</button>
        <span class="grow" />
        <span class="faint num nowrap">{log.lines > 0 && `${log.lines.toLocaleString("en")} ${log.lines === 1 ? "line" : "lines"}`}</span>
        <button type="button" class="button small" aria-pressed={wrapLog.value} onClick={() => { wrapLog.value = !wrapLog.value; }} title="Show the whole line of the selection below the list">Detail</button>
        <button type="button" class="button small icon" aria-label="Download the log" title="Download the log" disabled={log.lines === 0} onClick={() => save(`${session.program.value?.name ?? "verifier"}-${session.project.value.kernel}.log`, log.text, "text/plain")}><Icon name="download" size={14} /></button>
      </div>
      {session.verdict.value?.verify?.logCut && <p class="log-cut">The start of this log is not kept: of a very long one only the end is, as libbpf's buffer of 16 MB does.</p>}
      {check.kind === "checking" ? <Skeleton /> : log.lines === 0 ? (
        <div class="empty"><strong>No log</strong><p>{session.verdict.value?.verdict === "accepted" ? "An accepted program leaves a log at level 2 only; level 1 has the statistics." : "The log appears when a program has reached the verifier."}</p></div>
      ) : (
        <VirtualList id="log" class="code-list log" label="Verifier log" count={log.lines} rowHeight={height} current={current}
          onMove={(by) => pick(Math.max(0, Math.min(log.lines - 1, by === Infinity ? log.lines - 1 : by === -Infinity ? 0 : (current ?? -1) + by)))}
          row={(i) => <LogRow key={i} i={i} selected={i === current} onPick={() => pick(i)} />} />
      )}
      {session.verdict.value?.verdict === "accepted" && logLevel < 2 && log.lines > 0 && (
        <p class="log-hint">The kernel prints the steps of a program that it accepts at level 2. <button type="button" class="link" onClick={() => session.update({ logLevel: 2 })}>Show them</button></p>
      )}
      {wrapLog.value && current !== null && current >= 0 && <pre class="log-detail" aria-label="Selected line">{log.line(current)}</pre>}
    </div>
  );
}

function LogRow({ i, selected, onPick }: { i: number; selected: boolean; onPick: () => void }) {
  const log = index.value;
  const kind = log.kind(i);
  const text = log.line(i).replaceAll("\t", "  ");
  return (
    <div id={`log-${i}`} role="option" aria-selected={selected} class={`code-row ${kind}`} onClick={onPick}>
      {kind === "insn" || kind === "state" || kind === "branch" ? tokensOfLine(text).map((t, n) => (t.kind === "plain" ? t.text : <span key={n} class={`t-${t.kind}`}>{t.text}</span>)) : text}
    </div>
  );
}
