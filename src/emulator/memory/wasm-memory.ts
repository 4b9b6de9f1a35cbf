/** The part of the WebAssembly JavaScript interface that the core uses; the core is compiled without the DOM library, which has these types. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** grows by 64 KiB pages; throws RangeError beyond the maximum */
  grow(pages: number): number;
}
interface WasmNamespace {
  Memory: new (descriptor: { initial: number; maximum?: number }) => WasmMemory;
}
declare const WebAssembly: WasmNamespace;

export const WASM_PAGE = 65536;

/** A linear memory of `initial` pages that may grow to `maximum` pages. */
export function newWasmMemory(initial: number, maximum: number): WasmMemory {
  return new WebAssembly.Memory({ initial, maximum });
}
