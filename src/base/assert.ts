/** Throws when an invariant of our own does not hold. Not for bad input: that is a Result. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`);
}

/** The default branch of an exhaustive switch; the compiler refuses it while a case is missing. */
export function assertUnreachable(value: never): never {
  throw new Error(`unexpected value: ${String(value)}`);
}
