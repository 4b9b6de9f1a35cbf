import { computed } from "@preact/signals";
import { hotLines, type HotLine } from "../session/hot-lines.ts";
import { session } from "./state.ts";

/** With fewer processed instructions than this a list of the expensive lines tells nothing. */
export const WORTH_LISTING = 100;
/** Fewer processed instructions than this are no worry to anybody: nothing is drawn beside the lines. */
export const WORTH_DRAWING = 1000;

/** The C lines that the verification on show was spent on, most expensive first. */
export const hot = computed<readonly HotLine[]>(() => {
  const visits = session.verdict.value?.verify?.visits;
  const disasm = session.disasm.value;
  return visits && disasm?.ok ? hotLines(visits, disasm.value) : [];
});
