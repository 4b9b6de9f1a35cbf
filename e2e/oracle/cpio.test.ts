import { expect, it } from "vitest";
import { writeCpio } from "./cpio.ts";

it("writes headers, parents, padding and the trailer as the format asks", () => {
  const archive = writeCpio([{ path: "/a/b/file", kind: "file", data: new TextEncoder().encode("hello"), executable: true }]);
  expect(archive.length % 4).toBe(0);
  const names: string[] = [];
  const modes: number[] = [];
  for (let at = 0; at < archive.length; ) {
    const field = (i: number) => parseInt(archive.toString("latin1", at + 6 + i * 8, at + 14 + i * 8), 16);
    expect(archive.toString("latin1", at, at + 6)).toBe("070701");
    names.push(archive.toString("latin1", at + 110, at + 110 + field(11) - 1));
    modes.push(field(1));
    const size = field(6);
    at += (110 + field(11) + 3) & ~3;
    at += (size + 3) & ~3;
  }
  expect(names).toEqual(["a", "a/b", "a/b/file", "TRAILER!!!"]);
  expect(modes.slice(0, 3)).toEqual([0o040755, 0o040755, 0o100755]);
});
