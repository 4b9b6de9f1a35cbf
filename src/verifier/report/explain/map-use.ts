/** Maps: which helper takes which, values that may not be changed or read, elements and the maps they lie in. */
import { helpersOfMap, mapsOfHelper } from "../../checks/map-compat.ts";
import { baseType, PTR_TO_MAP_VALUE } from "../../state/reg-type.ts";
import type { VMap } from "../../state/maps.ts";
import { type Case, type Family, family, fixed, type Told } from "./case.ts";
import { anyOf, programWords } from "./program.ts";

/** "BPF_MAP_TYPE_HASH". */
const typeWord = (type: string): string => `BPF_MAP_TYPE_${type.toUpperCase()}`;
/** The argument register that holds the map. */
function mapArgument(c: Case): { n: number; map: VMap } | null {
  for (let n = 1; n <= 5; n++) {
    const r = c.reg(n);
    if (r?.map && baseType(r.type) !== PTR_TO_MAP_VALUE) return { n, map: r.map };
  }
  return null;
}
/** Ways to do with a map of a type what the programs wanted of it. */
function wrongHelper(c: Case, name: string): Told {
  const found = mapArgument(c);
  const map = found?.map;
  const registers = found ? [found.n] : [];
  const who = found ? c.who(found.n) : "The map";
  const type = map ? typeWord(map.type) : "another type";
  if (map && /^sock(?:map|hash)$/.test(map.type) && /^bpf_map_(?:update|delete)_elem$/.test(name)) {
    const helper = `bpf_${map.type === "sockmap" ? "sock_map" : "sock_hash"}_update`;
    return {
      title: "Socket maps cannot be changed here", registers,
      reason: `${who} is a map of type ${type}; ${name}() on it could take locks that a program of type ${programWords(c.env)} may be interrupting.`,
      fixes: [`Change the map in a program of another type (${anyOf(["SEC(\"tc\")", "SEC(\"xdp\")", "SEC(\"socket\")"])}), or from user space`, ...(name === "bpf_map_update_elem" && c.env.prog.type === "sock_ops" ? [`Or add the socket with ${helper}(ctx, &map, &key, flags)`] : [])],
    };
  }
  const all = mapsOfHelper(name);
  const supported = all.filter((t) => c.env.kernel.manifest.mapTypes.some((m) => m.name === t && m.supported));
  // newer kernels list the types of cgroup storage under other names
  const takes = supported.length > 0 ? supported : all;
  const may = (helper: string): boolean => {
    const h = c.env.kernel.helperByName(helper);
    return h !== undefined && typeof c.env.kernel.helperProtoFor(h.id, c.env.prog) !== "string";
  };
  const helpers = map ? helpersOfMap(map.type) : null;
  const here = helpers?.filter(may) ?? [];
  const fixes: string[] = [];
  if (here.length > 0) fixes.push(`Use ${anyOf(here.slice(0, 2).map((h) => `${h}()`))} with a map of type ${type}`);
  else if (helpers !== null && helpers.length > 0) fixes.push(`Maps of type ${type} are for ${anyOf(helpers.map((h) => `${h}()`))}, which ${programWords(c.env)} programs may not call`);
  else if (helpers !== null) fixes.push(`No helper takes a map of type ${type}`);
  if (takes.length > 0) fixes.push(`Or give ${name}() a map of type ${anyOf(takes.map(typeWord))}`);
  else if (helpers !== null) fixes.push(`Or use a map of another type: ${name}() takes hash and array maps`);
  return {
    title: `${name}() does not take this type of map`, registers,
    reason: `${who} is a map of type ${type}${helpers !== null && takes.length === 0 ? `, which only ${helpers.length > 0 ? anyOf(helpers.map((h) => `${h}()`)) : "the kernel itself"} can use` : ""}${takes.length > 0 ? `; ${name}() takes ${anyOf(takes.map(typeWord))} only` : ""}.`,
    fixes,
  };
}

/** The register that leads into the map whose flags forbid it. */
function valueRegister(c: Case, write: boolean): number | null {
  if (c.access) return c.access.base;
  for (let n = 1; n <= 5; n++) {
    const r = c.reg(n);
    if (!r?.map || (baseType(r.type) !== PTR_TO_MAP_VALUE && r.map.name !== "")) continue;
    const flags = r.map.flags;
    if ((flags & (write ? 0x80 : 0x100)) !== 0 || (write && r.map.type === "insn_array")) return n;
  }
  return null;
}
function forbidden(c: Case, write: boolean): Told {
  const n = valueRegister(c, write);
  const map = n === null ? null : (c.reg(n)?.map ?? null);
  const who = n === null ? "" : ` through ${c.who(n)}`;
  const registers = n === null ? [] : [n];
  const call = c.call ? `${c.call.name}() would` : "The instruction would";
  const variable = n === null ? null : /^&(\w+)(?: \+ \d+)?$/.exec(c.means(n) ?? "")?.[1];
  if (write && map && /^\.?.*rodata/.test(map.name)) {
    const name = variable ?? "the variable";
    return {
      title: "A constant would be changed", registers,
      reason: `${call} write${who}: ${name} is declared const, so it lies in .rodata, which programs may only read.`,
      fixes: [`Declare ${name} without const: it then lies in .data or .bss, which programs may change`, "Or keep what changes in another variable or a map"],
    };
  }
  if (write && map?.type === "insn_array") {
    return { title: "Instruction addresses cannot be changed", registers, reason: `${call} write into ${map.name}, an array of instruction addresses, which programs may only read.`, fixes: ["Do not store there; user space fills such a map before the program is loaded"] };
  }
  const name = map?.name ? `map ${map.name}` : "this map";
  const flag = write ? "BPF_F_RDONLY_PROG" : "BPF_F_WRONLY_PROG";
  return {
    title: write ? "The map is read-only for programs" : "The map is write-only for programs", registers,
    reason: `${call} ${write ? "change" : "read"} a value of ${name}${who}; the map is created with ${flag}, so programs may only ${write ? "read" : "write"} it.`,
    fixes: [write ? "Keep what programs change in another map or a global variable" : "Keep what programs read in another map or a global variable", `Or create ${name} without ${flag}`],
  };
}

export const MAP_USE: readonly Family[] = [
  family("map-value-access", "check_map_access_type", /^(write into|read from) map forbidden, /, (c, m) => forbidden(c, m[1] === "write into")),
  family("map-and-helper", "check_map_func_compatibility", /^cannot pass map_type \d+ into func (\w+)#\d+$/, (c, m) => wrongHelper(c, m[1]!)),
  fixed("map-and-helper", "check_map_func_compatibility", /^(?:mixing of tail_calls and bpf-to-bpf calls is not supported|tail_calls are not allowed in programs with bpf-to-bpf calls)$/, "Tail calls and functions cannot be mixed here", "This kernel does not support bpf_tail_call() in a program with functions of its own.", "Inline the functions (static __always_inline)", "Or leave the tail call out"),
  family("map-and-helper", "record_func_key", /^expected prog array map for tail call/, (c) => {
    const found = mapArgument(c);
    return { title: "bpf_tail_call() needs a program array", registers: found ? [found.n] : [], reason: `${found ? `${c.who(found.n)} is a map of type ${typeWord(found.map.type)}` : "The map passed is of another type"}; bpf_tail_call() takes BPF_MAP_TYPE_PROG_ARRAY only.`, fixes: ["Pass a map of type BPF_MAP_TYPE_PROG_ARRAY as the second argument"] };
  }),
  family("map-and-helper", "may_update_sockmap", /^cannot update sockmap in this context$/, (c) => wrongHelper(c, c.call?.name ?? "bpf_map_update_elem")),
  family("map-and-helper", "record_func_map", /^(?:write into map forbidden|expected map for helper call)$/, (c) => {
    const found = mapArgument(c);
    return { title: "The map is read-only for programs", registers: found ? [found.n] : [], reason: `${c.call?.name ?? "The helper"}() would change ${found ? c.who(found.n) : "the map"}, which is created with BPF_F_RDONLY_PROG, so programs may only read it.`, fixes: ["Create the map without BPF_F_RDONLY_PROG", "Or change it from user space"] };
  }),
  family("timer", "process_map_ptr_arg", /^(?:\S+ )?(?:timer|workqueue|wq|task_work)? ?pointer in R(\d+) map_uid=(\d+) doesn't match map pointer in R(\d+) map_uid=(\d+)$/, (c, m) => {
    const [element, map] = [Number(m[1]), Number(m[3])];
    const lies = c.reg(element)?.map?.name, given = c.reg(map)?.map?.name;
    const same = lies !== undefined && lies === given;
    return {
      title: "Element and map do not belong together", registers: [element, map],
      reason: `${c.call?.name ?? "The call"}() takes a field of a map's value and the map it lies in: ${c.who(element)} lies ${lies && !same ? `in map ${lies}` : "in one map"}, ${c.who(map)} is ${given && !same ? `map ${given}` : "another"}${same ? " (looked up apart, inner maps of one outer map count as different ones)" : ""}.`,
      fixes: [lies && !same && /^\w+$/.test(lies) ? `Pass the map in which the element was looked up: \`&${lies}\`` : "Pass the very map pointer with which the element was looked up"],
    };
  }),
];
