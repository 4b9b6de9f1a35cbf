import { describe, expect, it } from "vitest";
import { nextRelease, releaseDate, releasesBetween, removalOf } from "./release-dates.ts";

describe("releases and their days", () => {
  it("those that came, and projections on Sundays marked as such", () => {
    expect(releaseDate("6.12")).toEqual({ release: "6.12", date: "2024-11-17", how: "announced" });
    expect(releaseDate("7.3")).toEqual({ release: "7.3", date: "2026-10-18", how: "derived" });
    expect(releaseDate("7.6")).toEqual({ release: "7.6", date: "2027-05-02", how: "projected" });
    expect(new Date(releaseDate("8.0")!.date).getUTCDay()).toBe(0);
    expect(releaseDate("4.19")).toBeUndefined();
    expect(releaseDate("9999.9999")).toBeUndefined();
  });

  it("the numbers go on after 19", () => {
    expect(nextRelease("6.19")).toBe("7.0");
    expect(releasesBetween("6.18", "7.3")).toBe(5);
    expect(releasesBetween("7.3", "6.18")).toBe(-5);
    expect(releasesBetween("0.0", "9999.0")).toBe(400);
  });

  it("days are counted from today, or from the day of the release the kernel calls itself", () => {
    expect(removalOf("7.6", "7.3", "2027-04-30")).toMatchObject({ daysLeft: 2, how: "projected" });
    expect(removalOf("7.6", "7.5", "2026-11-20")!.daysLeft).toBe((Date.parse("2027-05-02") - Date.parse(releaseDate("7.5")!.date)) / 86_400_000);
    expect(removalOf("7.3", "7.3", "2026-11-20")!.daysLeft).toBe(-33);
    expect(removalOf("1.0", "7.3", "2026-11-20")).toBeUndefined();
  });
});
