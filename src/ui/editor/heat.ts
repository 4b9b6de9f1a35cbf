import { effect } from "@preact/signals";
import { shareText, type HotLine } from "../../session/hot-lines.ts";
import { hot, WORTH_DRAWING } from "../hot.ts";
import { heatShown } from "../prefs.ts";
import { projectFile, session } from "../state.ts";
import { monaco } from "./monaco.ts";

/** Lines with their figure behind them. */
const FIGURES = 3;

/** Less than this part of the whole is not drawn. */
const FAINT = 0.005;

/** Steps of the bar's colour, by share of all processed instructions. */
const level = (share: number): number => (share >= 0.4 ? 5 : share >= 0.2 ? 4 : share >= 0.08 ? 3 : share >= 0.02 ? 2 : 1);

/** What each line cost the verifier, as a bar beside its number and a figure behind the most expensive ones, while the text is the one that was judged. */
export function connectHeat(editor: monaco.editor.IStandaloneCodeEditor): () => void {
  const marks = editor.createDecorationsCollection();
  const stop = effect(() => {
    const active = session.project.value.activeFile;
    const check = session.check.value;
    const total = check.kind === "done" && !check.stale && session.object.value?.from === "source" ? (check.verdict.verify?.stats.insns ?? 0) : 0;
    const model = editor.getModel();
    if (!heatShown.value || total < WORTH_DRAWING || !model) {
      marks.clear();
      return;
    }
    marks.set(byLine(hot.value, active).filter((h) => h.share >= FAINT && h.line <= model.getLineCount()).flatMap((h, i) => {
      const said = `${h.processed.toLocaleString("en")} of ${total.toLocaleString("en")} processed instructions (${shareText(h.share)}), visited up to ${h.visits.toLocaleString("en")} times`;
      const end = model.getLineMaxColumn(h.line);
      const list: monaco.editor.IModelDeltaDecoration[] = [{
        range: new monaco.Range(h.line, 1, h.line, 1),
        options: { isWholeLine: true, linesDecorationsClassName: `heat-${level(h.share)}`, linesDecorationsTooltip: said, overviewRuler: h.share >= 0.08 ? { color: "#c89a00", position: monaco.editor.OverviewRulerLane.Left } : null },
      }];
      if (i < FIGURES && h.share >= 0.02) {
        list.push({
          range: new monaco.Range(h.line, end, h.line, end),
          options: { showIfCollapsed: true, after: { content: `   ${shareText(h.share)} of the verifier's work, ×${h.visits.toLocaleString("en")}`, inlineClassName: "inline-heat", cursorStops: monaco.editor.InjectedTextCursorStops.None } },
        });
      }
      return list;
    }));
  });
  const onModel = editor.onDidChangeModel(() => marks.clear());
  return () => {
    stop();
    onModel.dispose();
    marks.clear();
  };
}

/** One row a line of this file, most expensive first: a line inlined into several functions is one line on the screen. */
function byLine(list: readonly HotLine[], file: string): { line: number; processed: number; share: number; visits: number }[] {
  const lines = new Map<number, { line: number; processed: number; share: number; visits: number }>();
  for (const { source, processed, share, visits } of list) {
    if (!source || source.line < 1 || projectFile(source.file) !== file) continue;
    const row = lines.get(source.line) ?? { line: source.line, processed: 0, share: 0, visits: 0 };
    lines.set(source.line, { line: source.line, processed: row.processed + processed, share: row.share + share, visits: Math.max(row.visits, visits) });
  }
  return [...lines.values()].sort((a, b) => b.processed - a.processed);
}
