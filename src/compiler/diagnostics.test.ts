import { describe, expect, test } from "vitest";
import { humanText, parseDiagnostics } from "./diagnostics.ts";

const parse = (text: string, sources: Record<string, string> = {}) => parseDiagnostics(text, sources);

describe("parseDiagnostics", () => {
  test("an error with range, flag, fix-it and note", () => {
    const text = [
      'a.c:7:22:{7:20-7:25}: warning: using the result of an assignment as a condition without parentheses [-Wparentheses]',
      "    7 |  int g(int a) { if (a = 1) return a; }",
      "      |                     ~~^~~",
      "a.c:7:22: note: use '==' to turn this assignment into an equality comparison",
      'fix-it:"a.c":{7:22-7:23}:"=="',
      "1 warning generated.",
    ].join("\n");
    expect(parse(text)).toEqual([
      {
        severity: "warning", file: "a.c", line: 7, col: 20, endLine: 7, endCol: 25, flag: "-Wparentheses", fixits: [],
        message: "using the result of an assignment as a condition without parentheses",
        notes: [{
          file: "a.c", line: 7, col: 22, endLine: 7, endCol: 23, message: "use '==' to turn this assignment into an equality comparison",
          fixits: [{ file: "a.c", range: { line: 7, col: 22, endLine: 7, endCol: 23 }, text: "==" }],
        }],
      },
    ]);
  });

  test("columns are UTF-16 units where the text is known", () => {
    const source = 'char *s = "é😀"; oops;';
    const byteCol = Buffer.byteLength('char *s = "é😀"; ') + 1;
    const [d] = parse(`a.c:1:${byteCol}: error: use of undeclared identifier 'oops'`, { "a.c": source });
    expect(d).toMatchObject({ col: source.indexOf("oops") + 1, endCol: source.indexOf("oops") + 5 });
  });

  test("without a range, the word at the caret is marked", () => {
    expect(parse("a.c:1:5: error: expected ';'", { "a.c": "int value = 1" })[0]).toMatchObject({ col: 5, endCol: 10 });
    expect(parse("a.c:9:5: error: beyond the end", { "a.c": "int" })[0]).toMatchObject({ line: 9, col: 5, endCol: 6 });
  });

  test("the way through headers becomes notes", () => {
    const [d] = parse("In file included from a.c:2:\nIn file included from shared/x.h:3:\nusr/include/linux/bpf.h:5:10: fatal error: 'q.h' file not found\n", { "a.c": "//\n  #include \"shared/x.h\"" });
    expect(d).toMatchObject({ file: "usr/include/linux/bpf.h", severity: "error" });
    expect(d!.notes).toMatchObject([{ file: "a.c", line: 2, col: 3, endCol: 24 }, { file: "shared/x.h", line: 3 }]);
  });

  test("-Werror keeps the warning's own flag", () => {
    expect(parse("a.c:1:1: error: unused variable 'x' [-Werror,-Wunused-variable]")[0]).toMatchObject({ flag: "-Wunused-variable", severity: "error" });
  });

  test("messages of no file", () => {
    expect(parse("clang: error: unknown argument: '-x'\nerror: too many errors\n")).toMatchObject([{ file: "", message: "unknown argument: '-x'" }]);
  });

  test("file names with spaces and fix-its with escapes", () => {
    const [d] = parse('my file.c:1:2: error: m\nfix-it:"my file.c":{1:2-1:2}:"\\"\\\\\\303\\251\\n"\n');
    expect(d!.fixits[0]!.text).toBe('"\\é\n');
  });

  test("the backend's messages have a line too", () => {
    expect(parse("a.c:4:9: error: unsupported signed division, please convert to unsigned div/mod.")[0]).toMatchObject({ line: 4, col: 9 });
  });

  test("odd text is no message and costs no time", () => {
    const start = performance.now();
    for (const text of ["", "\0\0\0", "::::".repeat(20_000), "a:1:1:".repeat(20_000), "{1:1-1:1}".repeat(20_000), `a.c:1:1:${"{1:1-1:1}".repeat(20_000)}`]) parse(text);
    expect(performance.now() - start).toBeLessThan(2000);
    expect(parse("nothing here")).toEqual([]);
  });
});

test("humanText drops what only machines read", () => {
  expect(humanText('a.c:4:40:{4:39-4:40}{1:1-1:2}: error: m\n  x\nfix-it:"a.c":{4:40-4:41}:"->"\n')).toBe("a.c:4:40: error: m\n  x\n");
});
