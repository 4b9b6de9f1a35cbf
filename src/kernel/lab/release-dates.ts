import { compareSeries, parseRelease } from "../releases.ts";

/** When a release came, or will. Dates are "2026-10-18". */
export interface ReleaseDate {
  release: string;
  date: string;
  /** announced: the day of the mainline release; derived: from its weekly candidates; projected: nobody knows yet */
  how: "announced" | "derived" | "projected";
}

/**
 * Days of mainline releases. Up to 6.18: the dates of the tags v5.10 … v6.18 (kernel.org, "Releases"). 6.19 and 7.0: the
 * announcements of 8 February and 12 April 2026. 7.1 to 7.3: Sundays after the last candidate, from the candidates'
 * dates in Debian's changelog of linux 7.3.4-1 (7.1-rc7 on 7 June, 7.2-rc7 on 9 August, 7.3-rc7 on 11 October 2026).
 */
const KNOWN: readonly (readonly [string, string])[] = [
  ["5.10", "2020-12-13"], ["5.11", "2021-02-14"], ["5.12", "2021-04-25"], ["5.13", "2021-06-27"], ["5.14", "2021-08-29"], ["5.15", "2021-10-31"],
  ["5.16", "2022-01-09"], ["5.17", "2022-03-20"], ["5.18", "2022-05-22"], ["5.19", "2022-07-31"], ["6.0", "2022-10-02"], ["6.1", "2022-12-11"],
  ["6.2", "2023-02-19"], ["6.3", "2023-04-23"], ["6.4", "2023-06-25"], ["6.5", "2023-08-27"], ["6.6", "2023-10-29"], ["6.7", "2024-01-07"],
  ["6.8", "2024-03-10"], ["6.9", "2024-05-12"], ["6.10", "2024-07-14"], ["6.11", "2024-09-15"], ["6.12", "2024-11-17"], ["6.13", "2025-01-19"],
  ["6.14", "2025-03-24"], ["6.15", "2025-05-25"], ["6.16", "2025-07-27"], ["6.17", "2025-09-28"], ["6.18", "2025-11-30"], ["6.19", "2026-02-08"],
  ["7.0", "2026-04-12"], ["7.1", "2026-06-14"], ["7.2", "2026-08-16"], ["7.3", "2026-10-18"],
];
const DERIVED = new Set(["7.1", "7.2", "7.3"]);
/** From 5.10 to 7.3 there were 33 cycles in 2135 days: 64.7 days each, so nine weeks, now and then ten. */
const CYCLE_DAYS = 65;
/** 3.19, 5.19 and 6.19 were followed by 4.0, 6.0 and 7.0; 4.20 was the exception. */
const LAST_MINOR = 19;
const DAY = 86_400_000;
const MAX_AHEAD = 400;

/** The release after this one, by the numbering of 5.x to 7.x. */
export function nextRelease(release: string): string {
  const { major, minor } = parseRelease(release)!;
  return minor >= LAST_MINOR ? `${major + 1}.0` : `${major}.${minor + 1}`;
}

/** How many releases lie between: 0 for the same, 3 from 7.3 to 7.6, negative backwards; bounded by ±400. */
export function releasesBetween(from: string, to: string): number {
  if (compareSeries(from, to) > 0) return -releasesBetween(to, from);
  let count = 0;
  for (let at = from; compareSeries(at, to) < 0 && count < MAX_AHEAD; at = nextRelease(at)) count++;
  return count;
}

/** When a release came, or the day projected for it; undefined for one older than 5.10 or too far ahead. */
export function releaseDate(release: string): ReleaseDate | undefined {
  const known = KNOWN.find(([name]) => name === release);
  if (known) return { release, date: known[1], how: DERIVED.has(release) ? "derived" : "announced" };
  const [last, lastDate] = KNOWN.at(-1)!;
  const ahead = releasesBetween(last, release);
  if (ahead <= 0 || ahead >= MAX_AHEAD) return undefined;
  return { release, date: toDate(Date.parse(lastDate) + ahead * CYCLE_DAYS * DAY), how: "projected" };
}

function toDate(ms: number): string {
  const day = new Date(ms);
  // Releases come out on Sundays.
  day.setUTCDate(day.getUTCDate() + ((7 - day.getUTCDay()) % 7));
  return day.toISOString().slice(0, 10);
}

/** When a kfunc goes away, as seen from a day. */
export interface Removal extends ReleaseDate {
  /** negative once it has passed */
  daysLeft: number;
}

/**
 * How long there is until a release. "Today" is the later of `today` and the day of the release the kernel calls itself:
 * a kernel that says 7.5 lives after 7.5 came out.
 */
export function removalOf(removedIn: string, simulatedRelease: string, today: string): Removal | undefined {
  const when = releaseDate(removedIn);
  if (!when) return undefined;
  const own = releaseDate(simulatedRelease)?.date ?? today;
  const from = own > today ? own : today;
  return { ...when, daysLeft: Math.round((Date.parse(when.date) - Date.parse(from)) / DAY) };
}
