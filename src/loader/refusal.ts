import type { InsnIdx } from "../base/brand.ts";
import type { LoadError, SourcePos } from "./types.ts";

/** An errno as libbpf prints it: "-EINVAL"; its own codes print as numbers: "-4001" (LIBBPF_ERRNO__FORMAT). */
export type Errno = string;
export const EINVAL: Errno = "-EINVAL";
export const ENOENT: Errno = "-ENOENT";
export const ESRCH: Errno = "-ESRCH";
export const ENOTSUP: Errno = "-EOPNOTSUPP";
export const E2BIG: Errno = "-E2BIG";
export const FORMAT: Errno = "-4001";
export const RELOC: Errno = "-4005";

const NAMES: Readonly<Record<number, Errno>> = { 2: ENOENT, 3: ESRCH, 7: E2BIG, 22: EINVAL, 34: "-ERANGE", 36: "-ENAMETOOLONG", 95: ENOTSUP, 117: "-EUCLEAN" };
/** "-EINVAL" for -22 */
export function errnoName(errno: number): Errno {
  return NAMES[Math.abs(errno)] ?? String(-Math.abs(errno));
}

export interface RefusalDetails {
  stage?: LoadError["stage"];
  verdict?: LoadError["verdict"];
  errno?: Errno;
  insn?: InsnIdx;
  source?: SourcePos;
  subject?: LoadError["subject"];
}

/** Ends opening or binding; caught at the room's doors and turned into a LoadError. */
export class Refusal extends Error {
  readonly details: RefusalDetails;
  constructor(message: string, details: RefusalDetails = {}) {
    super(message);
    this.details = details;
  }
}

/** The lines libbpf would have printed. */
export class LoadLog {
  readonly lines: string[] = [];

  warn(line: string): void {
    this.lines.push(line);
  }

  /** Prints the line and ends the load with it. */
  refuse(line: string, details: RefusalDetails = {}): never {
    this.lines.push(line);
    throw new Refusal(line, details);
  }

  /** Ends the load with a line that was printed before others that only repeat it. */
  refuseWith(line: string, details: RefusalDetails = {}): never {
    throw new Refusal(line, details);
  }
}

/** The LoadError for whatever ended a load; anything but a Refusal is a defect and goes on up. */
export function toLoadError(thrown: unknown, log: LoadLog, stage: LoadError["stage"]): LoadError {
  if (!(thrown instanceof Refusal)) throw thrown;
  const { details } = thrown;
  return {
    stage: details.stage ?? stage,
    verdict: details.verdict ?? "rejected",
    message: thrown.message,
    errno: details.errno?.replace(/^-(?=E)/, ""),
    insn: details.insn,
    source: details.source,
    subject: details.subject,
    log: log.lines,
  };
}
