import { effect } from "@preact/signals";
import { largeType, theme } from "../prefs.ts";
import { cursor, embedded, reveal, runProgram, saveNow, session, toast } from "../state.ts";
import { connectApiLinks } from "./api-links.ts";
import { connectDecorations } from "./decorations.ts";
import { defineThemes, monaco } from "./monaco.ts";
import { connectCodeActions } from "./quick-fixes.ts";
import { connectHeat } from "./heat.ts";
import { connectHover } from "./hover.ts";
import { connectVim } from "./vim.ts";

const uriOf = (file: string): monaco.Uri => monaco.Uri.from({ scheme: "file", path: `/${file}` });
export const fileOf = (uri: monaco.Uri): string => uri.path.slice(1);

/** Mounts Monaco into the element and ties it to the session; returns what undoes that. */
export function mountEditor(host: HTMLElement): () => void {
  defineThemes();
  const coarse = matchMedia("(pointer: coarse)").matches;
  const style = getComputedStyle(document.documentElement);
  const editor = monaco.editor.create(host, {
    model: null,
    theme: `page-${theme.value}`,
    automaticLayout: true,
    fontFamily: style.getPropertyValue("--mono").trim(),
    fontSize: coarse ? 14 : 13,
    lineHeight: coarse ? 22 : 20,
    fontLigatures: false,
    tabSize: 8,
    insertSpaces: false,
    detectIndentation: true,
    minimap: { enabled: false },
    glyphMargin: true,
    lineNumbersMinChars: 3,
    lineDecorationsWidth: 6,
    folding: true,
    showFoldingControls: "mouseover",
    scrollBeyondLastLine: false,
    renderLineHighlight: "line",
    smoothScrolling: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    scrollbar: { verticalScrollbarSize: 11, horizontalScrollbarSize: 11, useShadows: false },
    overviewRulerLanes: 2,
    fixedOverflowWidgets: true,
    padding: { top: 8, bottom: 8 },
    wordBasedSuggestions: "currentDocument",
    quickSuggestions: false,
    suggestOnTriggerCharacters: true,
    accessibilitySupport: "auto",
    ariaLabel: "C source; Control+M lets Tab leave the editor",
    wordWrap: "off",
    contextmenu: !coarse,
    bracketPairColorization: { enabled: false },
    unicodeHighlight: { ambiguousCharacters: true, invisibleCharacters: true },
    stickyScroll: { enabled: false },
    lightbulb: { enabled: monaco.editor.ShowLightbulbIconMode.OnCode },
  });

  const undo: (() => void)[] = [];
  const models = new Map<string, monaco.editor.ITextModel>();
  /** True while the session's text is written into a model: such a change is not the user's. */
  let writing = false;

  let shown = session.generation.value;
  undo.push(effect(() => {
    const { files, activeFile } = session.project.value;
    if (session.generation.value !== shown) {
      // Another project: undo must not lead back into the one before.
      shown = session.generation.value;
      editor.setModel(null);
      for (const model of models.values()) model.dispose();
      models.clear();
    }
    for (const [name, model] of models) {
      if (!(name in files)) {
        models.delete(name);
        model.dispose();
      }
    }
    for (const [name, text] of Object.entries(files)) {
      const model = models.get(name);
      if (!model) {
        const made = monaco.editor.createModel(text, "c", uriOf(name));
        made.onDidChangeContent(() => {
          if (writing) return;
          const project = session.project.peek();
          session.update({ files: { ...project.files, [name]: made.getValue() } });
        });
        models.set(name, made);
      } else if (model.getValue() !== text) {
        writing = true;
        model.pushEditOperations([], [{ range: model.getFullModelRange(), text }], () => null);
        writing = false;
      }
    }
    const active = models.get(activeFile) ?? null;
    if (editor.getModel() !== active) {
      editor.setModel(active);
      cursor.value = { file: activeFile, line: 1, col: 1 };
    }
  }));

  undo.push(effect(() => {
    const size = largeType.value ? 19 : coarse ? 14 : 13;
    editor.updateOptions({ fontSize: size, lineHeight: size + (largeType.value ? 9 : coarse ? 8 : 7) });
  }));
  undo.push(effect(() => monaco.editor.setTheme(`page-${theme.value}`)));
  const onCursor = editor.onDidChangeCursorPosition(({ position }) => {
    const model = editor.getModel();
    if (model) cursor.value = { file: fileOf(model.uri), line: position.lineNumber, col: position.column };
  });

  undo.push(effect(() => {
    const target = reveal.value;
    if (!target || target.at < mountedAt) return;
    const model = models.get(target.file);
    if (!model || editor.getModel() !== model) return;
    const line = Math.min(Math.max(1, target.line), model.getLineCount());
    editor.setPosition({ lineNumber: line, column: Math.max(1, target.col) });
    editor.revealLineInCenterIfOutsideViewport(line, monaco.editor.ScrollType.Smooth);
    if (target.focus) editor.focus();
  }));

  editor.addCommand(monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter, () => void runProgram());
  editor.addCommand(monaco.KeyMod.CtrlCmd | monaco.KeyCode.KeyS, () => {
    saveNow();
    toast("Saved in this browser.");
  });

  undo.push(connectDecorations(editor, models));
  undo.push(connectHeat(editor));
  undo.push(connectVim(editor));
  undo.push(connectCodeActions(models));
  undo.push(connectHover());
  undo.push(connectApiLinks(editor));
  if (!embedded && !coarse && document.activeElement === document.body) editor.focus();

  return () => {
    for (const run of undo) run();
    onCursor.dispose();
    editor.dispose();
    for (const model of models.values()) model.dispose();
  };
}
const mountedAt = performance.now();
