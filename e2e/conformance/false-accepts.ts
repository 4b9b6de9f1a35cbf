/** Programs that a real kernel refuses and we accept, each with what is known of why: results.test.ts lets no other pass. */
export const FALSE_ACCEPTS: Readonly<Record<string, string>> = {
  "6.17/7.2 verifier_linked_scalars.bpf.o:sync_linked_regs_preserves_id":
    "6.17.13 loses the id of a scalar when linked registers are brought in step, so that a later comparison tells nothing of the others; which of its changes does so is not known (no source of 6.17 at hand)",
  "7.1/7.2 verifier_bounds.bpf.o:deduce64_from_32_wrapping_32bit":
    "7.1.13 does not find the branch dead that our deductions of 64-bit from wrapping 32-bit bounds find dead: its bounds are a little wider there (no source of 7.1 at hand)",
};
