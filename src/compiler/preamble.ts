/** One #include of the opening block. */
export interface Include {
  name: string;
  quoted: boolean;
}

/**
 * The #includes a file opens with, before anything else but comments and blank lines. Only what stands here may come from a
 * precompiled header: nothing before it can have changed what the headers mean. Anything unusual (a line continuation, a
 * directive, a macro include) ends the block.
 */
export function openingIncludes(text: string): Include[] {
  const includes: Include[] = [];
  const source = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  let at = 0;
  for (;;) {
    const start = skipBlank(source, at);
    if (start === undefined) return includes;
    const match = /^#[ \t]*include[ \t]*(?:"([^"\\\n]+)"|<([^>\\\n]+)>)[ \t]*(?=\r?\n|$|\/\/|\/\*)/.exec(source.slice(start, start + 400));
    if (!match) return includes;
    at = start + match[0].length;
    // What follows on the line may only be comments, and a backslash would join lines.
    const lineEnd = source.indexOf("\n", at);
    const rest = source.slice(at, lineEnd < 0 ? undefined : lineEnd);
    if (rest.includes("\\") || rest.includes("??/")) return includes;
    const after = skipBlank(source, at);
    if (after !== undefined && lineEnd >= 0 && after < lineEnd) return includes;
    includes.push({ name: (match[1] ?? match[2])!, quoted: match[1] !== undefined });
  }
}

/** Index of the first character from `at` that is neither blank nor in a comment; undefined when a comment is odd or never ends. */
function skipBlank(source: string, at: number): number | undefined {
  for (;;) {
    while (at < source.length && /[ \t\r\n\f\v]/.test(source[at]!)) at++;
    if (source.startsWith("//", at)) {
      const end = source.indexOf("\n", at);
      if (end < 0) return undefined;
      if (/(\\|\?\?\/)[ \t\r]*$/.test(source.slice(at, end))) return undefined;
      at = end + 1;
    } else if (source.startsWith("/*", at)) {
      const end = source.indexOf("*/", at + 2);
      if (end < 0) return undefined;
      at = end + 2;
    } else {
      return at;
    }
  }
}

/** The text of a precompiled header's source for these includes. */
export function preambleText(includes: readonly Include[]): string {
  return includes.map(({ name, quoted }) => (quoted ? `#include "${name}"\n` : `#include <${name}>\n`)).join("");
}

/**
 * True when including this header a second time adds nothing: its whole text stands between #ifndef X / #define X and the
 * matching #endif, or it says #pragma once first. Only such headers may come from a precompiled header, since the program's own
 * #include of them is still there.
 */
export function isGuarded(text: string): boolean {
  const start = skipBlank(text, 0);
  if (start === undefined) return false;
  if (/^#[ \t]*pragma[ \t]+once\b/.test(text.slice(start, start + 80))) return true;
  const guard = /^#[ \t]*(?:ifndef[ \t]+(\w+)|if[ \t]+!defined[ \t]*\(?[ \t]*(\w+)[ \t]*\)?)[ \t]*(?=\r?\n|\/\*|\/\/)/.exec(text.slice(start, start + 300));
  if (!guard) return false;
  const body = skipBlank(text, start + guard[0].length);
  if (body === undefined) return false;
  const define = /^#[ \t]*define[ \t]+(\w+)/.exec(text.slice(body, body + 300));
  if (!define || define[1] !== (guard[1] ?? guard[2])) return false;
  // The #endif that closes the guard is the last thing in the file.
  let depth = 0;
  let closed = -1;
  const directive = /^[ \t]*#[ \t]*(if|ifdef|ifndef|endif|else|elif)\b/gm;
  directive.lastIndex = lineStart(text, start);
  for (let match = directive.exec(text); match; match = directive.exec(text)) {
    if (closed >= 0) return false;
    const word = match[1]!;
    if (word.startsWith("if")) depth++;
    else if (word === "endif") {
      depth--;
      if (depth === 0) closed = directive.lastIndex;
    } else if (depth === 1) return false;
  }
  if (closed < 0) return false;
  const after = skipBlank(text, closed);
  return after === undefined || after >= text.length;
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}
