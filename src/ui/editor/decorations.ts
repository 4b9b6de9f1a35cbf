import { effect } from "@preact/signals";
import type { SourcePos } from "../../loader/types.ts";
import { projectFile, selectedSource, session } from "../state.ts";
import { monaco } from "./monaco.ts";

type Models = ReadonlyMap<string, monaco.editor.ITextModel>;

/** Where the refusal of the program on show stands in C, if the text is still the one that was judged. */
export function refusal(): { source: SourcePos; message: string; unsupported: boolean } | null {
  const check = session.check.value;
  if (check.kind !== "done" || check.stale || session.object.value?.from !== "source") return null;
  const { verdict } = check;
  if (verdict.verdict !== "rejected" && verdict.verdict !== "unsupported") return null;
  const source = verdict.source ?? verdict.verify?.explanation?.source ?? verdict.verify?.source ?? verdict.load?.source ?? firstCall(verdict.load?.subject?.name);
  return source ? { source, message: verdict.message, unsupported: verdict.verdict === "unsupported" } : null;
}

/** A loader that misses a name knows no line: the first call of it in the text, else its first mention. */
function firstCall(name: string | undefined): SourcePos | undefined {
  if (name === undefined || !/^\w+$/.test(name)) return undefined;
  const word = new RegExp(`\\b${name}\\b`);
  let mention: SourcePos | undefined;
  for (const [file, text] of Object.entries(session.project.value.files)) {
    for (const [i, line] of text.split("\n").entries()) {
      const at = word.exec(line);
      if (!at) continue;
      const place = { file, line: i + 1, col: at.index + 1, text: line };
      mention ??= place;
      if (!/\bextern\b|__ksym/.test(line) && line.slice(at.index + name.length).trimStart().startsWith("(")) return place;
    }
  }
  return mention;
}

/** clang's messages and the verifier's refusal as markers; the refusal also beside its line; the selected line under the highlighter. */
export function connectDecorations(editor: monaco.editor.IStandaloneCodeEditor, models: Models): () => void {
  const undo: (() => void)[] = [];

  undo.push(effect(() => {
    void session.project.value.files;
    const build = session.build.value;
    const bad = refusal();
    for (const [name, model] of models) {
      const markers: monaco.editor.IMarkerData[] = [];
      for (const d of build?.diagnostics ?? []) {
        if (projectFile(d.file) !== name) continue;
        markers.push({
          severity: d.severity === "error" ? monaco.MarkerSeverity.Error : d.severity === "warning" ? monaco.MarkerSeverity.Warning : monaco.MarkerSeverity.Info,
          message: d.message + ((d.nearHeaders?.length ?? 0) > 0 ? `\nHeaders near it: ${d.nearHeaders!.slice(0, 5).join(", ")}` : ""),
          source: "clang",
          ...(d.flag ? { code: d.flag } : {}),
          startLineNumber: d.line, startColumn: d.col, endLineNumber: d.endLine, endColumn: Math.max(d.endCol, d.line === d.endLine ? d.col + 1 : 1),
          relatedInformation: d.notes.flatMap((n) => {
            const file = projectFile(n.file);
            return file ? [{ resource: models.get(file)!.uri, message: n.message, startLineNumber: n.line, startColumn: n.col, endLineNumber: n.endLine, endColumn: n.endCol }] : [];
          }),
        });
      }
      if (bad && projectFile(bad.source.file) === name) {
        const line = Math.min(bad.source.line, model.getLineCount());
        const { from, to } = extent(model, line, bad.source.col);
        markers.push({
          severity: bad.unsupported ? monaco.MarkerSeverity.Info : monaco.MarkerSeverity.Error,
          message: bad.message, source: `Linux ${session.project.value.kernel}`,
          startLineNumber: line, endLineNumber: line, startColumn: from, endColumn: to,
        });
      }
      markers.push(...deprecations(model));
      monaco.editor.setModelMarkers(model, "playground", markers);
    }
  }));

  const marks = editor.createDecorationsCollection();
  undo.push(effect(() => {
    const active = session.project.value.activeFile;
    const bad = refusal();
    const selected = selectedSource.value;
    const list: monaco.editor.IModelDeltaDecoration[] = [];
    const model = editor.getModel();
    if (model) {
      if (selected && projectFile(selected.file) === active && selected.line <= model.getLineCount()) {
        list.push({ range: new monaco.Range(selected.line, 1, selected.line, 1), options: { isWholeLine: true, className: "line-marked", linesDecorationsClassName: "line-marked-edge", overviewRuler: { color: "#c89a00", position: monaco.editor.OverviewRulerLane.Left } } });
      }
      if (bad && projectFile(bad.source.file) === active && bad.source.line <= model.getLineCount()) {
        const end = model.getLineMaxColumn(bad.source.line);
        const text = bad.message.length > 90 ? `${bad.message.slice(0, 88)}…` : bad.message;
        list.push({
          range: new monaco.Range(bad.source.line, 1, bad.source.line, 1),
          options: { isWholeLine: true, className: bad.unsupported ? "line-unsupported" : "line-refused", glyphMarginClassName: bad.unsupported ? "glyph-unsupported" : "glyph-refused" },
        }, {
          range: new monaco.Range(bad.source.line, end, bad.source.line, end),
          options: {
            showIfCollapsed: true,
            after: { content: `   ${text}`, inlineClassName: bad.unsupported ? "inline-unsupported" : "inline-refused", cursorStops: monaco.editor.InjectedTextCursorStops.None },
          },
        });
      }
    }
    marks.set(list);
  }));
  undo.push(() => marks.clear());
  const onModel = editor.onDidChangeModel(() => {
    marks.clear();
  });
  undo.push(() => onModel.dispose());
  return () => undo.forEach((run) => run());
}

/** Calls that the chosen kernel warns about, struck through wherever they stand. */
function deprecations(model: monaco.editor.ITextModel): monaco.editor.IMarkerData[] {
  const check = session.check.value;
  if (check.kind !== "done") return [];
  return (check.verdict.warnings ?? []).flatMap((warning) => {
    const name = /\bkfunc (\w+) is deprecated/.exec(warning)?.[1];
    if (!name) return [];
    const removal = check.verdict.lab?.uses.find((use) => use.name === name)?.removal;
    const left = removal ? `. ${removal.daysLeft < 0 ? "Overdue" : `${removal.daysLeft} days left`} (${removal.release} ${removal.how === "projected" ? "is projected for" : "came on"} ${removal.date})` : "";
    return model.findMatches(`\\b${name}\\b`, false, true, true, null, false, 200).map(({ range }) => ({
      ...range, severity: monaco.MarkerSeverity.Warning, tags: [monaco.MarkerTag.Deprecated], message: warning + left, source: `Linux ${check.verdict.kernel}`,
    }));
  });
}

/** The expression at a column, or the whole statement of the line when the column says nothing. */
function extent(model: monaco.editor.ITextModel, line: number, col: number): { from: number; to: number } {
  const first = model.getLineFirstNonWhitespaceColumn(line) || 1;
  const last = model.getLineLastNonWhitespaceColumn(line) || first + 1;
  return col > first && col < last ? { from: col, to: last } : { from: first, to: last };
}
