/**
 * The record in plain words. The factors are those that kernel 7.3 Documentation/bpf/kfuncs.rst, “kfunc lifecycle
 * expectations”, lists: how widely it is used, how long it has been there, whether there is an alternative, what the
 * subsystem's norm is, and what keeping it costs.
 */
import type { StabilityFactor, StabilityRecord } from "./stability-types.ts";

type Bare = Omit<StabilityRecord, "factors" | "summary">;

const plural = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

export function factorsOf(record: Bare): StabilityFactor[] {
  return [use(record), age(record), alternative(record), norm(record), {
    factor: "cost", pull: "unknown", says: "what keeping it costs its maintainers is known to them; no data here tells",
  }];
}

function use({ users, madeUpBy }: Bare): StabilityFactor {
  if (madeUpBy !== null) return { factor: "use", pull: "change", says: "nobody uses it: it is made up" };
  if (!users) return { factor: "use", pull: "unknown", says: "who calls it is not known: the table of users is not there" };
  const { totals, searched } = users;
  const shipped = users.rows.filter((r) => r.kind === "project");
  const besides = [...(totals.tree > 0 ? [plural(totals.tree, "program") + " of the kernel's own tree"] : []), ...(totals.tests > 0 ? [plural(totals.tests, "selftest")] : [])].join(" and ");
  if (totals.project > 0) {
    return {
      factor: "use", pull: "keep",
      says: `${plural(totals.project, "program file")} of ${plural(shipped.length, "package")} call${totals.project === 1 ? "s" : ""} it (${shipped.slice(0, 3).map((r) => r.name).join(", ")}${shipped.length > 3 ? ", …" : ""})${besides === "" ? "" : `, besides ${besides}`}; ${searched.project} were searched`,
    };
  }
  return { factor: "use", pull: totals.tree > 0 ? "neither" : "change", says: `none of the ${searched.project} shipped program files searched calls it${besides === "" ? "" : `, only ${besides}`}; users elsewhere are not known` };
}

function age({ age: life, changes }: Bare): StabilityFactor {
  if (!life) return { factor: "age", pull: "change", says: "no release has it" };
  const came = life.after === null ? `${life.since} or earlier (the oldest kernel here has it)` : life.after === previous(life.since) ? life.since : `${life.since}, after ${life.after}`;
  const prototypes = changes.filter((c) => c.kind === "signature").length;
  const how = prototypes === 0 ? "its prototype never changed" : `its prototype changed ${prototypes === 1 ? "once" : `${prototypes} times`}`;
  const gap = life.unknown.length > 0 ? `; ${life.unknown.join(", ")} cannot tell` : "";
  const gone = life.until === null ? "" : `, last seen in ${life.until}`;
  return { factor: "age", pull: life.lived >= 5 && prototypes === 0 ? "keep" : "neither", says: `first seen in ${came}${gone}; in ${life.lived} of ${life.of} kernels here, ${how}${gap}` };
}

/** The release before, when it is certain: 6.16 → 6.15. */
function previous(release: string): string {
  const [major, minor] = release.split(".").map(Number);
  return minor! > 0 ? `${major}.${minor! - 1}` : "";
}

function alternative({ successor, predecessors, name }: Bare): StabilityFactor {
  if (successor) return { factor: "alternative", pull: "change", says: `${successor.name} takes its place${successor.sameArguments ? " with the same arguments" : ""}` };
  const took = predecessors.length > 0 ? `; it took the place of ${predecessors.join(", ")} itself` : "";
  const versioned = /___v\d+$/.test(name) ? "; its name carries a version, so a next one may come" : "";
  return { factor: "alternative", pull: predecessors.length > 0 ? "keep" : "neither", says: `no successor is known${took}${versioned}` };
}

function norm({ norm: { area, promise, measured, rule } }: Bare): StabilityFactor {
  const { apis, gone, changed } = measured;
  const record = apis === 0 ? "" : ` Of the ${plural(apis, "API")} of ${area} in these kernels, ${gone} ${gone === 1 ? "is" : "are"} gone and ${changed} changed prototype.`;
  return { factor: "norm", pull: promise === "stable" ? "keep" : promise === "none" ? "change" : "neither", says: `${rule}${record}` };
}

export function summaryOf(record: Omit<StabilityRecord, "summary">): string[] {
  const { name, kind, norm: { promise, area }, factors, madeUpBy, changes } = record;
  const out: string[] = [];
  const policy = changes.filter((c) => c.kind === "policy");
  if (madeUpBy !== null) out.push(`${name} exists only in the custom kernel ${madeUpBy}; for a kfunc of this kind the rule is that of ${area}.`);
  else if (kind === "helper") out.push(`${name} is a helper: its number, arguments and return codes are promised to stay.`);
  else if (record.age?.until) out.push(`${name} is gone: ${record.age.until} is the last kernel here with it.`);
  else if (promise === "none") out.push(`${name} may change in any release without warning: that is the stated rule of ${area}.`);
  else out.push(`${name} has no guarantee, as no kfunc has: its maintainers decide, and weigh what is listed here.`);
  if (policy.length > 0 && madeUpBy === null) out.push(`On ${policy[0]!.kernel}: ${policy.map((c) => c.what).join("; ")}.`);
  if (kind === "kfunc") {
    const of = (pull: "keep" | "change"): string => factors.filter((f) => f.pull === pull).map((f) => WORDS[f.factor][pull]).join(", ");
    const keep = of("keep");
    const change = of("change");
    out.push(`${keep === "" ? "Nothing known here speaks for keeping it as it is" : `For keeping it as it is: ${keep}`}; ${change === "" ? "nothing for changing it" : `for changing it: ${change}`}.`);
  }
  return out;
}

const WORDS: Readonly<Record<StabilityFactor["factor"], Readonly<Record<"keep" | "change", string>>>> = {
  use: { keep: "programs that people run call it", change: "no shipped program that was searched calls it" },
  age: { keep: "it has been there long, unchanged", change: "no release has it" },
  alternative: { keep: "it is itself the newer way", change: "there is another way" },
  norm: { keep: "it is promised", change: "its subsystem promises nothing" },
  cost: { keep: "it costs little", change: "it costs much" },
};
