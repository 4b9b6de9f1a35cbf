import { encodeUtf8 } from "../base/bytes.ts";
import type { Extern } from "./internals.ts";
import { EINVAL, type LoadLog, type RefusalDetails } from "./refusal.ts";

/** libbpf's enum libbpf_tristate */
const TRI = { n: 0, y: 1, m: 2 } as const;

function details(extern: Extern, errno = EINVAL): RefusalDetails {
  return { stage: "resolve", errno, subject: { kind: "kconfig", name: extern.name } };
}

/** Writes a value from the kernel's .config ("y", "m", a number, a quoted string) into the .kconfig map (bpf_object__process_kconfig_line). */
export function setKconfigText(extern: Extern, data: Uint8Array, value: string, log: LoadLog): void {
  const shape = extern.kconfig;
  if (!shape) return;
  const prefix = `extern (kcfg) '${extern.name}':`;
  const first = value[0] ?? "";
  if (first === "y" || first === "n" || first === "m") {
    switch (shape.type) {
      case "bool":
        if (first === "m") log.refuse(`${prefix} value 'm' implies tristate or char type`, details(extern));
        data[shape.offset] = first === "y" ? 1 : 0;
        return;
      case "tristate":
        writeLittleEndian(data, shape.offset, shape.size, BigInt(TRI[first]));
        return;
      case "char":
        data[shape.offset] = first.charCodeAt(0);
        return;
      default:
        return log.refuse(`${prefix} value '${first}' implies bool, tristate, or char type`, details(extern));
    }
  }
  if (first === '"') {
    if (shape.type !== "char_arr") log.refuse(`${prefix} value '${value}' implies char array type`, details(extern));
    if (value.length < 2 || !value.endsWith('"')) log.refuse(`${prefix} invalid string config '${value}'`, details(extern));
    const bytes = encodeUtf8(value.slice(1, -1));
    if (bytes.length >= shape.size) log.warn(`${prefix} long string '${value}' of (${bytes.length} bytes) truncated to ${shape.size - 1} bytes`);
    data.set(bytes.subarray(0, shape.size - 1), shape.offset);
    return;
  }
  const number = parseNumber(value);
  if (number === undefined) log.refuse(`${prefix} value '${value}' isn't a valid integer`, details(extern));
  if (shape.type !== "int" && shape.type !== "char") log.refuse(`${prefix} value '${value}' implies integer type`, details(extern));
  setKconfigNumber(extern, data, number, log);
}

/** As C's strtoull with base 0. */
function parseNumber(text: string): bigint | undefined {
  const match = /^(-?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)$/.exec(text);
  if (!match) return undefined;
  const digits = match[2] as string;
  const value = /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits);
  return BigInt.asUintN(64, match[1] === "-" ? -value : value);
}

/** libbpf set_kcfg_value_num */
export function setKconfigNumber(extern: Extern, data: Uint8Array, value: bigint, log: LoadLog): void {
  const shape = extern.kconfig;
  if (!shape) return;
  const prefix = `extern (kcfg) '${extern.name}': value '${value}'`;
  if (shape.type !== "int" && shape.type !== "char" && shape.type !== "bool") log.refuse(`${prefix} implies integer, char, or boolean type`, details(extern));
  if (shape.type === "bool" && value > 1n) log.refuse(`${prefix} isn't boolean compatible`, details(extern));
  const bits = shape.size * 8;
  const fits = shape.signed ? BigInt.asIntN(bits, value) === BigInt.asIntN(64, value) : BigInt.asUintN(bits, value) === value;
  if (!fits) log.refuse(`${prefix} doesn't fit in ${shape.size} bytes`, details(extern, "-ERANGE"));
  writeLittleEndian(data, shape.offset, shape.size, value);
}

function writeLittleEndian(data: Uint8Array, offset: number, size: number, value: bigint): void {
  for (let i = 0; i < size; i++) data[offset + i] = Number((value >> BigInt(8 * i)) & 0xffn);
}
