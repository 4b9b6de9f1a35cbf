import { describe, expect, it } from "vitest";
import { fixedText, renameCall, renameWord } from "./source-edits.ts";

describe("renaming", () => {
  it("touches code only", () => {
    expect(renameWord('f(1); // f(2)\n"f" ff f', "f", "g")).toEqual({ text: 'g(1); // f(2)\n"f" ff g', count: 2 });
  });
  it("drops the last argument of calls and declarations, however they are nested", () => {
    expect(renameCall("x = f_impl(g(a, b), (struct s){1, 2}, h(\",)\", 3)); f_impl(f_impl(1, 2), 3);", "f_impl", "f", "drop"))
      .toBe("x = f(g(a, b), (struct s){1, 2}); f(f(1));");
    expect(renameCall("extern int f_impl(struct s *p, void *aux__prog) __ksym;", "f_impl", "f", "drop")).toBe("extern int f(struct s *p) __ksym;");
  });
  it("adds an argument: a parameter in a declaration", () => {
    expect(renameCall("int f(int a) __ksym; y = f(1 /* , */); z = f();", "f", "f_impl", "add")).toBe("int f_impl(int a, void *aux__prog) __ksym; y = f_impl(1 /* , */, NULL); z = f_impl(NULL);");
  });
  it("leaves a list that never ends as it is but for the name", () => {
    expect(renameCall("f_impl(1, 2", "f_impl", "f", "drop")).toBe("f(1, 2");
  });
  it("says when a file has nothing to change", () => {
    expect(fixedText("a();", { kind: "rename", title: "", from: "b", to: "c" })).toBeNull();
    expect(fixedText("b(1, 2);", { kind: "rename", title: "", from: "b", to: "c", lastArgument: "drop" })).toBe("c(1);");
    expect(fixedText("\tb(1);", { kind: "guard", title: "", name: "b", declaration: "extern int b(int) __ksym __weak;", condition: "bpf_ksym_exists(b)" }))
      .toBe("extern int b(int) __ksym __weak;\n\n\tif (bpf_ksym_exists(b))\n\t\tb(1);");
  });
});
