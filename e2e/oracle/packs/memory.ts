/**
 * A finished machine's kernel memory by virtual address, with the kernel's own symbol table.
 */
import type { MachineRun } from "./machine.ts";

/** Where the kernel's image is mapped without KASLR (Documentation/arch/x86/x86_64/mm.rst): image address = physical + this. */
const imageBase = 0xffff_ffff_8000_0000n;
const pageMask = 0x000f_ffff_ffff_f000n;

/** One line of /proc/kallsyms. */
export interface Symbol {
  readonly name: string;
  readonly address: bigint;
  /** null: vmlinux */
  readonly module: string | null;
}

/** The symbol table, both ways. */
export class Symbols {
  private readonly byName = new Map<string, Symbol[]>();
  private readonly byAddress = new Map<bigint, Symbol[]>();
  readonly all: Symbol[] = [];

  constructor(text: string) {
    for (const match of text.matchAll(/^([0-9a-f]+) \S (\S+)(?:\t\[(.+)\])?$/gm)) {
      const symbol: Symbol = { address: BigInt(`0x${match[1]}`), name: match[2] ?? "", module: match[3] ?? null };
      this.all.push(symbol);
      push(this.byName, symbol.name, symbol);
      push(this.byAddress, symbol.address, symbol);
    }
    if (!this.byName.get("init_top_pgt")?.[0]?.address) throw new Error("the kernel's symbol table names no addresses (kptr_restrict?)");
  }

  /** Address of a symbol of vmlinux (or of the module named); undefined when there is none or more than one. */
  address(name: string, module: string | null = null): bigint | undefined {
    const found = (this.byName.get(name) ?? []).filter((symbol) => symbol.module === module);
    return found.length === 1 ? found[0]?.address : undefined;
  }

  /** Names at exactly this address, in the table's order. */
  at(address: bigint): readonly Symbol[] {
    return this.byAddress.get(address) ?? [];
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** Reads by virtual address. A page that is not mapped throws: what is read here has been reached through the kernel's own pointers. */
export class KernelMemory {
  private readonly pages = new Map<bigint, bigint>();
  private readonly tables = new Map<bigint, Buffer>();
  private readonly root: bigint;
  private readonly run: MachineRun;

  constructor(run: MachineRun, symbols: Symbols) {
    this.run = run;
    this.root = (symbols.address("init_top_pgt") ?? 0n) - imageBase;
  }

  read(address: bigint, length: number): Buffer {
    const parts: Buffer[] = [];
    for (let done = 0; done < length; ) {
      const at = address + BigInt(done);
      const inPage = Math.min(length - done, 4096 - Number(at & 0xfffn));
      parts.push(this.run.physical(Number(this.translate(at)), inPage));
      done += inPage;
    }
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  }

  u64(address: bigint): bigint {
    return this.read(address, 8).readBigUInt64LE();
  }

  u32(address: bigint): number {
    return this.read(address, 4).readUInt32LE();
  }

  u8(address: bigint): number {
    return this.read(address, 1).readUInt8();
  }

  string(address: bigint, limit = 256): string {
    let text = "";
    for (let i = 0; i < limit; i++) {
      const byte = this.u8(address + BigInt(i));
      if (byte === 0) break;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** Four-level page walk (Intel SDM volume 3, 4.5): large pages of 1 GiB and 2 MiB end it early. */
  private translate(address: bigint): bigint {
    const page = address & ~0xfffn;
    const known = this.pages.get(page);
    if (known !== undefined) return known | (address & 0xfffn);
    let table = this.root;
    for (const shift of [39n, 30n, 21n, 12n]) {
      const entry = this.table(table).readBigUInt64LE(Number((address >> shift) & 511n) * 8);
      if ((entry & 1n) === 0n) throw new Error(`kernel address 0x${address.toString(16)} is not mapped`);
      const large = shift !== 12n && (entry & 0x80n) !== 0n;
      if (large || shift === 12n) {
        const within = (1n << shift) - 1n;
        const frame = (entry & pageMask & ~within) | (page & within);
        this.pages.set(page, frame);
        return frame | (address & 0xfffn);
      }
      table = entry & pageMask;
    }
    throw new Error("unreachable");
  }

  private table(physical: bigint): Buffer {
    const known = this.tables.get(physical);
    if (known) return known;
    const bytes = this.run.physical(Number(physical), 4096);
    this.tables.set(physical, bytes);
    return bytes;
  }
}
