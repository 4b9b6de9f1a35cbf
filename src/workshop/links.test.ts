import { expect, it } from "vitest";
import { readLink } from "./links.ts";

it.each([
  ["https://docs.kernel.org/bpf/", { kind: "web", href: "https://docs.kernel.org/bpf/" }],
  ["do:kernel/6.12", { kind: "kernel", kernel: "6.12" }],
  ["do:kernel/7.2+gone", { kind: "kernel", kernel: "7.2+gone" }],
  ["do:panel/matrix", { kind: "panel", panel: "matrix" }],
  ["do:run", { kind: "run" }],
  ["do:line/12", { kind: "line", line: 12 }],
  ["do:api/bpf_loop", { kind: "api", name: "bpf_loop" }],
  ["do:step/02-count", { kind: "step", step: "02-count" }],
])("%s is followed", (href, link) => {
  expect(readLink(href)).toEqual(link);
});

it.each(["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "file:///etc/passwd", "do:eval/x", "do:kernel/../x", "do:run/x", "do:api/a b", "//host/x", "blob:https://x", "", " do:line/0"])("%j is not", (href) => {
  expect(readLink(href)).toBeNull();
});
