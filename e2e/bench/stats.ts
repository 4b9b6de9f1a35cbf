import { existsSync, readdirSync, readFileSync } from "node:fs";

export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value that a share `q` (0…1) of the values does not exceed. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}

export const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
export const ratio = (value: number): string => `${value.toFixed(2)}×`;
export const count = (value: number): string => Math.round(value).toLocaleString("en-US");
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Prints rows as columns. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string => `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("   ")}`;
  console.log([line(head), ...rows.map(line)].join("\n"));
}

const TICK_MS = 10;

/** Processor time a process (with its threads) has used, and that of its ended children, in milliseconds. Linux; undefined elsewhere. */
export function cpuOf(pid: number): { own: number; children: number } | undefined {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return undefined;
  const fields = readFileSync(path, "utf8").replace(/^.*\) /s, "").split(" ").map(Number);
  return { own: (fields[11]! + fields[12]!) * TICK_MS, children: (fields[13]! + fields[14]!) * TICK_MS };
}

/** Largest resident size a process has had, in bytes. Linux; undefined elsewhere. */
export function peakMemory(pid: number): number | undefined {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return undefined;
  const match = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync(path, "utf8"));
  return match ? Number(match[1]) * 1024 : undefined;
}

/** What else keeps this machine busy: runnable processes per core, averaged over a minute. */
export function load(): number | undefined {
  if (!existsSync("/proc/loadavg")) return undefined;
  const cores = readdirSync("/sys/devices/system/cpu").filter((name) => /^cpu\d+$/.test(name)).length;
  return Number(readFileSync("/proc/loadavg", "utf8").split(" ")[0]) / Math.max(1, cores);
}
