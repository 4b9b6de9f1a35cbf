/**
 * A bootable kernel image (bzImage) unpacked to the ELF it carries.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { fetchImage } from "./images.ts";

/** Compressions a kernel may be built with: the bytes a payload begins with, and the tool that undoes it. */
const compressions: readonly { readonly magic: readonly number[]; readonly command: readonly [string, ...string[]] }[] = [
  { magic: [0x28, 0xb5, 0x2f, 0xfd], command: ["zstd", "-dcq"] },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], command: ["xz", "-dcqq", "--single-stream"] },
  { magic: [0x1f, 0x8b, 0x08], command: ["gzip", "-dcq"] },
  { magic: [0x02, 0x21, 0x4c, 0x18], command: ["lz4", "-dcq"] },
];

const elfMagic = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);

/** The compressed payload as the x86 boot protocol (2.08 and later) locates it in the image. */
function payload(image: Buffer): Buffer | undefined {
  if (image.length < 0x250 || image.toString("latin1", 0x202, 0x206) !== "HdrS") return undefined;
  const setupSectors = image[0x1f1] || 4;
  const start = (setupSectors + 1) * 512 + image.readUInt32LE(0x248);
  return image.subarray(start, start + image.readUInt32LE(0x24c));
}

/** Decompresses a bzImage to its ELF. Throws when no known payload is found; the message says what was tried. */
export function unpackVmlinux(image: Buffer): Buffer {
  const places: Buffer[] = [];
  const declared = payload(image);
  if (declared) places.push(declared);
  for (const { magic } of compressions) {
    for (let at = image.indexOf(Buffer.from(magic)); at >= 0; at = image.indexOf(Buffer.from(magic), at + 1)) places.push(image.subarray(at));
  }
  for (const place of places) {
    const known = compressions.find(({ magic }) => magic.every((byte, i) => place[i] === byte));
    if (!known) continue;
    const [command, ...args] = known.command;
    // Trailing bytes (the unpacked size) make some tools complain after all output is out: judge the output.
    const { stdout } = spawnSync(command, args, { input: place, maxBuffer: 1 << 29 });
    if (stdout?.subarray(0, 4).equals(elfMagic)) return stdout;
  }
  throw new Error(`no ELF found in the kernel image (${places.length} places tried for zstd, xz, gzip, lz4)`);
}

/** Path of the unpacked ELF of a kernel series, fetched and unpacked on first use: `.cache/kernels/V/vmlinux`. */
export function vmlinuxPath(kernel: string): string {
  const image = fetchImage(kernel);
  const path = join(image.folder, "vmlinux");
  if (!existsSync(path)) {
    writeFileSync(`${path}.part`, unpackVmlinux(readFileSync(image.vmlinuz)));
    renameSync(`${path}.part`, path);
  }
  return path;
}

/** Path of the raw `.BTF` section of a kernel series: `.cache/kernels/V/vmlinux.btf`. */
export function kernelBtfPath(kernel: string): string {
  const vmlinux = vmlinuxPath(kernel);
  const path = `${vmlinux}.btf`;
  if (!existsSync(path)) {
    execFileSync("objcopy", ["--dump-section", `.BTF=${path}.part`, vmlinux, "/dev/null"]);
    renameSync(`${path}.part`, path);
  }
  return path;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const kernel of process.argv.slice(2)) console.log(vmlinuxPath(kernel), kernelBtfPath(kernel));
}
