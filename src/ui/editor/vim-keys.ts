/** Vim's keys, in a chunk of their own that is fetched when they are switched on. */
import { initVimMode, VimMode } from "monaco-vim";

export { initVimMode };

/** Names a command for the line that ":" opens; its types leave this out. */
export function defineCommand(name: string, prefix: string, run: () => void): void {
  (VimMode as unknown as { Vim: { defineEx(name: string, prefix: string, run: () => void): void } }).Vim.defineEx(name, prefix, run);
}
