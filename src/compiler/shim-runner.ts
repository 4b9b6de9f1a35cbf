import { ConsoleStdout, Directory, File, Inode, OpenFile, PreopenDirectory, WASI, wasi } from "@bjorn3/browser_wasi_shim";
import type { ClangRunner, FileMap, RunRequest, RunResult } from "./types.ts";

/**
 * A file whose bytes are used in place. The shim's own File copies at construction, at every read and at every growing write,
 * which costs more than the compile for a 17 MB precompiled header.
 */
class MemoryFile extends File {
  used: number;

  constructor(bytes: Uint8Array, readonly: boolean) {
    super([], { readonly });
    this.data = bytes;
    this.used = bytes.length;
  }

  content(): Uint8Array {
    return this.data.subarray(0, this.used);
  }

  override get size(): bigint {
    return BigInt(this.used);
  }

  override path_open(oflags: number, rights: bigint, fdflags: number): { ret: number; fd_obj: OpenFile } {
    const wantsWrite = (rights & BigInt(wasi.RIGHTS_FD_WRITE)) !== 0n || (oflags & wasi.OFLAGS_TRUNC) !== 0;
    if (this.readonly && wantsWrite) return { ret: wasi.ERRNO_PERM, fd_obj: null as unknown as OpenFile };
    if (oflags & wasi.OFLAGS_TRUNC) this.used = 0;
    const open = new OpenMemoryFile(this);
    if (fdflags & wasi.FDFLAGS_APPEND) open.file_pos = this.size;
    return { ret: wasi.ERRNO_SUCCESS, fd_obj: open };
  }

  writeAt(offset: number, bytes: Uint8Array): number {
    const end = offset + bytes.length;
    if (end > this.data.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.data.length, 65536));
      grown.set(this.data.subarray(0, this.used));
      this.data = grown;
    }
    if (offset > this.used) this.data.fill(0, this.used, offset);
    this.data.set(bytes, offset);
    this.used = Math.max(this.used, end);
    return bytes.length;
  }

  resize(size: number): void {
    if (size > this.used) this.writeAt(size, new Uint8Array(0));
    this.used = size;
  }
}

class OpenMemoryFile extends OpenFile {
  private readonly memory: MemoryFile;

  constructor(file: MemoryFile) {
    super(file);
    this.memory = file;
  }

  override fd_read(size: number): { ret: number; data: Uint8Array } {
    const { data } = this.fd_pread(size, this.file_pos);
    this.file_pos += BigInt(data.length);
    return { ret: wasi.ERRNO_SUCCESS, data };
  }

  override fd_pread(size: number, offset: bigint): { ret: number; data: Uint8Array } {
    const start = Math.min(Number(offset), this.memory.used);
    return { ret: wasi.ERRNO_SUCCESS, data: this.memory.data.subarray(start, Math.min(start + size, this.memory.used)) };
  }

  override fd_write(data: Uint8Array): { ret: number; nwritten: number } {
    const result = this.fd_pwrite(data, this.file_pos);
    this.file_pos += BigInt(result.nwritten);
    return result;
  }

  override fd_pwrite(data: Uint8Array, offset: bigint): { ret: number; nwritten: number } {
    if (this.memory.readonly) return { ret: wasi.ERRNO_BADF, nwritten: 0 };
    return { ret: wasi.ERRNO_SUCCESS, nwritten: this.memory.writeAt(Number(offset), data) };
  }

  override fd_seek(offset: bigint, whence: number): { ret: number; offset: bigint } {
    const from = whence === wasi.WHENCE_SET ? 0n : whence === wasi.WHENCE_CUR ? this.file_pos : this.memory.size;
    const target = from + offset;
    if (target < 0n) return { ret: wasi.ERRNO_INVAL, offset: 0n };
    this.file_pos = target;
    return { ret: wasi.ERRNO_SUCCESS, offset: target };
  }

  override fd_allocate(offset: bigint, len: bigint): number {
    if (offset + len > this.memory.size) this.memory.resize(Number(offset + len));
    return wasi.ERRNO_SUCCESS;
  }

  override fd_filestat_set_size(size: bigint): number {
    this.memory.resize(Number(size));
    return wasi.ERRNO_SUCCESS;
  }
}

/** Runs clang.wasm on @bjorn3/browser_wasi_shim: one thread, no cross-origin isolation, browser and Node alike. */
export class ShimRunner implements ClangRunner {
  readonly name = "wasi-shim";
  private readonly module: WebAssembly.Module;
  private readonly base: FileMap;
  /** inodes are kept so that a file has the same number, size and time in every run; a precompiled header checks them */
  private readonly inodes = new WeakMap<Uint8Array, MemoryFile>();

  constructor(module: WebAssembly.Module, base: FileMap) {
    this.module = module;
    this.base = base;
  }

  async run(request: RunRequest): Promise<RunResult> {
    const root = new Map<string, Inode>([["tmp", new MemoryDirectory(new Map())]]);
    for (const [path, bytes] of this.base) place(root, path, this.inode(bytes));
    for (const [path, bytes] of request.files) place(root, path, this.inode(bytes));
    const stdout = new TextSink();
    const stderr = new TextSink();
    const preopen = new PreopenDirectory("/", new Map());
    preopen.dir = new MemoryDirectory(root);
    const fds = [
      new OpenMemoryFile(new MemoryFile(new Uint8Array(0), true)),
      new ConsoleStdout((bytes) => stdout.write(bytes)),
      new ConsoleStdout((bytes) => stderr.write(bytes)),
      preopen,
    ];
    // The shim logs every path unless told not to.
    const host = new WASI(["clang", ...request.args], ["PATH=/usr/bin", "TMPDIR=/tmp"], fds, { debug: false });
    let exitCode = 0;
    let trap: string | undefined;
    try {
      const instance = await WebAssembly.instantiate(this.module, { wasi_snapshot_preview1: host.wasiImport });
      exitCode = host.start(instance as Parameters<WASI["start"]>[0]);
    } catch (problem) {
      trap = problem instanceof Error ? problem.message : String(problem);
      exitCode = 134;
    }
    const files = new Map<string, Uint8Array>();
    for (const path of request.outputs) {
      const file = find(root, path);
      if (file instanceof MemoryFile) files.set(path, file.content());
      else if (file instanceof File) files.set(path, file.data);
    }
    return { exitCode, stdout: stdout.text(), stderr: stderr.text(), files, ...(trap === undefined ? {} : { trap }) };
  }

  private inode(bytes: Uint8Array): MemoryFile {
    let file = this.inodes.get(bytes);
    if (!file) {
      file = new MemoryFile(bytes, true);
      this.inodes.set(bytes, file);
    }
    return file;
  }
}

class TextSink {
  private readonly decoder = new TextDecoder();
  private parts = "";
  write(bytes: Uint8Array): void {
    this.parts += this.decoder.decode(bytes, { stream: true });
  }
  text(): string {
    return this.parts + this.decoder.decode();
  }
}

/** A directory that makes efficient files when clang creates one. */
class MemoryDirectory extends Directory {
  override create_entry_for_path(path: string, isDirectory: boolean): { ret: number; entry: Inode | null } {
    const made = super.create_entry_for_path(path, isDirectory);
    if (made.ret !== wasi.ERRNO_SUCCESS || isDirectory) return made;
    const file = new MemoryFile(new Uint8Array(0), false);
    replace(this, path, file);
    return { ret: wasi.ERRNO_SUCCESS, entry: file };
  }
}

function replace(directory: Directory, path: string, file: Inode): void {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const name = parts.pop();
  let at: Directory = directory;
  for (const part of parts) {
    const next = at.contents.get(part);
    if (!(next instanceof Directory)) return;
    at = next;
  }
  if (name !== undefined) at.contents.set(name, file);
}

function place(root: Map<string, Inode>, path: string, file: Inode): void {
  const parts = path.split("/");
  const name = parts.pop()!;
  let at = root;
  for (const part of parts) {
    let next = at.get(part);
    if (!(next instanceof Directory)) {
      next = new MemoryDirectory(new Map());
      at.set(part, next);
    }
    at = (next as Directory).contents;
  }
  at.set(name, file);
}

function find(root: Map<string, Inode>, path: string): Inode | undefined {
  const parts = path.split("/");
  const name = parts.pop()!;
  let at = root;
  for (const part of parts) {
    const next = at.get(part);
    if (!(next instanceof Directory)) return undefined;
    at = next.contents;
  }
  return at.get(name);
}
