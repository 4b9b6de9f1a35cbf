import { computed } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { SourcePos } from "../../loader/types.ts";
import type { DisasmLine } from "../../workers/kernel-api.ts";
import { tokensOfLine } from "../../session/log-text.ts";
import { inspectorShare } from "../prefs.ts";
import { cursor, goTo, projectFile, selectInsn, session, sourceOfInsn } from "../state.ts";
import { Split } from "../widgets/split.tsx";
import { rowHeight, VirtualList } from "../widgets/virtual-list.tsx";
import { openApi } from "./api-explorer.tsx";
import { StatesView, visitCount } from "./states.tsx";
import { Skeleton } from "./why.tsx";

type Row = { kind: "subprog"; name: string } | { kind: "source"; source: SourcePos } | { kind: "insn"; line: DisasmLine };

/** Instructions with a row of C before each change of line, and a row for each function. */
const rows = computed<readonly Row[]>(() => {
  const disasm = session.disasm.value;
  if (!disasm?.ok) return [];
  const out: Row[] = [];
  let last = "";
  for (const line of disasm.value) {
    if (line.subprog) {
      out.push({ kind: "subprog", name: line.subprog });
      last = "";
    }
    if (line.source && line.source.text.trim() !== "") {
      const here = `${line.source.file}:${line.source.line}`;
      if (here !== last) out.push({ kind: "source", source: line.source });
      last = here;
    }
    out.push({ kind: "insn", line });
  }
  return out;
});

export function InsnsPanel() {
  const disasm = session.disasm.value;
  if (!disasm) {
    return session.check.value.kind === "checking" ? <Skeleton /> : <div class="empty"><strong>No instructions</strong><p>They appear when the program compiles.</p></div>;
  }
  if (!disasm.ok) return <div class="empty"><strong>Not loaded</strong><p>{disasm.error.message}</p></div>;
  return <Split share={inspectorShare} direction="column" label="Size of the register view" first={<Listing />} second={<StatesView />} />;
}

function Listing() {
  const height = useMemo(rowHeight, []);
  const list = rows.value;
  const { selectedInsn } = session.project.value;
  const current = list.findIndex((r) => r.kind === "insn" && r.line.insn === selectedInsn);
  const pick = (row: Row): void => {
    if (row.kind === "insn") {
      selectInsn(row.line.insn, sourceOfInsn.value.get(row.line.insn));
    } else if (row.kind === "source") {
      const first = list.slice(list.indexOf(row) + 1).find((r): r is Extract<Row, { kind: "insn" }> => r.kind === "insn");
      selectInsn(first?.line.insn ?? null, row.source);
    }
  };
  const move = (by: number): void => {
    const insns = list.filter((r): r is Extract<Row, { kind: "insn" }> => r.kind === "insn");
    const at = insns.findIndex((r) => r.line.insn === selectedInsn);
    const next = insns[Math.max(0, Math.min(insns.length - 1, by === Infinity ? insns.length - 1 : by === -Infinity ? 0 : at + by))];
    if (next) pick(next);
  };
  const here = cursor.value;
  return (
    <VirtualList id="insn" class="code-list insns" label="Instructions; j and k step" count={list.length} rowHeight={height} current={current < 0 ? null : current} onMove={move}
      onKey={(e) => {
        const row = list[current];
        if (e.key === "Enter" && row?.kind === "insn" && row.line.call && row.line.call.kind !== "subprog") openApi(row.line.call.name);
      }}
      row={(i) => {
        const row = list[i]!;
        if (row.kind === "subprog") return <div key={i} id={`insn-${i}`} role="option" aria-selected={false} class="code-row subprog">{row.name}()</div>;
        if (row.kind === "source") {
          const on = row.source.line === here.line && projectFile(row.source.file) === here.file;
          return <div key={i} id={`insn-${i}`} role="option" aria-selected={false} class="code-row source" data-here={on} onClick={() => pick(row)}><span class="gutter num">{row.source.line}</span>{row.source.text.trim()}</div>;
        }
        return <InsnRow key={i} id={`insn-${i}`} line={row.line} selected={i === current} onPick={() => pick(row)} />;
      }} />
  );
}

function InsnRow({ id, line, selected, onPick }: { id: string; line: DisasmLine; selected: boolean; onPick: () => void }) {
  const refused = session.verdict.value?.verdict === "rejected" && session.verdict.value.insn === line.insn;
  const count = visitCount(line.insn);
  const judged = session.verdict.value?.verify !== undefined;
  return (
    <div id={id} role="option" aria-selected={selected} class={`code-row insn ${refused ? "refused" : ""}`} data-unseen={judged && count === 0} onClick={onPick} title={`${line.hex}${count > 0 ? `\nvisited ${count.toLocaleString("en")} ${count === 1 ? "time" : "times"} by the verifier` : ""}`}>
      <span class="gutter num">{line.insn}</span>
      <span class="insn-text">{tokensOfLine(line.text).map((t, n) => (t.kind === "plain" ? t.text : <span key={n} class={`t-${t.kind}`}>{t.text}</span>))}</span>
      {line.call && line.call.kind !== "subprog" && <span class="tag call" title={`The life of ${line.call.name} (Enter)`} onClick={(e) => { e.stopPropagation(); openApi(line.call!.name); }}>{line.call.kind}</span>}
      {refused && <span class="tag no">refused here</span>}
      {count > 1 && <span class="visit-count num faint" aria-hidden="true">×{count.toLocaleString("en")}</span>}
    </div>
  );
}
