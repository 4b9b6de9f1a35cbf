/** Operations on the functions a kernel offers: kfuncs and helpers. */
import { apiVersion, body, flags, helperName, IDENTIFIER, kfuncName, programTypes, prototype, reason, release, replacement, since } from "./schema-words.ts";
import { boolean, integer, list, literal, object, optional, text } from "../schema.ts";

export const deprecate = object(
  {
    op: literal("deprecate"),
    kfunc: kfuncName(),
    removedIn: optional(release("first release without it; from there on programs that call it are refused")),
    replacement: optional(replacement),
    reason: optional(reason),
    since: optional(since),
  },
  "marks a kfunc KF_DEPRECATED: callers are warned until the release that removes it",
  "Deprecate a kfunc",
);
export const remove = object(
  { op: literal("remove"), kfunc: kfuncName(), replacement: optional(replacement), reason: optional(reason), since: optional(since) },
  "the kfunc is not in this kernel",
  "Remove a kfunc",
);
export const add = object(
  { op: literal("add"), prototype, flags: optional(flags), programTypes, body: optional(body), since: optional(since) },
  "a kfunc that the release does not have; without a body it cannot be run",
  "Add a kfunc",
);
export const rename = object(
  {
    op: literal("rename"),
    kfunc: kfuncName(),
    to: kfuncName("its new name"),
    alias: optional(boolean("true: the old name is kept beside the new one")),
    reason: optional(reason),
    since: optional(since),
  },
  "the kfunc gets another name; what it does stays",
  "Rename a kfunc",
);
export const change = object(
  { op: literal("change"), prototype, flags: optional(flags), programTypes: optional(programTypes), body: optional(body), reason: optional(reason), since: optional(since) },
  "a kfunc of the release gets another prototype; flags, program types and what it does stay unless they are given",
  "Change a kfunc's prototype",
);
export const behave = object(
  {
    op: literal("behave"),
    function: kfuncName("name of the kfunc or helper"),
    body,
    reason: optional(reason),
    since: optional(since),
  },
  "same name and same prototype, but it does something else: nothing a program, libbpf or the verifier can detect",
  "Change what a function does",
);
export const versions = object(
  {
    op: literal("versions"),
    kfunc: kfuncName(),
    signatures: list(
      object({
        from: apiVersion("first API version for which this holds"),
        prototype: optional(prototype),
        absent: optional(boolean("true: from this API version on the kfunc is not there")),
        flags: optional(flags),
        programTypes: optional(programTypes),
        body: optional(body),
      }, "what the kfunc is from an API version on; what is left out stays as it was"),
      { maxItems: 32, description: "in the order of the versions; below the first one the release's own holds" },
    ),
  },
  "what a kfunc is depends on the API version a program declares (needs \"api\")",
  "Kfunc by API version",
);
export const helperVersions = object(
  {
    op: literal("helper versions"),
    helper: helperName("name of the helper"),
    meanings: list(
      object({
        from: apiVersion("first API version for which this holds"),
        means: optional(helperName("the helper that its number calls; left out: itself")),
        absent: optional(boolean("true: from this API version on its number is a hole")),
        body: optional(body),
      }, "what the helper's number means from an API version on"),
      { maxItems: 32, description: "in the order of the versions" },
    ),
  },
  "what a helper's number means depends on the API version a program declares (needs \"api\")",
  "Helper by API version",
);
export const VERSION_NODE = /^[A-Z][A-Z0-9_]{0,31}_\d{1,4}(\.\d{1,4}){0,2}$/;
export const symbolVersion = object(
  {
    op: literal("symbol version"),
    version: text('a version such as "LINUX_7.2"', { pattern: VERSION_NODE, description: "name of the set, in capitals, ending in a number; a program names it with underscores: bpf_example___LINUX_7_2" }),
    symbols: list(
      object({
        name: kfuncName(),
        prototype: optional(prototype),
        flags: optional(flags),
        programTypes: optional(programTypes),
        body: optional(body),
      }, "a kfunc as this set has it; what is left out is the release's own"),
      { maxItems: 256, description: "what the set lists" },
    ),
    since: optional(since),
  },
  "a set of kfuncs under a version, as libbpf.map lists functions: NAME@VERSION; the latest set that has a name serves programs that ask for no version",
  "Symbol version",
);
export const helper = object(
  {
    op: literal("helper"),
    id: integer(1, 1_000_000, "the number in the call instruction"),
    means: optional(helperName("name of the helper that the number calls; left out: the number is a hole")),
    from: optional(release("the release whose helper of that name is backported; left out: the kernel's own")),
    programTypes: optional(programTypes),
    body: optional(body),
    reason: optional(reason),
    since: optional(since),
  },
  "a helper's number means another helper or nothing, as on a distribution that backported out of order",
  "Renumber or remove a helper",
);
export const backport = object(
  {
    op: literal("backport"),
    kfunc: kfuncName(),
    from: release("the release it is taken from, with its prototype, flags and program types there"),
    programTypes: optional(programTypes),
    reason: optional(reason),
    since: optional(since),
  },
  "a kfunc of a later release, without what it was built upon there: types that this release lacks stay incomplete",
  "Backport a kfunc",
);
export { IDENTIFIER };
