/**
 * The part of Monaco that is used here: the editor, C, and the contributions a C file needs. Loaded on its own, after the page stands.
 * Its one worker is bundled with the page.
 */
import * as monaco from "monaco-editor/editor/editor.api.js";
import "monaco-editor/features/codeEditor/register.js";
import "monaco-editor/features/codicon/register.js";
import "monaco-editor/features/bracketMatching/register.js";
import "monaco-editor/features/caretOperations/register.js";
import "monaco-editor/features/clipboard/register.js";
import "monaco-editor/features/codeAction/register.js";
import "monaco-editor/features/comment/register.js";
import "monaco-editor/features/contextmenu/register.js";
import "monaco-editor/features/cursorUndo/register.js";
import "monaco-editor/features/find/register.js";
import "monaco-editor/features/folding/register.js";
import "monaco-editor/features/gotoError/register.js";
import "monaco-editor/features/gotoLine/register.js";
import "monaco-editor/features/hover/register.js";
import "monaco-editor/features/indentation/register.js";
import "monaco-editor/features/lineSelection/register.js";
import "monaco-editor/features/linesOperations/register.js";
import "monaco-editor/features/multicursor/register.js";
import "monaco-editor/features/quickCommand/register.js";
import "monaco-editor/features/smartSelect/register.js";
import "monaco-editor/editor/contrib/suggest/browser/suggestController.js";
import "monaco-editor/features/toggleTabFocusMode/register.js";
import "monaco-editor/features/wordHighlighter/register.js";
import "monaco-editor/features/wordOperations/register.js";
import "monaco-editor/languages/definitions/cpp/register.js";
import EditorWorker from "monaco-editor/editor/editor.worker.js?worker";

self.MonacoEnvironment = { getWorker: () => new EditorWorker() };

/** Colours of the page's own style sheet, so that the editor is part of it. */
export function defineThemes(): void {
  for (const name of ["light", "dark"] as const) {
    const probe = document.createElement("div");
    probe.dataset["theme"] = name;
    const before = document.documentElement.dataset["theme"];
    document.documentElement.dataset["theme"] = name;
    const style = getComputedStyle(document.documentElement);
    const color = (token: string): string => style.getPropertyValue(`--${token}`).trim();
    const rule = (token: string, variable: string, fontStyle?: string): monaco.editor.ITokenThemeRule => ({ token, foreground: color(variable).slice(1), ...(fontStyle ? { fontStyle } : {}) });
    monaco.editor.defineTheme(`page-${name}`, {
      base: name === "light" ? "vs" : "vs-dark",
      inherit: true,
      rules: [
        rule("", "ink"), rule("keyword", "syn-kw"), rule("keyword.directive", "syn-pre"), rule("type", "syn-type"), rule("number", "syn-num"), rule("number.hex", "syn-num"), rule("number.float", "syn-num"), rule("string", "syn-str"),
        rule("string.include", "syn-str"), rule("comment", "syn-com", "italic"), rule("annotation", "syn-pre"), rule("delimiter", "ink-2"), rule("identifier", "ink"),
      ],
      colors: {
        "editor.background": color("surface"), "editor.foreground": color("ink"), "editorLineNumber.foreground": color("ink-3"), "editorLineNumber.activeForeground": color("ink"),
        "editor.lineHighlightBackground": color("surface-2"), "editor.lineHighlightBorder": color("surface-2"), "editorCursor.foreground": color("ink"),
        "editorGutter.background": color("surface"), "editorWidget.background": color("bar"), "editorWidget.border": color("line-strong"), "editorHoverWidget.background": color("bar"),
        "editorHoverWidget.border": color("line-strong"), "editorSuggestWidget.background": color("bar"), "editorError.foreground": color("no"), "editorWarning.foreground": color("mark-line"),
        "editorInfo.foreground": color("link"), "editorIndentGuide.background1": color("line"), "editorIndentGuide.activeBackground1": color("line-strong"),
        "scrollbarSlider.background": `${color("line-strong")}80`, "scrollbar.shadow": "#00000000", "editorOverviewRuler.border": "#00000000", "focusBorder": color("focus"),
        "editorBracketMatch.background": color("mark-soft"), "editorBracketMatch.border": color("mark-line"), "editorStickyScroll.background": color("surface"), ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [`editorBracketHighlight.foreground${n}`, color("ink-2")])),
      },
    });
    if (before) document.documentElement.dataset["theme"] = before;
  }
}

export { monaco };
