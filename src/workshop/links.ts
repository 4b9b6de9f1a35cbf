import { splitKernelName } from "./kernels.ts";

/**
 * What a link in a workshop's text may ask for. Besides addresses of the web, a text can act on the page beside it:
 *
 *     [on Linux 6.12](do:kernel/6.12)      judges on that kernel; "7.2+NAME" is one with a custom kernel of the workshop (see kernelOf)
 *     [all kernels](do:panel/matrix)       opens a panel: verdict log insns calls output input matrix api
 *     [run it](do:run)                     runs the program
 *     [line 12](do:line/12)                goes to that line of the open file
 *     [bpf_loop](do:api/bpf_loop)          opens the life of a helper or kfunc
 *     [the next step](do:step/02-count)    opens a step of the same workshop
 *
 * None of them changes the reader's text, and none leaves the page.
 */
export type TextLink =
  | { kind: "web"; href: string }
  | { kind: "kernel"; kernel: string }
  | { kind: "panel"; panel: string }
  | { kind: "run" }
  | { kind: "line"; line: number }
  | { kind: "api"; name: string }
  | { kind: "step"; step: string };

/** The meaning of a link's address, or null for one that is not followed (scripts, files, data, misspelt actions). */
export function readLink(href: string): TextLink | null {
  const text = href.trim();
  if (/^https?:\/\/[^\s]+$/i.test(text)) return { kind: "web", href: text };
  const action = /^do:([a-z]+)(?:\/(.+))?$/.exec(text);
  if (!action) return null;
  const [, verb = "", what = ""] = action;
  switch (verb) {
    case "kernel":
      return splitKernelName(what) ? { kind: "kernel", kernel: what } : null;
    case "panel":
      return /^[a-z]{1,20}$/.test(what) ? { kind: "panel", panel: what } : null;
    case "run":
      return what === "" ? { kind: "run" } : null;
    case "line":
      return /^[1-9]\d{0,6}$/.test(what) ? { kind: "line", line: Number(what) } : null;
    case "api":
      return /^\w{1,128}$/.test(what) ? { kind: "api", name: what } : null;
    case "step":
      return /^[\w-]{1,64}$/.test(what) ? { kind: "step", step: what } : null;
    default:
      return null;
  }
}
