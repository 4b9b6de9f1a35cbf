/** Whether copy_from_kernel_nofault looks at an address at all (x86-64 copy_from_kernel_nofault_allowed): the kernel's half only. */
export function isKernelAddress(address: bigint): boolean {
  return address >= 0xffff_8000_0000_0000n;
}
