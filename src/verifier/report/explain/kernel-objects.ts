/** Kernel structures read through BTF, buffers of unknown length, and arrays of instruction addresses. */
import { baseType, CONST_PTR_TO_MAP, PTR_TO_BTF_ID } from "../../state/reg-type.ts";
import { type Case, type Family, family, plural, type Told } from "./case.ts";
import { memberAt } from "./meaning.ts";

/** The register through which the structure is reached: the access's own, or the argument that a call reads through. */
function base(c: Case): number | null {
  if (c.access) return c.access.base;
  for (let n = 1; n <= 5; n++) if (c.call && baseType(c.reg(n)?.type ?? 0) === PTR_TO_BTF_ID) return n;
  return null;
}
const registers = (c: Case): number[] => (base(c) === null ? [] : [base(c)!]);
const through = (c: Case): string => (base(c) === null ? "" : ` through ${c.who(base(c)!)}`);
/** "The read of", "bpf_strncmp() reads" … */
const reads = (c: Case): string => (c.call ? `${c.call.name}() accesses` : c.access?.write ? "The store writes" : "The load reads");
const kind = (c: Case): string => (c.access?.write ? "store" : "load");

/** Name of the member at a constant offset of the structure in a register. */
function memberName(c: Case, n: number, off: number): string | null {
  const reg = c.reg(n);
  return reg?.btf ? (memberAt(reg.btf, reg.btfId as never, off, 1)?.path ?? null) : null;
}
function readOnly(c: Case): Told {
  const n = base(c);
  const reg = n === null ? undefined : c.reg(n);
  if (reg && (baseType(reg.type) === CONST_PTR_TO_MAP || reg.map)) {
    const inner = /lookup/.test(c.means(n!) ?? "");
    return {
      title: "A map is used where its value is meant", registers: registers(c),
      reason: `${c.expression} stores through ${c.who(n!)}, which is a map itself, not one of its values${inner ? ": looking up in a map of maps gives the inner map" : ""}.`,
      fixes: [`Get a value first and store there: \`value = bpf_map_lookup_elem(${inner ? "inner" : "&map"}, &key); if (!value) return …; *value = …;\``],
    };
  }
  const off = reg && c.access ? Number(BigInt.asIntN(64, reg.varOff.value)) + reg.off + c.access.off : 0;
  const member = n === null ? null : memberName(c, n, off);
  const type = n === null ? "" : c.typeOf(n);
  const struct = n === null ? undefined : reg?.btf?.type(reg.btfId)?.name;
  return {
    title: "Kernel objects are read-only", registers: registers(c),
    reason: `${c.expression} writes ${member ? `member ${member}` : `offset ${off}`} of ${struct ? `struct ${struct}` : "a kernel object"}${through(c)}${type.includes("untrusted") ? ", an untrusted pointer" : ""}; programs may read kernel structures, but this one may not be written by a program of this type.`,
    fixes: ["Leave the store out", "Or use the helper or kfunc that is made for changing it, and keep the program's own data in a map"],
  };
}
function beyond(c: Case, m: RegExpExecArray): Told {
  const size = Number(m[7]);
  if (m[1] !== undefined) {
    const n = base(c);
    const whole = n === null ? undefined : c.reg(n)?.btf?.sizeOf(c.reg(n)!.btfId as never);
    return {
      title: "Access beyond a structure", registers: registers(c),
      reason: `${reads(c)} ${plural(size, "byte")} at offset ${m[6]} of struct ${m[1]}${through(c)}; ${whole === 0 ? "the structure has no members that programs may read" : `the structure${whole === undefined ? "" : ` has ${plural(whole, "byte")}, and`} has no member there`}.`,
      fixes: whole === 0 ? ["Only pass the pointer on: to the functions made for it"] : ["Read a member by its name and with its own type", "Build with this kernel's vmlinux.h, or with CO-RE (BPF_CORE_READ(), or a structure marked preserve_access_index), so that offsets fit its structures"],
    };
  }
  const start = Number(m[5]), end = Number(m[3]);
  const fits = end - start;
  return {
    title: "Access beyond a member", registers: registers(c),
    reason: `${reads(c)} ${plural(size, "byte")} at offset ${start} of struct ${m[4]}${through(c)}, and member ${m[2]} ends at offset ${end}: ${plural(size - fits, "byte")} too many.`,
    fixes: [c.call ? `Pass a size of ${fits} at most to ${c.call.name}()` : fits > 0 ? `Read ${m[2]} with its own type: ${plural(fits, "byte")} at most from there` : `Read ${m[2]} with its own type`, ...(c.call ? [] : ["Build with this kernel's vmlinux.h, or with CO-RE, so that offsets and types fit its structures"])],
  };
}
function otherMemory(c: Case, n: number, struct: string, user: boolean): Told {
  return user
    ? { title: "The pointer leads to user memory", registers: [n], reason: `${c.who(n)} points to a struct ${struct} of user space (__user); a program cannot read there directly.`, fixes: ["Copy it: bpf_probe_read_user(&copy, sizeof(copy), p), or bpf_copy_from_user() in a sleepable program"] }
    : { title: "The pointer is a per-CPU one", registers: [n], reason: `${c.who(n)} stands for one struct ${struct} for each processor (__percpu); it has no address of its own to read at.`, fixes: ["Get the one of a processor: `bpf_this_cpu_ptr(p)`, or `bpf_per_cpu_ptr(p, cpu)` and check for NULL"] };
}

export const KERNEL_OBJECTS: readonly Family[] = [
  family("buffer", "__check_buffer_access", /^R(\d+) invalid (\S+) buffer access: off=(-?\d+), size=(\d+)$/, (c, m) => ({
    title: Number(m[3]) < 0 ? "Access before the start of the buffer" : "Access beyond the buffer", registers: [Number(m[1])], reason: `${reads(c)} ${plural(Number(m[4]), "byte")} at offset ${m[3]} of the buffer at ${c.who(Number(m[1]))}${Number(m[3]) < 0 ? ", before its start" : ""}.`, fixes: [Number(m[3]) < 0 ? "Use offsets from 0 on" : "Stay within the buffer's size"],
  })),
  family("buffer", "__check_buffer_access", /^R(\d+) invalid variable buffer offset: off=(-?\d+), var_off=(.*)$/, (c, m) => ({
    title: "Variable offset into a buffer", registers: [Number(m[1])], reason: `${c.who(Number(m[1]))} carries an offset that is not a constant (${c.what(Number(m[1]))}), and into this buffer only constant offsets are allowed.`, fixes: ["Use constant offsets: unroll the loop (`#pragma unroll`), or compare the index with each constant it may be", "Or copy the buffer with bpf_probe_read_kernel() and index the copy"],
  })),
  family("buffer", "__check_buffer_access", /^R(\d+) invalid negative (.*?) ?buffer offset: off=(-?\d+), var_off=(-?\d+)$/, (c, m) => ({
    title: "Access before the start of the buffer", registers: [Number(m[1])], reason: `The ${kind(c)} at offset ${Number(m[3]) + Number(m[4])} from the start of the buffer (${c.who(Number(m[1]))}) lies before it.`, fixes: ["Use offsets from 0 on"],
  })),
  family("kernel-object", "check_ptr_to_btf_access", /^R(\d+) is (?:ptr_)?(\S+) invalid negative access: off=(-?\d+)$/, (c, m) => ({
    title: "Access before the start of a structure", registers: [Number(m[1])], reason: `The ${kind(c)} at offset ${m[3]} of ${c.who(Number(m[1]))} lies before its struct ${m[2]}.`, fixes: [`Access members of struct ${m[2]} only`, "To get from a member to the structure around it (container_of()), read with bpf_probe_read_kernel() or BPF_CORE_READ()"],
  })),
  family("kernel-object", "check_ptr_to_btf_access", /^R(\d+) is ptr_(\S+) access (user|percpu) memory: off=-?\d+$/, (c, m) => otherMemory(c, Number(m[1]), m[2]!, m[3] === "user")),
  family("kernel-object", "btf_struct_access", /^access beyond (?:struct (\S+)|the end of member (\S+) \(mend:(\d+)\) in struct (\S+) with off (\d+)) (?:at off (-?\d+) )?size (\d+)$/, (c, m) => beyond(c, m)),
  family("kernel-object", "btf_struct_walk", /^cannot access ptr member (\S+) with moff (\d+) in struct (\S+) with off (\d+) size (\d+)$/, (c, m) => ({
    title: "Part of a pointer", registers: registers(c), reason: `Member ${m[1]} of struct ${m[3]} is a pointer (8 bytes at offset ${m[2]}); ${reads(c).toLowerCase().startsWith("the") ? reads(c).replace("The", "the") : reads(c)} ${plural(Number(m[5]), "byte")} at offset ${m[4]}.`, fixes: [`Read the whole pointer with its own type: 8 bytes at offset ${m[2]}`],
  })),
  family("kernel-object", "check_ptr_to_btf_access", /^(?:only read (?:from (?:\S+) )?is supported|R\d+ cannot write into ptr_\S+ at off=-?\d+ size=\d+)$/, (c) => readOnly(c)),
  family("kernel-object", "check_ptr_to_btf_access", /^R(\d+) is ptr_(\S+) invalid variable offset: off=(-?\d+), var_off=(.*)$/, (c, m) => ({
    title: "Variable offset into a kernel object", registers: [Number(m[1])], reason: `${c.who(Number(m[1]))} carries an offset that is not a constant (${c.what(Number(m[1]))}); members of struct ${m[2]} are found by constant offsets only.`, fixes: ["Read an array with a variable index through bpf_probe_read_kernel(&copy, sizeof(copy), &p->array[i]) or BPF_CORE_READ_INTO()", "Or compare the index with each constant it may be"],
  })),
  family("insn-array", "check_map_mem_read", /^Invalid read of (\d+) bytes from insn_array$/, (c, m) => ({ title: "Instruction addresses are 8 bytes", registers: registers(c), reason: `An element of an instruction array is one address of 8 bytes and is read as a whole; ${c.expression} reads ${plural(Number(m[1]), "byte")}.`, fixes: ["Read 8 bytes (a pointer or __u64)"] })),
];
