import { effect } from "@preact/signals";
import { largeType, theme } from "../prefs.ts";
import { defineThemes, monaco } from "../editor/monaco.ts";
import "monaco-editor/features/diffEditor/register.js";

/** Shows two texts of C against each other in the element: left and right where there is room, one below the other elsewhere. */
export function mountDiff(host: HTMLElement, mine: string, theirs: string): () => void {
  defineThemes();
  const size = largeType.peek() ? 19 : 13;
  const editor = monaco.editor.createDiffEditor(host, {
    theme: `page-${theme.peek()}`,
    automaticLayout: true,
    readOnly: true,
    originalEditable: false,
    fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono").trim(),
    fontSize: size,
    lineHeight: size + 7,
    renderSideBySide: true,
    useInlineViewWhenSpaceIsLimited: true,
    renderSideBySideInlineBreakpoint: 720,
    minimap: { enabled: false },
    scrollBeyondLastLine: false,
    renderOverviewRuler: false,
    hideUnchangedRegions: { enabled: false },
    renderIndicators: true,
    ignoreTrimWhitespace: false,
    fixedOverflowWidgets: true,
    padding: { top: 8, bottom: 8 },
    ariaLabel: "Your text against the solution",
  });
  const original = monaco.editor.createModel(mine, "c");
  const modified = monaco.editor.createModel(theirs, "c");
  editor.setModel({ original, modified });
  const stop = effect(() => monaco.editor.setTheme(`page-${theme.value}`));
  const dispose = (): void => {
    editor.dispose();
    original.dispose();
    modified.dispose();
  };
  return () => {
    stop();
    // Closed while the difference is still being computed, Monaco would miss its models.
    if (editor.getLineChanges() !== null) dispose();
    else {
      const computed = editor.onDidUpdateDiff(() => {
        computed.dispose();
        queueMicrotask(dispose);
      });
    }
  };
}
