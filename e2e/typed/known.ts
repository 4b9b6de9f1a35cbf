/** What is not the same yet, by kernel: "OBJECT:PROGRAM what" and lines about runs. A test fails when one is missing here, or is here without need. */
export const KNOWN: Readonly<Record<string, { readonly verdicts?: readonly string[]; readonly runs?: readonly string[] }>> = {};
