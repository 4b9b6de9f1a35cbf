import { apiEntry, loadApiData } from "../api-data.ts";
import { openApi } from "../panels/api-explorer.tsx";
import { toast } from "../state.ts";
import { monaco } from "./monaco.ts";

/** Address of a link in a hover that opens the life of the API that is its argument. */
export function apiCommandLink(name: string): string {
  return `command:bpf.openApi?${encodeURIComponent(JSON.stringify(name))}`;
}

async function openWord(name: string): Promise<void> {
  await loadApiData();
  if (apiEntry(name)) openApi(name);
  else toast(`No simulated kernel has a helper or kfunc "${name}".`);
}

/** From a call in the source to the life of what it calls: by the hover's link, F12, the context menu, and Ctrl or ⌘ and a click. */
export function connectApiLinks(editor: monaco.editor.IStandaloneCodeEditor): () => void {
  const command = monaco.editor.registerCommand("bpf.openApi", (_, name: unknown) => {
    // Links in hovers are ours, their arguments are words of the source.
    if (typeof name === "string" && /^\w{1,128}$/.test(name)) void openWord(name);
  });
  const action = editor.addAction({
    id: "bpf.lifeOfCall", label: "Life of this helper or kfunc", keybindings: [monaco.KeyCode.F12], contextMenuGroupId: "navigation", contextMenuOrder: 1,
    run: (e) => {
      const word = e.getPosition() && e.getModel()?.getWordAtPosition(e.getPosition()!);
      if (word) void openWord(word.word);
    },
  });
  const click = editor.onMouseDown(({ event, target }) => {
    if (!(event.ctrlKey || event.metaKey) || !event.leftButton || target.type !== monaco.editor.MouseTargetType.CONTENT_TEXT) return;
    const word = editor.getModel()?.getWordAtPosition(target.position);
    if (!word) return;
    void loadApiData().then(() => {
      if (apiEntry(word.word)) openApi(word.word);
    });
  });
  return () => {
    command.dispose();
    action.dispose();
    click.dispose();
  };
}
