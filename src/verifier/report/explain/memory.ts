/** Accesses beyond an object: map values, packets, memory regions, sockets, the context. */
import { type Case, type Family, family, fixed, plural, type Told, typeWords } from "./case.ts";

interface Region { what: string; size: number; off: number; access: number }
/** The line before the message names the object: `invalid access to map value, value_size=48 off=48 size=8`. */
function region(c: Case): Region | null {
  const m = c.line(/^invalid access to (map value|map key|memory|context|packet)[^,]*, (?:(?:value_size|key_size|mem_size|ctx_size)=(\d+) )?off=(-?\d+) size=(\d+)/);
  return m ? { what: m[1]!, size: m[2] === undefined ? -1 : Number(m[2]), off: Number(m[3]), access: Number(m[4]) } : null;
}
function objectName(c: Case, n: number, r: Region): string {
  const reg = c.reg(n);
  if (r.what === "map value") return reg?.map?.name ? `the value of map ${reg.map.name}` : "the map's value";
  if (r.what === "map key") return "the map's key";
  return r.what === "memory" ? "the memory" : `the ${r.what}`;
}
const verb = (c: Case): string => (c.call ? `${c.call.name}() accesses` : c.access?.write ? "The store writes" : "The load reads");

function bounds(c: Case, n: number, kind: "min" | "max" | "negative" | "unbounded"): Told {
  const r = region(c);
  if (r?.what === "packet" && (kind === "min" || kind === "max")) return packet(c, n);
  const who = c.who(n);
  const size = r?.access ?? c.access?.size ?? 1;
  const map = c.reg(n)?.map?.name;
  const object = r ? objectName(c, n, r) : map ? `the value of map ${map}` : `what ${who} points to`;
  const whole = r && r.size >= 0 ? r.size : (c.reg(n)?.map?.valueSize ?? c.reg(n)?.memSize ?? -1);
  const last = whole - size;
  const room = whole >= 0 ? `${object} has ${plural(whole, "byte")}` : object;
  const allowed = whole >= 0 && last >= 0 ? `an access of ${plural(size, "byte")} must begin at offset 0 to ${last}` : `an access of ${plural(size, "byte")} does not fit`;
  const steady = c.reg(n)?.varOff.mask === 0n;
  const index = steady || last < 0 ? null : indexOf(c, n, last);
  const registers = [n];
  if (kind === "unbounded") {
    return {
      title: "The index has no upper bound", registers,
      reason: `${who} has a variable offset that may be very large (${c.what(n)}), and ${room}: ${allowed}.`,
      fixes: index
        ? [index.fix, ...index.mask]
        : [`Bound the offset before it is added to the pointer: \`if (offset > ${last >= 0 ? last : "LAST"}) return …;\` (in bytes)`, "Or mask it with a constant of the form 2ⁿ − 1"],
    };
  }
  if (kind === "negative") {
    return {
      title: "The index may be negative", registers,
      reason: `${who} may lie before the start of its object (${c.what(n)}). ${room[0]!.toUpperCase()}${room.slice(1)}: ${allowed}.`,
      fixes: index ? ["Make the index unsigned, so that one comparison bounds both ends", index.fix] : ["Make the index unsigned, so that one comparison bounds both ends", `Or check it: \`if (index < 0${last >= 0 ? ` || index > ${last}` : ""}) return …;\``],
    };
  }
  const off = r?.off ?? 0;
  const begins = steady ? `begins at offset ${off}` : kind === "min" ? `may begin at offset ${off}` : `may begin at any offset up to ${off}`;
  const fixes: string[] = [];
  if (steady) {
    if (off < 0) fixes.push(`Do not go below the start of the object: the offset is ${off}`);
    else {
      if (last >= 0) fixes.push(`Access offset ${last} or less: ${plural(off - last, "byte")} less than now`);
      else if (whole > 0) fixes.push(`Access ${plural(whole, "byte")} at most, not ${size}`);
      if (r?.what === "map value") fixes.push(`Or give the map values of at least ${off + size} bytes`);
      else if (whole >= 0 && r?.what === "memory") fixes.push(`Or ask for at least ${off + size} bytes where the memory comes from`);
    }
  } else if (kind === "min" && off < 0) fixes.push("Make the index unsigned or check that it is not negative before it is added to the pointer");
  else if (index) fixes.push(index.fix, ...index.mask);
  else if (last >= 0) fixes.push(`Check the offset before the access so that it is ${last} at most: \`if (offset > ${last}) return …;\`; now it may be ${off}`, "Or mask the index with a constant small enough");
  else fixes.push(`Access ${whole > 0 ? plural(whole, "byte") : "less"} at most, not ${size}`);
  return {
    title: off < 0 ? "Access before the start of the object" : "Access beyond the end of the object", registers,
    reason: `${verb(c)} ${plural(size, "byte")} through ${who}; it ${begins}, and ${room}: ${allowed}.`,
    fixes,
  };
}

/** How far the number that was added to the pointer may go, in its own unit: elements where it was shifted or multiplied. */
function indexOf(c: Case, n: number, last: number): { fix: string; mask: string[] } | null {
  const reg = c.reg(n);
  const found = c.way && c.meanings?.indexOf(n, c.way.now());
  if (!reg || !found) return null;
  const { index, unit, add } = found;
  const most = Math.floor((last - add - (c.access?.off ?? 0)) / unit);
  if (most < 0) return null;
  // C's own name of the index, where the line says it
  const named = /^[^[]*\[([^[\]]+)\]$/.exec(c.expression)?.[1]?.trim();
  const name = named && !/^\d+$/.test(named) ? named : index;
  // before 7.1 the constant part of a pointer is kept apart from the variable one
  const constant = c.env.f.ptr_fixed_off ? 0n : BigInt(add);
  const element = (v: bigint): bigint => (v - constant) / BigInt(unit);
  const { umin, umax, smin, smax } = reg.r64;
  const now = smin < 0n ? `${element(smin)} … ${element(smax)}` : `${element(umin)} … ${element(umax)}`;
  const mask = 2 ** Math.floor(Math.log2(most + 1)) - 1;
  return { fix: `Bound ${name}: it must be ${most} at most, now it is ${now}: \`if (${name} > ${most}) return …;\` before the access`, mask: mask > 0 ? [`Or mask it: \`${/^\w+$/.test(name) ? `${name} &= ${mask}` : `(${name}) & ${mask}`}\``] : [] };
}
function packet(c: Case, n: number): Told {
  const r = region(c);
  const range = Number(c.line(/r=(\d+)\)?$/)?.[1] ?? c.reg(n)?.range ?? 0);
  const size = r?.access ?? c.access?.size ?? 1;
  const need = (r?.off ?? 0) + size;
  const means = c.means(n)?.replace(/ \+ \d+$/, "") ?? "p";
  const who = c.who(n);
  const end = c.typeOf(n) === "pkt_meta" ? "ctx->data" : "data_end";
  const told = range > 0 ? `the comparisons on this path prove ${plural(range, "byte")}` : `no comparison with ${end} on this path proves any`;
  const call = c.call ? `${c.call.name}() needs` : "The access needs";
  if ((r?.off ?? 0) < 0) {
    return { title: "Access before the start of the packet", registers: [n], reason: `${call} ${plural(size, "byte")} at offset ${r!.off} of the packet pointer ${who}.`, fixes: [`Do not go below the pointer that was compared with ${end}`] };
  }
  return {
    title: "Packet access without a sufficient bounds check", registers: [n],
    reason: `${call} ${plural(need, "byte")} of the packet, counted from ${means === "p" ? "the pointer that was compared" : means}, and goes through ${who}; ${told}.`,
    fixes: [
      `Compare ${means} + ${need} with ${end} before this access and leave when it is greater: \`if (${means === "p" ? "(void *)p" : means} + ${need} > ${end}) return …;\``,
      ...(range > 0 ? [`Or raise the check that stands there: it covers ${range} of the ${need} bytes`] : []),
      ...(c.reg(n)?.id ? ["Compare the very pointer that is used (or a copy of it): adding a variable makes a new pointer, and earlier checks do not carry over"] : []),
    ],
  };
}

function ctx(c: Case, off: number, size: number): Told {
  const access = c.access;
  const field = c.meanings?.contextField(off, size) ?? null;
  const { prog } = c.env;
  const how = access?.write ? "write" : "read";
  const name = field ? `\`ctx->${field}\`` : `offset ${off} of the context`;
  const aligned = off % size === 0;
  return {
    title: `${prog.type} programs cannot ${how} this of the context`, registers: access ? [access.base] : [],
    reason: `The ${access?.write ? "store" : "load"} of ${plural(size, "byte")} at offset ${off} (${name}) is not one that Linux ${c.env.kernel.name} allows a program of type ${prog.type}${prog.attachType ? ` (${prog.attachType})` : ""} to make${aligned ? "" : "; it is not aligned to its size either"}.`,
    fixes: [
      access?.write ? `Do not write ${name}: for this type it is read-only or not there` : `Do not read ${name} in this type of program, or read the whole field with its own width`,
      ...(prog.type === "tracing" || prog.type === "lsm" || prog.type === "raw_tracepoint" ? ["Arguments are 8 bytes each: read only as many as the function attached to has, plus its return value at fexit"] : []),
      ...(prog.type === "tracepoint" || prog.type === "perf_event" || prog.type === "kprobe" ? ["Stay within the context structure of this program type"] : []),
    ],
  };
}

const read = (c: Case): string => (c.access?.write ? "write" : "read");

export const MEMORY: readonly Family[] = [
  family("bounds", "check_mem_region_access", /^R(\d+) min value is outside of the allowed memory range$/, (c, m) => bounds(c, Number(m[1]), "min")),
  family("bounds", "check_mem_region_access", /^R(\d+) max value is outside of the allowed memory range$/, (c, m) => bounds(c, Number(m[1]), "max")),
  family("bounds", "check_mem_region_access", /^R(\d+) min value is negative, either use unsigned index or do a if/, (c, m) => bounds(c, Number(m[1]), "negative")),
  family("bounds", "check_mem_region_access", /^R(\d+) unbounded memory access, make sure to bounds check/, (c, m) => bounds(c, Number(m[1]), "unbounded")),
  family("packet-bounds", "check_packet_access", /^R(\d+) offset is outside of the packet$/, (c, m) => packet(c, Number(m[1]))),
  family("packet-bounds", "__check_mem_access", /^invalid access to packet, .*R(\d+)\(/, (c, m) => packet(c, Number(m[1]))),
  fixed("packet-write", "check_mem_access", /^cannot write into packet$/, "This program cannot write into the packet", "Programs of this type see the packet read-only.", "Do not store through packet pointers here", "Use a type that may change packets (XDP, tc), or bpf_skb_store_bytes() where the type has it"),
  fixed("packet-write", "check_special_kfunc", /^the prog does not allow writes to packet data$/, "This program cannot write into the packet", "bpf_dynptr_slice_rdwr() gives a writable slice of the packet, and programs of this type see it read-only.", "Use bpf_dynptr_slice() and only read", "Or use bpf_dynptr_write() where the type allows it"),
  fixed("packet-helper", "check_func_arg", /^helper access to the packet is not allowed$/, "This helper does not take packet pointers", "The helper would read or write through a packet pointer, and this one may not.", "Copy the bytes to the stack first (with a loop or bpf_skb_load_bytes()) and pass the copy"),
  family("ctx-access", "__check_ctx_access", /^invalid bpf_context access off=(-?\d+) size=(\d+)$/, (c, m) => ctx(c, Number(m[1]), Number(m[2]))),
  family("ctx-access", "__check_ctx_access", /^invalid bpf_context access off=(-?\d+)\. Reference may already be released$/, (c, m) => ({
    title: "The object of the context was released", reason: `The argument at offset ${m[1]} of the context belongs to the program only until it gives it back.`, fixes: ["Read the argument before it is released, and keep what is needed of it"], registers: [c.access?.base ?? 1],
  })),
  family("map-value-access", "check_map_access_type", /^(write into|read from) map forbidden/, (c, m) => {
    const map = c.access ? c.reg(c.access.base)?.map : null;
    const name = map?.name ? `map ${map.name}` : "this map";
    const write = m[1] === "write into";
    return {
      title: write ? "The map is read-only for programs" : "The map is write-only for programs", registers: c.access ? [c.access.base] : [],
      reason: `${c.call ? `${c.call.name}()` : "The instruction"} would ${write ? "change" : "read"} a value of ${name}, which ${write ? "programs may only read (BPF_F_RDONLY_PROG, .rodata)" : "programs may only write (BPF_F_WRONLY_PROG)"}.`,
      fixes: [write ? `Keep what changes in another map or a global variable that is not const` : `Keep what is read in another map`, `Or create ${name} without ${write ? "BPF_F_RDONLY_PROG" : "BPF_F_WRONLY_PROG"}`],
    };
  }),
  family("object-field", "check_sock_access", /^R(\d+) invalid (\w+) access off=(-?\d+) size=(\d+)$/, (c, m) => ({
    title: `This field of ${typeWords(m[2]!)} cannot be accessed`, registers: [Number(m[1])],
    reason: `The ${read(c)} of ${plural(Number(m[4]), "byte")} at offset ${m[3]} of ${c.who(Number(m[1]))} does not fit a field that programs may ${read(c)}.`,
    fixes: ["Read a field that the structure has for BPF programs, with the field's own width and at its own offset", "A socket from a lookup may give more fields after bpf_sk_fullsock() or bpf_tcp_sock()"],
  })),
  family("object-field", "check_flow_keys_access", /^invalid access to flow keys off=(-?\d+) size=(\d+)$/, (c, m) => ({
    title: "Access beyond the flow keys", registers: c.access ? [c.access.base] : [], reason: `struct bpf_flow_keys has 56 bytes; the ${read(c)} of ${plural(Number(m[2]), "byte")} is at offset ${m[1]}.`, fixes: [`Access offsets 0 to ${56 - Number(m[2])}`],
  })),
  family("object-write", "check_mem_access", /^R(\d+) cannot write into (\S+)$/, (c, m) => ({
    title: `${typeWords(m[2]!)[0]!.toUpperCase()}${typeWords(m[2]!).slice(1)} cannot be written`, registers: [Number(m[1])],
    reason: `${c.who(Number(m[1]))} points to memory that is read-only for programs${c.call ? `, and ${c.call.name}() would write there` : ""}.`,
    fixes: ["Copy what is needed to the stack or a map and change the copy", ...(m[2] === "map_key" ? ["Delete the element and insert it with the new key"] : [])],
  })),
  family("object-write", "check_mem_access", /^(?:no write support to (\S+) at off (-?\d+)|write to change key (\S+) not allowed)$/, (c, m) => ({
    title: "Not writable", registers: c.access ? [c.access.base] : [], reason: m[1] ? `Offset ${m[2]} of struct ${m[1]} cannot be written from a program.` : `${m[3]} is a map's key: changing it in place would break the map.`, fixes: [m[1] ? "Write a member that this program type may change, or call the helper or kfunc made for it" : "Delete the element and insert it with the new key"],
  })),
  family("buffer", "__check_buffer_access", /^R(\d+) invalid (\S+) buffer access: off=(-?\d+), size=(\d+)$/, (c, m) => ({
    title: "Access beyond the buffer", registers: [Number(m[1])], reason: `The ${read(c)} of ${plural(Number(m[4]), "byte")} at offset ${m[3]} lies beyond the largest buffer this program type gets.`, fixes: ["Stay within the buffer's size, which whoever attaches the program decides"],
  })),
  family("buffer", "__check_buffer_access", /^R(\d+) invalid variable buffer offset: off=(-?\d+), var_off=(.*)$/, (c, m) => ({
    title: "Variable offset into a buffer", registers: [Number(m[1])], reason: `${c.who(Number(m[1]))} carries an offset that is not a constant (${m[3]}), and buffers take constant ones only.`, fixes: ["Use constant offsets: unroll the loop, or switch over the possible offsets", "Or copy the buffer with bpf_probe_read_kernel() and index the copy"],
  })),
  family("buffer", "__check_buffer_access", /^R(\d+) invalid negative (.*?) ?buffer offset: off=(-?\d+), var_off=(-?\d+)$/, (c, m) => ({
    title: "Negative offset into a buffer", registers: [Number(m[1])], reason: `The access at offset ${Number(m[3]) + Number(m[4])} lies before the buffer's start.`, fixes: ["Use offsets from 0 on"],
  })),
  family("unaligned", "check_generic_ptr_alignment", /^misaligned (\w+) ?access off (.*) size (\d+)$/, (c, m) => ({
    title: "Access that is not aligned", registers: c.access ? [c.access.base] : [],
    reason: `The access of ${m[3]} bytes at ${m[2]} (${m[1]}) is not a multiple of ${m[3]}${c.env.strictAlignment || m[1] !== "stack" ? ", and the program was loaded with strict alignment or the memory asks for it" : ""}.`,
    fixes: [`Make the offset a multiple of ${m[3]}`, "Or access the bytes one by one (or with memcpy of a packed structure)"],
  })),
  family("kernel-object", "check_ptr_to_btf_access", /^R(\d+) is (?:ptr_)?(\S+) invalid negative access: off=(-?\d+)$/, (c, m) => ({
    title: "Access before the start of a structure", registers: [Number(m[1])], reason: `The ${read(c)} at offset ${m[3]} lies before struct ${m[2]}.`, fixes: ["Use the pointer as it was given; container_of() is not possible on it"],
  })),
  family("kernel-object", "btf_struct_access", /^access beyond (?:struct (\S+)|the end of member (\S+) \(mend:(\d+)\) in struct (\S+) with off (\d+)) (?:at off (-?\d+) )?size (\d+)$/, (c, m) => ({
    title: "Access beyond a structure or member", registers: c.access ? [c.access.base] : [],
    reason: m[1] ? `The ${read(c)} of ${plural(Number(m[7]), "byte")} at offset ${m[6]} lies beyond struct ${m[1]} as this kernel has it.` : `The ${read(c)} of ${plural(Number(m[7]), "byte")} at offset ${m[5]} goes over the end of member ${m[2]} (byte ${m[3]}) of struct ${m[4]}.`,
    fixes: ["Read the member with its own width", "Build against this kernel's vmlinux.h with CO-RE relocation, so that offsets fit its structures"],
  })),
  family("kernel-object", "btf_struct_walk", /^cannot access ptr member (\S+) with moff (\d+) in struct (\S+) with off (\d+) size (\d+)$/, (c, m) => ({
    title: "Part of a pointer", registers: c.access ? [c.access.base] : [], reason: `Member ${m[1]} of struct ${m[3]} is a pointer at offset ${m[2]}; the ${read(c)} takes ${plural(Number(m[5]), "byte")} at offset ${m[4]}.`, fixes: [`Read the whole pointer: 8 bytes at offset ${m[2]}`],
  })),
  fixed("kernel-object", "check_ptr_to_btf_access", /^only read (?:from (?:\S+) )?is supported$/, "Kernel objects are read-only", "The structure the pointer names can be read, but programs of this type may not write its members.", "Do not store there; call the helper or kfunc made for changing it"),
  family("kernel-object", "check_ptr_to_btf_access", /^R(\d+) is ptr_(\S+) invalid variable offset: off=(-?\d+), var_off=(.*)$/, (c, m) => ({
    title: "Variable offset into a kernel object", registers: [Number(m[1])], reason: `${c.who(Number(m[1]))} carries an offset that is not a constant (${m[4]}); members of struct ${m[2]} are found by constant offsets only.`, fixes: ["Access members directly", "Read arrays with a variable index through bpf_probe_read_kernel() or bpf_core_read()"],
  })),
  family("insn-array", "check_map_mem_read", /^Invalid read of (\d+) bytes from insn_array$/, (_c, m) => ({ title: "Instruction addresses are 8 bytes", reason: `An element of an instruction array is read as a whole; this reads ${plural(Number(m[1]), "byte")}.`, fixes: ["Read 8 bytes"] })),
];
