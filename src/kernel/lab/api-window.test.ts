import { describe, expect, it } from "vitest";
import { currentVersion, oldestVersion, refusedVersion } from "./api-window.ts";

const releases = [{ version: 1, release: "7.0" }, { version: 2, release: "7.1" }, { version: 3, release: "7.2" }, { version: 4, release: "7.3" }];

describe("the window of API versions", () => {
  // supportWindow, the release the kernel calls itself → its version and the oldest it keeps
  it.each([
    [0, "7.3", 4, 4], [1, "7.3", 4, 3], [2, "7.3", 4, 2], [3, "7.3", 4, 1], [4, "7.3", 4, 0], [100, "7.3", 4, 0],
    // nothing new comes, yet old versions run out
    [2, "7.4", 4, 3], [2, "7.5", 4, 4], [2, "7.9", 4, 4],
  ])("window %i at %s: version %i, from %i on", (supportWindow, release, version, oldest) => {
    const api = { version: 4, supportWindow, releases };
    expect(currentVersion(api, release)).toBe(version);
    expect(oldestVersion(api, release)).toBe(oldest);
  });

  it("a later release brings its version", () => {
    const api = { version: 4, supportWindow: 2, releases: [...releases, { version: 5, release: "7.5" }] };
    expect([currentVersion(api, "7.4"), oldestVersion(api, "7.4")]).toEqual([4, 3]);
    expect([currentVersion(api, "7.5"), oldestVersion(api, "7.5")]).toEqual([5, 4]);
    expect([currentVersion(api, "7.6"), oldestVersion(api, "7.6")]).toEqual([5, 4]);
    expect([currentVersion(api, "7.7"), oldestVersion(api, "7.7")]).toEqual([5, 5]);
  });

  it("without a list every release brings one", () => {
    expect(oldestVersion({ version: 10, supportWindow: 3 }, "7.3")).toBe(7);
    expect(oldestVersion({ version: 2, supportWindow: 3 }, "7.3")).toBe(0);
  });

  it("a refusal names both numbers", () => {
    expect(refusedVersion("7.3+x", 1, 4, 2)).toBe("the program is written for API version 1; kernel 7.3+x has API version 4 and keeps 2 to 4");
    expect(refusedVersion("7.3+x", 0, 4, 4)).toBe("the program declares no API version, which counts as 0; kernel 7.3+x has API version 4 and keeps none but its own");
    expect(refusedVersion("7.3+x", 5, 4, 2)).toBe("the program is written for API version 5; kernel 7.3+x has API version 4");
    expect(refusedVersion("7.3+x", 2, 4, 2)).toBeNull();
  });
});
