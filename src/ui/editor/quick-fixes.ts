import { projectFile, session } from "../state.ts";
import { monaco } from "./monaco.ts";
import { fixedText } from "../../session/source-edits.ts";
import { offeredFixes } from "./replacement.ts";

type Models = ReadonlyMap<string, monaco.editor.ITextModel>;

/** clang's fix-its and the replacement of a removed call, under the editor's light bulb. */
export function connectCodeActions(models: Models): () => void {
  const provider = monaco.languages.registerCodeActionProvider("c", {
    provideCodeActions(model, range) {
      const file = model.uri.path.slice(1);
      const actions: monaco.languages.CodeAction[] = [];
      const edit = (edits: { file: string; range: monaco.IRange; text: string }[]): monaco.languages.WorkspaceEdit => ({
        edits: edits.flatMap((e) => {
          const target = models.get(e.file);
          return target ? [{ resource: target.uri, versionId: undefined, textEdit: { range: e.range, text: e.text } }] : [];
        }),
      });
      for (const d of session.build.value?.diagnostics ?? []) {
        if (projectFile(d.file) !== file || d.line > range.endLineNumber || d.endLine < range.startLineNumber) continue;
        for (const fixits of [d.fixits, ...d.notes.map((n) => n.fixits)]) {
          if (fixits.length === 0) continue;
          const title = fixits.length === 1 ? (fixits[0]!.text === "" ? "Remove this" : `Write “${fixits[0]!.text.trim().slice(0, 40)}”`) : "Apply clang's fix";
          actions.push({
            title, kind: "quickfix", isPreferred: fixits === d.fixits,
            edit: edit(fixits.flatMap((f) => {
              const target = projectFile(f.file);
              return target ? [{ file: target, range: new monaco.Range(f.range.line, f.range.col, f.range.endLine, f.range.endCol), text: f.text }] : [];
            })),
          });
        }
        for (const header of (d.nearHeaders ?? []).slice(0, 3)) {
          const line = model.getLineContent(d.line);
          const match = /(["<])([^">]*)([">])/.exec(line);
          if (!match) continue;
          const start = match.index + 1;
          actions.push({ title: `Include ${header}`, kind: "quickfix", edit: edit([{ file, range: new monaco.Range(d.line, start, d.line, start + match[0].length), text: `<${header}>` }]) });
        }
      }
      for (const fix of offeredFixes()) {
        const word = fix.kind === "rename" ? fix.from : fix.name;
        const near = Array.from({ length: range.endLineNumber - range.startLineNumber + 1 }, (_, i) => model.getLineContent(range.startLineNumber + i)).join("\n");
        if (!new RegExp(`\\b${word.replace(/\W/g, "")}\\b`).test(near)) continue;
        const next = fixedText(model.getValue(), fix);
        if (next === null) continue;
        actions.push({ title: fix.title, kind: "quickfix", isPreferred: fix.kind === "rename", edit: edit([{ file, range: model.getFullModelRange(), text: next }]) });
      }
      return { actions, dispose: () => undefined };
    },
  }, { providedCodeActionKinds: ["quickfix"] });
  return () => provider.dispose();
}
