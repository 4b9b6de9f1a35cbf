/** Accesses before the start or beyond the end of map values and other memory of known size. */
import { SCALAR_VALUE } from "../../state/reg-type.ts";
import { type Case, type Family, family, plural, type Told } from "./case.ts";
import { packet } from "./packet.ts";
import { type Region, region } from "./region.ts";

function objectName(c: Case, n: number, r: Region | null): string {
  const map = c.reg(n)?.map?.name;
  if (map && (!r || r.what === "map value")) return `the value of map ${map}`;
  if (r?.what === "map key") return "the map's key";
  return r && r.what !== "memory" && r.what !== "map value" ? `the ${r.what}` : "the memory";
}
/** C's own name of something, or null where its meaning is no C that could be written. */
const cName = (text: string): string | null => (/^[A-Za-z_][\w.[\]]*(?:->[\w.[\]]+)*$/.test(text) && !/^R\d+$/.test(text) ? text : null);

interface Index {
  /** as C names it, for a condition to be written; null: it has no name */
  name: string | null;
  means: string;
  most: bigint;
  from: bigint;
  to: bigint;
  unit: number;
}
/** How far the number that was added to the pointer may go, in its own unit: elements where it was shifted or multiplied. */
function indexOf(c: Case, n: number, last: number): Index | null {
  const reg = c.reg(n);
  const found = c.way && c.meanings?.indexOf(n, c.way.now());
  if (!reg || !found) return null;
  const { index, unit, add } = found;
  const most = Math.floor((last - add - (c.access?.off ?? 0)) / unit);
  if (most < 0) return null;
  // C's own name of the index, where the line says it
  const named = /^[^[]*\[([^[\]]+)\]$/.exec(c.expression)?.[1]?.trim();
  const name = named && !/^\d+$/.test(named) ? (cName(named) ?? `(${named})`) : cName(index);
  // before 7.1 the constant part of a pointer is kept apart from the variable one
  const constant = c.env.f.ptr_fixed_off ? 0n : BigInt(add);
  const element = (v: bigint): bigint => (v - constant) / BigInt(unit);
  const { umin, umax, smin, smax } = reg.r64;
  return { name, means: index, most: BigInt(most), from: element(smin < 0n ? smin : umin), to: element(smin < 0n ? smax : umax), unit };
}
const bare = (text: string): string => (text.startsWith("(") && text.endsWith(")") ? text.slice(1, -1) : text);
function indexFixes(i: Index): string[] {
  const what = i.name ?? `the index (${i.means})`;
  // what is read from memory again after the check may be another value
  const copied = i.name !== null && !/^\w+$/.test(i.name);
  const name = copied ? "i" : (i.name ?? "index");
  const copy = copied ? `${i.from < 0n ? "int" : "__u32"} i = ${bare(i.name!)}; ` : "";
  const low = i.from < 0n ? `${name} < 0 || ` : "";
  const mask = 2 ** Math.floor(Math.log2(Number(i.most) + 1)) - 1;
  return [
    `Bound ${what}: it must be ${i.from < 0n ? `0 to ${i.most}` : `${i.most} at most`}, now it is ${i.from} … ${i.to}: \`${copy}if (${low}${name} > ${i.most}) return …;\` before the access${copied ? ", and use i there" : ""}`,
    ...(mask > 0 ? [`Or mask it: \`${copied ? `__u32 i = ${i.name} & ${mask};` : `${name} &= ${mask}`}\``] : []),
    ...(i.from < 0n ? ["Or make the index unsigned: then one comparison bounds both ends"] : []),
  ];
}
/** The register with the size that goes with a pointer argument, where it is not a constant. */
function variableSize(c: Case, n: number): number | null {
  const reg = c.call && n < 5 ? c.reg(n + 1) : undefined;
  return reg?.type === SCALAR_VALUE && reg.varOff.mask !== 0n ? n + 1 : null;
}
/** Does a map helper take key or value through that argument? Then the map says how many bytes it reads. */
function mapArgument(c: Case, n: number): string | null {
  if (!/^bpf_(?:map_(?:lookup|update|delete)\w*|map_lookup_percpu_elem)$/.test(c.call?.name ?? "")) return null;
  return n === 2 ? "key" : n === 3 ? "value" : null;
}
function constant(c: Case, n: number, r: Region | null, off: number, size: number, whole: number): Told {
  const last = whole - size;
  const object = objectName(c, n, r);
  const room = whole >= 0 ? `${object} has ${plural(whole, "byte")}` : object;
  const allowed = last >= 0 ? `an access of ${plural(size, "byte")} must begin at offset 0 to ${last}` : `an access of ${plural(size, "byte")} does not fit`;
  const fixes: string[] = [];
  const of = mapArgument(c, n);
  const sized = variableSize(c, n);
  const left = whole - off;
  if (off < 0) fixes.push(`Do not go below the start of the object: the offset is ${off}`);
  else if (of) fixes.push(`Pass the address of at least ${plural(size, "byte")}: the map's ${of}s have ${size}`, `Or give the map ${of}s of ${plural(Math.max(left, 0), "byte")}`);
  else if (c.call && left > 0) fixes.push(sized ? `Bound the size to ${left} before the call: \`if (size > ${left}) return …;\`` : `Pass a size of ${left} at most to ${c.call.name}()`);
  else if (last >= 0) fixes.push(`Access offset ${last} or less: ${plural(off - last, "byte")} less than now`);
  else if (whole > 0) fixes.push(`Access ${plural(whole, "byte")} at most, not ${size}`);
  if (off >= 0 && !of && r?.what === "map value") fixes.push(`Or give the map values of at least ${off + size} bytes`);
  else if (off >= 0 && !of && whole >= 0 && r?.what === "memory") fixes.push(`Or ask for at least ${off + size} bytes where the memory comes from`);
  return {
    title: off < 0 ? "Access before the start of the object" : "Access beyond the end of the object", registers: sized ? [n, sized] : [n],
    reason: `${verb(c)} ${sized ? "up to " : ""}${plural(size, "byte")} through ${c.who(n)}; it begins at offset ${off}, and ${room}: ${allowed}.`, fixes,
  };
}
const verb = (c: Case): string => (c.call ? `${c.call.name}() accesses` : c.access?.write ? "The store writes" : "The load reads");

function bounds(c: Case, n: number, kind: "min" | "max" | "negative" | "unbounded"): Told {
  const r = region(c);
  if (r?.what === "packet" && (kind === "min" || kind === "max")) return packet(c, n);
  const reg = c.reg(n);
  const size = r?.access ?? c.access?.size ?? 1;
  const whole = r && r.size >= 0 ? r.size : (reg?.map?.valueSize ?? (reg?.memSize || -1));
  if (reg?.varOff.mask === 0n) return constant(c, n, r, r?.off ?? Number(BigInt.asIntN(64, reg.varOff.value)) + reg.off + (c.access?.off ?? 0), size, whole);
  const who = c.who(n);
  const object = objectName(c, n, r);
  const last = whole - size;
  const room = whole >= 0 ? `${object} has ${plural(whole, "byte")}` : `the size of ${object} is not known`;
  const allowed = last >= 0 ? `an access of ${plural(size, "byte")} must begin at offset 0 to ${last}` : `an access of ${plural(size, "byte")} does not fit`;
  const index = last < 0 ? null : indexOf(c, n, last);
  const registers = [n];
  const limit = last >= 0 ? String(last) : "LAST";
  if (kind === "unbounded") {
    return {
      title: index ? "The index has no upper bound" : "The offset has no upper bound", registers,
      reason: `${who} may point far beyond ${object}: its variable part has no small upper bound (${c.what(n)}), and ${room}: ${allowed}.`,
      fixes: index ? indexFixes(index) : [`Bound the offset in bytes before it is added to the pointer: \`if (offset > ${limit}) return …;\``, "Or mask it with a constant of the form 2ⁿ − 1"],
    };
  }
  if (kind === "negative" || (kind === "min" && (r?.off ?? 0) < 0)) {
    return {
      title: index ? "The index may be negative" : "The offset may be negative", registers,
      reason: `${who} may lie before the start of ${object} (${c.what(n)}), and ${room}: ${allowed}.`,
      fixes: index ? indexFixes({ ...index, from: index.from < 0n ? index.from : -1n }) : [`Check both ends before it is added to the pointer: \`if (offset < 0 || offset > ${limit}) return …;\``, "Or make it unsigned: then one comparison bounds both ends"],
    };
  }
  const off = r?.off ?? 0;
  const sized = variableSize(c, n);
  return {
    title: "Access beyond the end of the object", registers: sized ? [n, sized] : registers,
    reason: `${verb(c)} ${plural(size, "byte")} through ${who}; it may begin ${kind === "min" ? `at offset ${off} or later` : `at any offset up to ${off}`}, and ${room}: ${allowed}.`,
    fixes: index ? indexFixes(index) : last >= 0 ? [`Bound the offset in bytes before it is added to the pointer: \`if (offset > ${limit}) return …;\`; now it may be ${off}`, "Or mask it with a constant small enough"] : [`Access ${whole > 0 ? plural(whole, "byte") : "less"} at most, not ${size}`],
  };
}

export const BOUNDS: readonly Family[] = [
  family("bounds", "check_mem_region_access", /^R(\d+) min value is outside of the allowed memory range$/, (c, m) => bounds(c, Number(m[1]), "min")),
  family("bounds", "check_mem_region_access", /^R(\d+) max value is outside of the allowed memory range$/, (c, m) => bounds(c, Number(m[1]), "max")),
  family("bounds", "check_mem_region_access", /^R(\d+) min value is negative, either use unsigned index or do a if/, (c, m) => bounds(c, Number(m[1]), "negative")),
  family("bounds", "check_mem_region_access", /^R(\d+) unbounded memory access, make sure to bounds check/, (c, m) => bounds(c, Number(m[1]), "unbounded")),
];
