/**
 * Kernel modules that bring kfuncs or struct_ops, with what they depend on.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fetchImage } from "../images.ts";

/** A module with kfuncs of its own. */
export interface KernelModule {
  /** as the kernel names it: "nf_conntrack" */
  readonly name: string;
  /** its split BTF */
  readonly btfBytes: Buffer;
  /** what to load for it, dependencies first, itself last */
  readonly load: readonly { readonly name: string; readonly data: Buffer }[];
}

/** Functions a module must import to register kfuncs or struct_ops. */
const registrars = ["register_btf_kfunc_id_set", "register_btf_id_dtor_kfuncs", "__register_bpf_struct_ops"];

/** Folders of device drivers that fill most of an image and register nothing (all of 7.2 and 7.3 was read once): reading them takes minutes. */
const unlikely = /\/(drivers\/(gpu|media|net|infiniband|scsi|iio|usb|staging|ata|mmc|mtd|power|input|hwmon|video|thunderbolt|target)|sound)\//;

function* walk(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (/\.ko(\.xz|\.zst)?$/.test(entry.name)) yield path;
  }
}

const moduleName = (path: string): string => basename(path).replace(/\.ko(\.xz|\.zst)?$/, "").replaceAll("-", "_");

function read(path: string): Buffer {
  const tool = path.endsWith(".xz") ? "xz" : path.endsWith(".zst") ? "zstd" : null;
  return tool ? execFileSync(tool, ["-dc", path], { maxBuffer: 1 << 28 }) : readFileSync(path);
}

/** All modules that register something, by name; found once by reading the modules of the image, then remembered beside it. */
function registering(kernel: string, folder: string, paths: ReadonlyMap<string, string>): string[] {
  const file = join(fetchImage(kernel).folder, "kfunc-modules.json");
  if (existsSync(file) && statSync(file).mtimeMs > statSync(folder).mtimeMs) return JSON.parse(readFileSync(file, "utf8")) as string[];
  const found = [...paths].filter(([, path]) => {
    if (unlikely.test(path)) return false;
    const bytes = read(path);
    return registrars.some((name) => bytes.includes(`\0${name}\0`));
  });
  const names = found.map(([name]) => name).sort();
  writeFileSync(file, JSON.stringify(names));
  return names;
}

/** The modules of a kernel that have kfuncs, sorted by name; none where the archive has no modules for it. */
export function kernelModules(kernel: string): KernelModule[] {
  const folder = fetchImage(kernel).modules;
  if (!folder) return [];
  const paths = new Map([...walk(folder)].map((path) => [moduleName(path), path]));
  const loaded = new Map<string, { name: string; data: Buffer; depends: string[] }>();
  const get = (name: string) => {
    const known = loaded.get(name);
    if (known) return known;
    const path = paths.get(name);
    if (!path) throw new Error(`kernel ${kernel}: module ${name} is not in the package`);
    const data = read(path);
    const info = `\0${section(data, ".modinfo").toString("latin1")}`;
    const depends = (/\0depends=([^\0]*)\0/.exec(info)?.[1] ?? "").split(",").filter(Boolean).map((text) => text.replaceAll("-", "_"));
    // A soft dependency names a module or, for an algorithm, an alias that its generic implementation has.
    const soft = (/\0softdep=pre: ([^\0]*)\0/.exec(info)?.[1] ?? "").split(" ").flatMap((text) => [text, `${text}_generic`].filter((other) => paths.has(other)));
    const entry = { name, data, depends: [...soft, ...depends] };
    loaded.set(name, entry);
    return entry;
  };
  const order = (name: string, out: string[] = []): string[] => {
    if (out.includes(name)) return out;
    for (const dependency of get(name).depends) order(dependency, out);
    if (!out.includes(name)) out.push(name);
    return out;
  };
  return registering(kernel, folder, paths).flatMap((name) => {
    const btfBytes = section(get(name).data, ".BTF");
    return btfBytes.length === 0 ? [] : [{ name, btfBytes, load: order(name).map((entry) => ({ name: entry, data: get(entry).data })) }];
  });
}

/** All that has to be loaded for these modules, each once, dependencies first. */
export function loadOrder(modules: readonly KernelModule[]): { readonly name: string; readonly data: Buffer }[] {
  return [...new Map(modules.flatMap((module) => module.load).map((entry) => [entry.name, entry])).values()];
}

/** Bytes of an ELF64 section; empty when there is none. */
export function section(elf: Buffer, name: string): Buffer {
  const table = Number(elf.readBigUInt64LE(0x28));
  const count = elf.readUInt16LE(0x3c);
  const header = (i: number) => elf.subarray(table + 64 * i, table + 64 * (i + 1));
  const place = (i: number) => {
    const at = header(i);
    const start = Number(at.readBigUInt64LE(24));
    return elf.subarray(start, start + Number(at.readBigUInt64LE(32)));
  };
  const names = place(elf.readUInt16LE(0x3e));
  for (let i = 1; i < count; i++) {
    const start = header(i).readUInt32LE(0);
    if (names.toString("latin1", start, names.indexOf(0, start)) === name) return place(i);
  }
  return Buffer.alloc(0);
}
