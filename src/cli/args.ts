import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { nearestNames } from "../kernel/nearest.ts";

/** "value" takes the next argument, "number?" too where that is a whole number (else ""), "list" too and may be given several times, "flag" takes none. */
export type OptionSpec = Readonly<Record<string, "value" | "list" | "number?" | "flag">>;

export interface Parsed {
  /** arguments that are no options */
  files: readonly string[];
  options: ReadonlyMap<string, string>;
  /** every value of an option that may be given several times */
  lists: ReadonlyMap<string, readonly string[]>;
  /** what follows `--` */
  rest: readonly string[];
}

/** Takes a command's arguments apart. `--name value` and `--name=value` are the same; an option given twice is an error. */
export function parseArgs(args: readonly string[], spec: OptionSpec): Result<Parsed, string> {
  const files: string[] = [];
  const options = new Map<string, string>();
  const lists = new Map<string, string[]>();
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === "--") return ok({ files, options, lists, rest: args.slice(i + 1) });
    if (!arg.startsWith("-") || arg === "-") {
      files.push(arg);
      continue;
    }
    const equals = arg.startsWith("--") ? arg.indexOf("=") : -1;
    const name = equals < 0 ? arg : arg.slice(0, equals);
    const kind = Object.hasOwn(spec, name) ? spec[name] : undefined;
    if (kind === undefined) {
      const near = nearestNames(name, Object.keys(spec), 1);
      return err(`unknown option ${name}${near[0] === undefined ? "" : ` (did you mean ${near[0]}?)`}`);
    }
    if (options.has(name) && kind !== "list") return err(`${name} is given twice`);
    if (kind === "flag") {
      if (equals >= 0) return err(`${name} takes no value`);
      options.set(name, "");
      continue;
    }
    if (kind === "number?" && equals < 0 && !/^\d+$/.test(args[i + 1] ?? "")) {
      options.set(name, "");
      continue;
    }
    const value = equals < 0 ? args[++i] : arg.slice(equals + 1);
    if (value === undefined || (equals < 0 && value.startsWith("--"))) return err(`${name} needs a value`);
    options.set(name, value);
    if (kind === "list") lists.set(name, [...(lists.get(name) ?? []), value]);
  }
  return ok({ files, options, lists, rest: [] });
}

/** A whole number in a range, or why not. */
export function wholeNumber(text: string, name: string, min: number, max: number): Result<number, string> {
  const value = /^\d{1,12}$/.test(text) ? Number(text) : NaN;
  return value >= min && value <= max ? ok(value) : err(`${name} takes a whole number from ${min} to ${max}, not "${text}"`);
}
