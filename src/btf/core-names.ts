/** Length of a type's name without its flavour: what stands before the last `___` between other characters (libbpf bpf_core_essential_name_len). */
export function essentialNameLength(name: string): number {
  for (let i = name.length - 5; i >= 0; i--) {
    if (name[i] !== "_" && name[i + 1] === "_" && name[i + 2] === "_" && name[i + 3] === "_" && name[i + 4] !== "_") return i + 1;
  }
  return name.length;
}

/** A name without its flavour: "task_struct" for "task_struct___old". */
export function essentialName(name: string): string {
  return name.slice(0, essentialNameLength(name));
}
