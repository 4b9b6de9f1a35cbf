/** A header shim: one source for several kernels. */

/** How the header finds out at load time which form a kernel has. */
export type ShimProbe = "bpf_ksym_exists" | "bpf_core_enum_value_exists";

/** One form of an API: the name the kernel has, and the prototype it is called with. */
export interface ShimForm {
  /** "scx_bpf_dispatch" */
  api: string;
  /** as the header declares it, with a flavour that libbpf drops: "scx_bpf_dispatch___shim1"; a helper's own name */
  symbol: string;
  signature: string;
  /** kernels of the range that have it */
  kernels: readonly string[];
  /** arguments of the call, in terms of the wrapper's parameters */
  args: readonly string[];
}

export interface ShimEntry {
  /** as the program calls it */
  name: string;
  kind: "helper" | "kfunc";
  /** none: every kernel of the range has it in a form that the program's own declaration fits */
  action: "wrap" | "none";
  /** why, in a sentence */
  why: string;
  probe: ShimProbe | null;
  forms: readonly ShimForm[];
  /** kernels that have none of the forms, and what the call gives there */
  fallback: { kernels: readonly string[]; value: string } | null;
  /** what the program should know: arguments that are made up or dropped, loops that do nothing */
  notes: readonly string[];
  /** the prototype that the program calls it with: the wrapper's */
  caller: { ret: string; params: readonly { type: string; name: string }[] };
}

export interface ShimPlan {
  /** oldest first */
  kernels: readonly string[];
  entries: readonly ShimEntry[];
  /** C header; empty when nothing has to be wrapped */
  header: string;
  /** name of the header in the #include line */
  file: string;
  /** line of the source (1-based) after which the #include belongs; null without a source */
  includeAfter: number | null;
  /** names that were asked for and no kernel has */
  unknown: readonly string[];
}
