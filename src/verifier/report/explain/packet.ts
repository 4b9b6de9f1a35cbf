/** The packet: bounds checks, and who may change it. */
import { isPktPointerAny } from "../../checks/packet-range.ts";
import { type Case, type Family, family, plural, type Told } from "./case.ts";
import { anyOf, programWords, sectionsThat } from "./program.ts";
import { region } from "./region.ts";

/** What a packet pointer's `range` is on the side of a comparison where it lies at the packet's end or beyond it (kernel AT_PKT_END, BEYOND_PKT_END). */
const BEYOND_END = -2;
/** The last comparison on the path that put a pointer of that base at the packet's end or beyond. */
function beyond(c: Case, id: number): { range: number; at: number } | null {
  const steps = c.way?.steps ?? [];
  for (let i = steps.length - 1; i >= 0; i--) {
    const compared = steps[i]!.compared;
    const found = [compared?.dstAfter, compared?.srcAfter].find((r) => r && isPktPointerAny(r) && r.id === id && r.range < 0);
    if (found) return { range: found.range, at: steps[i]!.from };
  }
  return null;
}

export function packet(c: Case, n: number): Told {
  const r = region(c);
  const range = Number(c.line(/r=(\d+)\)?$/)?.[1] ?? c.reg(n)?.range ?? 0);
  const known = c.reg(n)?.range ?? 0;
  const size = r?.access ?? c.access?.size ?? 1;
  const need = (r?.off ?? 0) + size;
  const means = c.means(n)?.replace(/ \+ \d+$/, "") ?? "p";
  const who = c.who(n);
  const end = c.typeOf(n) === "pkt_meta" ? "ctx->data" : "data_end";
  const side = known < 0 ? { range: known, at: null } : range > 0 ? null : beyond(c, c.reg(n)?.id ?? 0);
  const wrongSide = side !== null;
  const told = side
    ? `the comparison with ${end}${side.at === null ? "" : ` at ${c.place(side.at)}`} found on this path that the pointer compared lies ${side.range === BEYOND_END ? "beyond" : "at or beyond"} it, so it proves nothing here`
    : range > 0 ? `the comparisons on this path prove ${plural(range, "byte")}` : `no comparison with ${end} on this path proves any`;
  const call = c.call ? `${c.call.name}() needs` : "The access needs";
  if ((r?.off ?? 0) < 0) {
    return { title: "Access before the start of the packet", registers: [n], reason: `${call} ${plural(size, "byte")} at offset ${r!.off} of the packet pointer ${who}.`, fixes: [`Do not go below the pointer that was compared with ${end}`] };
  }
  const pointer = means === "p" ? "(void *)p" : means;
  return {
    title: wrongSide ? "Packet access on the wrong side of the bounds check" : "Packet access without a sufficient bounds check", registers: [n],
    reason: `${call} ${plural(need, "byte")} of the packet, counted from ${means === "p" ? "the pointer that was compared" : means}, and goes through ${who}; ${told}.`,
    fixes: [
      ...(wrongSide ? [`Access the packet in the branch where ${pointer} + ${need} <= ${end} holds: \`if (${pointer} + ${need} <= ${end}) { … }\``] : []),
      `${wrongSide ? "Or compare" : "Compare"} ${means} + ${need} with ${end} before this access and leave when it is greater: \`if (${pointer} + ${need} > ${end}) return …;\``,
      ...(range > 0 && !wrongSide ? [`Or raise the check that stands there: it covers ${range} of the ${need} bytes`] : []),
      ...(c.reg(n)?.id ? ["Compare the very pointer that is used (or a copy of it): adding a variable makes a new pointer, and earlier checks do not carry over"] : []),
    ],
  };
}

/** Types of programs that may store into the packet (kernel may_access_direct_pkt_data): as sections, where they take the same kind of context. */
function writable(c: Case): string {
  const { type } = c.env.prog;
  if (type.startsWith("lwt_")) return "Write in a program of SEC(\"lwt_xmit\"), or SEC(\"tc\")";
  return "Write in a program of SEC(\"tc\") or SEC(\"xdp\"): those may change packets";
}
function noWrite(c: Case, n: number | null): Told {
  const store = sectionsThat(c.env, (v) => {
    const helper = c.env.kernel.helperByName("bpf_skb_store_bytes");
    return helper !== undefined && typeof c.env.kernel.helperProtoFor(helper.id, v) !== "string" && v.type === c.env.prog.type;
  }).length > 0;
  return {
    title: "This program may not write into the packet", registers: n === null ? [] : [n],
    reason: `The store goes into the packet${n === null ? "" : ` through ${c.who(n)}`}, and programs of type ${programWords(c.env)} may only read it this way.`,
    fixes: [...(store ? ["Change the packet with bpf_skb_store_bytes(), which this type of program may call"] : []), `${store ? "Or write" : "Write"}${writable(c).slice(5)}`],
  };
}
/** Argument register of the call that holds a packet pointer. */
function packetArgument(c: Case): number | null {
  for (let n = 1; n <= 5; n++) {
    const r = c.reg(n);
    if (r && isPktPointerAny(r)) return n;
  }
  return null;
}
function toHelper(c: Case): Told {
  const name = c.call?.name ?? "the helper";
  const n = packetArgument(c);
  const changes = /store|change|push|pop|pull|adjust|vlan/.test(name);
  return {
    title: `${name}() does not take a pointer into the packet`, registers: n === null ? [] : [n],
    reason: `${n === null ? "One of the arguments" : `Argument ${n}, ${c.who(n)},`} points into the packet, and ${name}() does not accept that${changes ? ": it changes or moves the packet itself" : ` in programs of type ${programWords(c.env)}`}.`,
    fixes: ["Copy the bytes to a variable first and pass its address: `__builtin_memcpy(copy, p, sizeof(copy));`"],
  };
}

export const PACKET: readonly Family[] = [
  family("packet-bounds", "check_packet_access", /^R(\d+) offset is outside of the packet$/, (c, m) => packet(c, Number(m[1]))),
  family("packet-bounds", "__check_mem_access", /^invalid access to packet, .*R(\d+)\(/, (c, m) => packet(c, Number(m[1]))),
  family("packet-write", "check_mem_access", /^cannot write into packet$/, (c) => noWrite(c, c.access?.base ?? packetArgument(c))),
  family("packet-write", "check_special_kfunc", /^the prog does not allow writes to packet data$/, (c) => ({
    title: "This program may not write into the packet", registers: [],
    reason: `bpf_dynptr_slice_rdwr() gives a slice of the packet that can be written, and programs of type ${programWords(c.env)} may only read the packet.`,
    fixes: ["Use bpf_dynptr_slice(), which gives a slice for reading", `Or attach as ${anyOf(["SEC(\"tc\")", "SEC(\"xdp\")"])}: those may change packets`],
  })),
  family("packet-helper", "check_func_arg", /^helper access to the packet is not allowed$/, (c) => toHelper(c)),
];
