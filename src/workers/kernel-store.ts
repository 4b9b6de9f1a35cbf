import { decodeUtf8 } from "../base/bytes.ts";
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { loadApiDb } from "../kernel/api-store.ts";
import type { ApiDb } from "../kernel/api-types.ts";
import { loadTypeLife, type TypeLife } from "../kernel/type-life.ts";
import type { UsersTable } from "../kernel/stability-types.ts";
import { loadUsers } from "../kernel/stability-users.ts";
import { declarationsOf } from "../kernel/kfunc-header.ts";
import { makeKernel } from "../kernel/kernel.ts";
import { donorReleases, parseOverlay } from "../kernel/overlay.ts";
import { parseIndex, selectKernels } from "../kernel/releases.ts";
import type { Kernel, KernelIndex, KernelPack } from "../kernel/types.ts";
import type { Doors } from "./doors.ts";
import { Lru } from "./lru.ts";

/** Reads a file of public/kernels ("index.json", "7.2.pack"); the error says why it cannot be had. */
export type FetchKernelFile = (file: string) => Promise<Result<Uint8Array, string>>;

export interface KernelStoreOptions {
  fetch: FetchKernelFile;
  doors: Pick<Doors, "openPack" | "printVmlinuxH">;
  /** opened packs kept in memory; default 12 (one takes about 14 MB) */
  maxPacks?: number;
}

/** Kernels on demand: the index, packs kept while they are in use, overlays, vmlinux.h. A pack that fails to open changes nothing that is open. */
export class KernelStore {
  private readonly fetch: FetchKernelFile;
  private readonly doors: KernelStoreOptions["doors"];
  private readonly packs: Lru<string, Promise<Result<KernelPack, string>>>;
  private readonly kernels = new Lru<string, Result<Kernel, string>>(8);
  private readonly headers = new Lru<string, string>(2);
  private indexRead: Promise<Result<KernelIndex, string>> | null = null;
  private apisRead: Promise<Result<ApiDb, string>> | null = null;
  private typesRead: Promise<Result<TypeLife, string>> | null = null;
  private usersRead: Promise<Result<UsersTable, string>> | null = null;

  constructor(options: KernelStoreOptions) {
    this.fetch = options.fetch;
    this.doors = options.doors;
    this.packs = new Lru(options.maxPacks ?? 12);
  }

  /** The list of kernels; read once, again after a failure. */
  async index(): Promise<Result<KernelIndex, string>> {
    this.indexRead ??= this.fetch("index.json").then((file) => (file.ok ? parseIndex(decodeUtf8(file.value)) : file));
    const index = await this.indexRead;
    if (!index.ok) this.indexRead = null;
    return index;
  }

  /** The life of helpers and kfuncs; read once, again after a failure. */
  async apis(): Promise<Result<ApiDb, string>> {
    this.apisRead ??= this.fetch("api.json").then((file) => (file.ok ? loadApiDb(decodeUtf8(file.value)) : file));
    const apis = await this.apisRead;
    if (!apis.ok) this.apisRead = null;
    return apis;
  }

  /** Which kernels have a type that others lack; read once, again after a failure. */
  async types(): Promise<Result<TypeLife, string>> {
    this.typesRead ??= this.fetch("types.json").then((file) => (file.ok ? loadTypeLife(decodeUtf8(file.value)) : file));
    const types = await this.typesRead;
    if (!types.ok) this.typesRead = null;
    return types;
  }

  /** Who calls which helper and kfunc; read once, again after a failure. */
  async users(): Promise<Result<UsersTable, string>> {
    this.usersRead ??= this.fetch("users.json").then((file) => (file.ok ? loadUsers(decodeUtf8(file.value)) : file));
    const users = await this.usersRead;
    if (!users.ok) this.usersRead = null;
    return users;
  }

  /** A kernel by its name in the index, with an overlay's document (JSON text) on it. */
  async kernel(name: string, overlay: string | null): Promise<Result<Kernel, string>> {
    const key = `${name}\n${overlay ?? ""}`;
    const made = this.kernels.get(key);
    if (made?.ok) return made;
    const document = overlay === null ? ok(null) : parseOverlay(overlay);
    if (!document.ok) return document;
    const pack = await this.pack(name);
    if (!pack.ok) return pack;
    const donors = await this.donors(document.value === null ? [] : donorReleases(document.value));
    if (!donors.ok) return donors;
    const kernel = makeKernel(pack.value, document.value, donors.value);
    if (kernel.ok) this.kernels.set(key, kernel);
    return kernel;
  }

  /** Packs of the releases from which an overlay backports. */
  private async donors(releases: readonly string[]): Promise<Result<ReadonlyMap<string, KernelPack>, string>> {
    const out = new Map<string, KernelPack>();
    for (const release of releases) {
      const pack = await this.pack(release);
      if (!pack.ok) return err(`custom kernel: to backport from ${release}: ${pack.error}`);
      out.set(release, pack.value);
    }
    return ok(out);
  }

  private async pack(name: string): Promise<Result<KernelPack, string>> {
    let opening = this.packs.get(name);
    if (!opening) {
      opening = this.openPack(name);
      this.packs.set(name, opening);
    }
    const pack = await opening;
    if (!pack.ok) this.packs.delete(name);
    return pack;
  }

  private async openPack(name: string): Promise<Result<KernelPack, string>> {
    const index = await this.index();
    if (!index.ok) return index;
    const known = selectKernels(name, index.value);
    if (!known.ok) return known;
    const entry = index.value.kernels.find((k) => k.kernel === known.value[0])!;
    const file = await this.fetch(entry.file);
    if (!file.ok) return err(`kernel ${name}: ${file.error}`);
    try {
      const pack = await this.doors.openPack(file.value);
      if (!pack.ok) return err(`kernel ${name}: ${pack.error}`);
      if (pack.value.manifest.kernel !== entry.kernel) return err(`kernel ${name}: the pack ${entry.file} holds kernel ${pack.value.manifest.kernel}`);
      return pack;
    } catch (error) {
      return err(`kernel ${name}: the pack ${entry.file} cannot be opened: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** vmlinux.h of a kernel: printed from its BTF, with declarations of the kfuncs an overlay brought; where an overlay takes the BTF away, the release's. */
  async vmlinuxH(name: string, overlay: string | null): Promise<Result<string, string>> {
    const key = `${name}\n${overlay ?? ""}`;
    const kept = this.headers.get(key);
    if (kept !== undefined) return ok(kept);
    const kernel = await this.kernel(name, overlay);
    if (!kernel.ok) return kernel;
    // Programs for a kernel without BTF are built where there is some: with the release's own types.
    if (!kernel.value.btf && overlay !== null) return this.vmlinuxH(name, null);
    if (!kernel.value.btf) return err(`kernel ${kernel.value.name} is built without BTF: there is nothing to make vmlinux.h from`);
    // Kernels before 6.10 do not mark kfuncs in BTF, so their names are given.
    const kfuncs = kernel.value.manifest.kfuncs.filter((k) => k.module === null).map((k) => k.name);
    const text = this.doors.printVmlinuxH(kernel.value.btf, { kfuncs }) + declarationsOf(kernel.value);
    this.headers.set(key, text);
    return ok(text);
  }
}
