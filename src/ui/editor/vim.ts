import { effect } from "@preact/signals";
import { vimKeys } from "../prefs.ts";
import { saveNow, toast } from "../state.ts";
import type { monaco } from "./monaco.ts";

/** Where the status bar shows mode, keys and the command line. */
export const VIM_STATUS = "vim-status";

/** Vim's keys in the editor while they are switched on; their code (100 kB) is fetched when they first are. */
export function connectVim(editor: monaco.editor.IStandaloneCodeEditor): () => void {
  let mode: { dispose(): void } | null = null;
  let wanted = false;
  const end = (): void => {
    wanted = false;
    mode?.dispose();
    mode = null;
  };
  const stop = effect(() => {
    end();
    if (!vimKeys.value) return;
    wanted = true;
    void import("./vim-keys.ts").then(({ initVimMode, defineCommand }) => {
      if (!wanted || mode) return;
      // What is saved is saved here, and always: :w says so.
      defineCommand("write", "w", () => {
        saveNow();
        toast("Saved in this browser.");
      });
      mode = initVimMode(editor, document.getElementById(VIM_STATUS));
    }, () => {
      vimKeys.value = false;
      toast("Vim's keys could not be loaded.", "bad");
    });
  });
  return () => {
    stop();
    end();
  };
}
