/**
 * What is not the same, by kernel: "OBJECT:PROGRAM what" and lines about runs. A test fails when one is missing here, or is here
 * without need.
 */
export const KNOWN: Readonly<Record<string, { readonly verdicts?: readonly string[]; readonly runs?: readonly string[] }>> = {
  // The recorded machine has not loaded nf_conntrack, whose own words ours gives; before 7.2 nothing follows them.
  "6.12": { verdicts: ["xdp-kfuncs:cast_and_write message"] },
  "6.18": { verdicts: ["xdp-kfuncs:cast_and_write message"] },
  // Its log at level 1 was longer than the kernel's buffer; at level 4, where it was asked again, there is no report.
  "7.3": { verdicts: ["loops:walks_packet_for_ever report"] },
};
