import { describe, expect, it } from "vitest";
import { renderMarkdown } from "./markdown.ts";

describe("a workshop's text", () => {
  it.each([
    "<script>alert(1)</script>", '<img src=x onerror="alert(1)">', "[x](javascript:alert(1))", "[x](<JaVaScript:alert(1)>)", "[x](java&#115;cript:alert(1))", "![x](javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)", "![x](https://tracker.example/p.gif)", '[x](https://e.org "a\\" onclick=\\"alert(1)")', "<https://e.org/\"onmouseover=alert(1)>", "[x](vbscript:x)", "[a]: javascript:alert(1)\n\n[a]",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)", "```\"><script>alert(1)</script>\nx\n```", "[x](do:kernel/7.2\" onclick=\"x)",
  ])("%s stays harmless", (text) => {
    const html = renderMarkdown(text);
    const tags = [...html.matchAll(/<([a-z]+)([^>]*)>/gi)];
    expect(tags.map((t) => t[1]).filter((name) => !["p", "a", "em", "pre", "code", "h1"].includes(name!))).toEqual([]);
    for (const [, , attributes] of tags) {
      for (const [, name, value] of attributes!.matchAll(/([\w-]+)="([^"]*)"/g)) {
        expect(["href", "target", "rel", "role", "class", "data-do", "title"]).toContain(name);
        if (name === "href") expect(value).toMatch(/^(?:#|https?:\/\/[^"<>]*)$/);
      }
    }
  });

  it("colours C, opens the web elsewhere, and marks what acts on the page", () => {
    expect(renderMarkdown("```c\nint x; /* y */\n```")).toMatch(/hljs-type">int<\/span>.*hljs-comment/);
    expect(renderMarkdown("[manual](https://docs.kernel.org/bpf/)")).toContain('target="_blank" rel="noopener noreferrer"');
    expect(renderMarkdown("[on 6.12](do:kernel/6.12)")).toContain('href="#" role="button" data-do="do:kernel/6.12"');
  });

  it("a very large text takes no time worth mentioning", () => {
    const start = performance.now();
    renderMarkdown(`${"*".repeat(20_000)}\n\n${"[".repeat(20_000)}\n\n\`\`\`c\n${"int x;\n".repeat(20_000)}\`\`\``);
    expect(performance.now() - start).toBeLessThan(3000);
  });
});
