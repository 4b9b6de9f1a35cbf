export interface ElfSection {
  index: number;
  name: string;
  type: number;
  flags: bigint;
  link: number;
  info: number;
  entsize: number;
  /** file offset */
  offset: number;
  size: number;
  /** empty for SHT_NOBITS */
  data: Uint8Array;
}
export interface ElfSymbol {
  index: number;
  name: string;
  /** STT_* */
  type: number;
  /** STB_* */
  bind: number;
  visibility: number;
  shndx: number;
  value: number;
  size: number;
}
export interface ElfRelocation { offset: number; type: number; symbol: number }
/** A relocatable BPF object (ET_REL, EM_BPF, little endian). */
export interface ElfFile {
  machine: number;
  type: number;
  sections: readonly ElfSection[];
  symbols: readonly ElfSymbol[];
  /** relocations by the index of the section they apply to */
  relocations: ReadonlyMap<number, readonly ElfRelocation[]>;
  section(name: string): ElfSection | undefined;
}
export interface ElfError { message: string; offset?: number }
