/** The forms of a call, by the real clang and a real pack. */
import { expect, it } from "vitest";
import { runCli } from "../../src/cli/main.ts";

it("one call in every form, at both levels", async () => {
  const lines: string[] = [];
  const errors: string[] = [];
  expect(await runCli(["calls", "--kernel", "7.2", "--json"], { line: (t) => lines.push(t), error: (t) => errors.push(t), colour: false, width: 100 })).toBe(0);
  expect(errors).toEqual([]);
  const rows = new Map(lines.map((l) => JSON.parse(l) as { form: string; opt: string; call: { kind: string } | null; verdict: string; stage: string }).map((r) => [`${r.form} ${r.opt}`, `${r.call?.kind ?? "-"} ${r.verdict} ${r.stage}`]));
  expect(Object.fromEntries(rows)).toEqual({
    // Nobody told the compiler that the pointer never changes: without optimisation it is loaded and called through.
    "pointer -O0": "register rejected verify", "pointer -O2": "helper accepted verify",
    "const pointer -O0": "helper accepted verify", "const pointer -O2": "helper accepted verify",
    "cast -O0": "helper accepted verify", "cast -O2": "helper accepted verify",
    "attribute -O0": "unresolved rejected open", "attribute -O2": "unresolved rejected open",
    // Without optimisation the destroyed argument registers are saved after the call.
    "asm registers -O0": "helper rejected verify", "asm registers -O2": "helper accepted verify",
    "asm moves -O0": "helper accepted verify", "asm moves -O2": "helper accepted verify",
    "kfunc -O0": "unresolved rejected resolve", "kfunc -O2": "unresolved rejected resolve",
    "true kfunc -O0": "kfunc accepted verify", "true kfunc -O2": "kfunc accepted verify",
  });
});
