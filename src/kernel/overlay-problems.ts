/** Everything that is wrong with an overlay's document, for a form that shows each message at its field. */
import { overlayChange, overlayShape } from "./overlay-schema.ts";
import { parseOverlay } from "./overlay.ts";

export interface OverlayProblem { path: string; message: string }

const PREFIX = "custom kernel: ";

/** "custom kernel: changes[2].prototype: expected …" → its place and the rest. A message without a place concerns the document. */
export function placeOf(message: string): OverlayProblem {
  const text = message.startsWith(PREFIX) ? message.slice(PREFIX.length) : message;
  const match = /^((?:[A-Za-z]\w*(?:\[\d+\])?)(?:\.\w+(?:\[\d+\])?)*): (.*)$/s.exec(text);
  return match && /^(?:changes\b|schema$|name$|title$|description$|base$|simulatedRelease$|btf$|api\b)/.test(match[1]!) ? { path: match[1]!, message: match[2]! } : { path: "", message: text };
}

/**
 * The problems of a document's text: those of its shape all at once (one for each change and one for the rest), and when
 * there are none, what parseOverlay finds besides. Empty when it can be applied to some kernel.
 */
export function overlayTextProblems(text: string): OverlayProblem[] {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    const parsed = parseOverlay(text);
    return parsed.ok ? [] : [placeOf(parsed.error)];
  }
  const out: OverlayProblem[] = [];
  const changes = typeof data === "object" && data !== null && !Array.isArray(data) ? (data as Record<string, unknown>)["changes"] : undefined;
  const whole = overlayShape.parse(Array.isArray(changes) ? { ...(data as object), changes: [] } : data, "");
  if (!whole.ok) out.push(whole.error);
  if (Array.isArray(changes)) {
    for (const [i, change] of (changes as unknown[]).slice(0, 1000).entries()) {
      const parsed = overlayChange.parse(change, `changes[${i}]`);
      if (!parsed.ok) out.push(parsed.error);
    }
  }
  if (out.length > 0) return out;
  const parsed = parseOverlay(text);
  return parsed.ok ? [] : [placeOf(parsed.error)];
}
