/** Exit status of the command line (the contract). */
export const Exit = { ACCEPTED: 0, REJECTED: 1, USAGE: 2, UNSUPPORTED: 3, COMPILE: 4 } as const;
export type Exit = (typeof Exit)[keyof typeof Exit];

/** Wrong usage or unreadable input: one line for standard error. */
export interface UsageError { message: string; exit: Exit }

export function usageError(message: string, exit: Exit = Exit.USAGE): UsageError {
  return { message, exit };
}
