/**
 * Archives in cpio's "new ASCII" format (magic 070701), as the kernel unpacks them for its initial root
 * (Documentation/driver-api/early-userspace/buffer-format.rst).
 */

/** One entry: a folder, a regular file, or a character device. */
export type CpioEntry =
  | { readonly path: string; readonly kind: "folder" }
  | { readonly path: string; readonly kind: "file"; readonly data: Uint8Array; readonly executable?: boolean }
  | { readonly path: string; readonly kind: "device"; readonly major: number; readonly minor: number };

/** Writes an archive. Parent folders of each entry are added by themselves. Times and owners are all zero. */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const parts: Buffer[] = [];
  const known = new Set<string>();
  let inode = 1;
  const add = (path: string, mode: number, data: Uint8Array, major = 0, minor = 0): void => {
    const name = Buffer.from(`${path}\0`);
    // ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize, check
    const fields = [inode++, mode, 0, 0, 1, 0, data.length, 0, 0, major, minor, name.length, 0];
    parts.push(Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`), name);
    parts.push(Buffer.alloc(-(110 + name.length) & 3), Buffer.from(data.buffer, data.byteOffset, data.length), Buffer.alloc(-data.length & 3));
  };
  const addFolder = (path: string): void => {
    if (path === "" || known.has(path)) return;
    addFolder(path.slice(0, Math.max(path.lastIndexOf("/"), 0)));
    known.add(path);
    add(path, 0o040755, new Uint8Array());
  };
  for (const entry of entries) {
    const path = entry.path.replace(/^\/+/, "");
    if (entry.kind === "folder") {
      addFolder(path);
      continue;
    }
    addFolder(path.slice(0, Math.max(path.lastIndexOf("/"), 0)));
    if (entry.kind === "file") add(path, entry.executable ? 0o100755 : 0o100644, entry.data);
    else add(path, 0o020600, new Uint8Array(), entry.major, entry.minor);
  }
  add("TRAILER!!!", 0, new Uint8Array());
  return Buffer.concat(parts);
}
