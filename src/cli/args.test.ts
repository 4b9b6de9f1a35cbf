import { describe, expect, it } from "vitest";
import { parseArgs, wholeNumber } from "./args.ts";

const spec = { "--lab": "list", "--kernel": "value", "--json": "flag", "-o": "value", "-O2": "flag" } as const;
const parse = (text: string) => parseArgs(text.split(" "), spec);

describe("arguments", () => {
  it("files, options and what follows --", () => {
    expect(parse("a.c --kernel 7.2 -O2 b.c -- -DX --json")).toEqual({
      ok: true, value: { files: ["a.c", "b.c"], options: new Map([["--kernel", "7.2"], ["-O2", ""]]), lists: new Map(), rest: ["-DX", "--json"] },
    });
    expect(parse("--kernel=7.2,6.1")).toMatchObject({ ok: true, value: { options: new Map([["--kernel", "7.2,6.1"]]) } });
  });
  it("an option of lists keeps every value", () => {
    expect(parse("--lab none --lab a.json")).toMatchObject({ ok: true, value: { lists: new Map([["--lab", ["none", "a.json"]]]) } });
    expect(parse("--kernel 1 --kernel 2")).toEqual({ ok: false, error: "--kernel is given twice" });
  });
  it.each([
    ["--kernl 7.2", "unknown option --kernl (did you mean --kernel?)"],
    ["--kernel", "--kernel needs a value"],
    ["--kernel --json", "--kernel needs a value"],
    ["--json=1", "--json takes no value"],
    ["--json --json", "--json is given twice"],
    ["--constructor", "unknown option --constructor"],
  ])("%s", (text, error) => expect(parse(text)).toEqual({ ok: false, error }));
  it("whole numbers in a range", () => {
    expect(wholeNumber("2", "-n", 0, 2)).toEqual({ ok: true, value: 2 });
    for (const bad of ["3", "-1", "1.5", "", "1e3", "0x1"]) expect(wholeNumber(bad, "-n", 0, 2).ok, bad).toBe(false);
  });
});
