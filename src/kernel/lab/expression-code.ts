/** An expression ready to be evaluated: every name is resolved, every access knows its size. All values are 64 bits wide. */
export type Code =
  | { op: "const"; value: bigint }
  | { op: "arg"; index: number; size: number; signed: boolean }
  | { op: "narrow"; a: Code; size: number; signed: boolean }
  | { op: "neg" | "invert" | "not"; a: Code }
  | { op: Binary; a: Code; b: Code }
  | { op: "if"; test: Code; a: Code; b: Code }
  | { op: "load"; at: Code; size: number; signed: boolean }
  | { op: "store"; at: Code; size: number; signed: boolean; value: Code }
  | { op: "then"; a: Code; b: Code }
  | { op: "call"; name: Builtin; args: readonly Code[] };

/** Division, remainder, right shift and comparisons take their operands as signed. */
export type Binary = "+" | "-" | "*" | "/" | "%" | "&" | "|" | "^" | "<<" | ">>" | "==" | "!=" | "<" | ">" | "<=" | ">=" | "&&" | "||";

/** Functions an expression may call, with the number of their arguments. */
export const BUILTINS = {
  /** address of `size` bytes at `offset` of the run's data, or 0 where there are not as many */
  data: 2,
  /** bytes of the run's data */
  data_len: 0,
  /** nanoseconds of the simulated clock, as bpf_ktime_get_ns */
  now: 0,
  /** pid of the current task */
  pid: 0,
  /** number of the current CPU */
  cpu: 0,
  /** 32 random bits; the same in every repetition of a run */
  random: 0,
  /** smaller and larger of two signed numbers */
  min: 2,
  max: 2,
  /** FNV-1a of `size` bytes at an address, 32 bits */
  hash: 2,
  /** what the function did before this document, with the same arguments */
  original: 0,
} as const;
export type Builtin = keyof typeof BUILTINS;
