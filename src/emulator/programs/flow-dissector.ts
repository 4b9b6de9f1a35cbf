import { ok, type Result } from "../../base/result.ts";
import type { RunEnv } from "../env.ts";
import { Errno } from "../errno.ts";
import { badAccess } from "../fault.ts";
import type { RegionHandler } from "../memory/memory.ts";
import type { RunRequest } from "../types.ts";
import { ETH_HLEN } from "./packet-context.ts";
import { refuse, type Prepared, type PrepareProblem } from "./prepared.ts";

/** struct bpf_flow_keys (uapi linux/bpf.h) */
const KEYS = { nhoff: 0, thoff: 2, n_proto: 10, flags: 48, size: 56 } as const;
const CTX_SIZE = 192;

/** The packet of a flow dissector, which can only be read. */
export interface FlowContext {
  readonly kind: "flow";
  readonly length: number;
  bytesAt(off: number, size: number): Uint8Array | undefined;
  setBytes(off: number, bytes: Uint8Array): number;
  linearAddress(off: number, size: number): bigint | undefined;
}

/** kernel 7.3 bpf_prog_test_run_flow_dissector: data_out holds the flow keys. */
export function prepareFlowDissector(env: RunEnv, request: RunRequest): Result<Prepared, PrepareProblem> {
  const data = request.dataIn ?? new Uint8Array(0);
  if (data.length < ETH_HLEN) return refuse("EINVAL", `data_in has ${data.length} bytes; an Ethernet header has ${ETH_HLEN}`);
  if (data.length > 4096) return refuse("EINVAL", `data_in has ${data.length} bytes; a page is the most`);
  const input = request.ctxIn;
  if (input) {
    if (input.subarray(KEYS.size).some((b) => b !== 0)) return refuse("E2BIG", "ctx_in is longer than struct bpf_flow_keys and not zero there");
    if (input.some((b, i) => b !== 0 && (i < KEYS.flags || i >= KEYS.flags + 4))) return refuse("EINVAL", "ctx_in: only flags of struct bpf_flow_keys may be set");
  }
  const packet = env.mem.create("the packet", data.length, { writable: false });
  env.mem.regionBytes(packet).set(data);
  const keys = env.mem.create("the flow keys (struct bpf_flow_keys)", KEYS.size);
  const handler: RegionHandler = {
    load(off, size) {
      if (size === 4 && off === 76) return env.mem.address(packet);
      if (size === 4 && off === 80) return env.mem.address(packet, data.length);
      if (size === 8 && off === 144) return env.mem.address(keys);
      throw badAccess(`read of ${size} bytes at offset ${off} of struct __sk_buff: a flow dissector sees data, data_end and flow_keys`);
    },
    store(off, size) {
      throw badAccess(`write of ${size} bytes at offset ${off} of struct __sk_buff: the context is read-only`);
    },
  };
  const ctx = env.mem.create("the context (struct __sk_buff)", CTX_SIZE, { handler });
  const reset = (): void => {
    const bytes = env.mem.regionBytes(keys);
    bytes.fill(0);
    const view = new DataView(bytes.buffer, bytes.byteOffset, KEYS.size);
    bytes.set(data.subarray(12, 14), KEYS.n_proto);
    view.setUint16(KEYS.nhoff, ETH_HLEN, true);
    view.setUint16(KEYS.thoff, ETH_HLEN, true);
    if (input && input.length >= KEYS.flags + 4) bytes.set(input.subarray(KEYS.flags, KEYS.flags + 4), KEYS.flags);
  };
  reset();
  const flow: FlowContext = {
    kind: "flow",
    length: data.length,
    // in a test run there is no skb behind the packet, so bpf_skb_load_bytes fails (kernel bpf_flow_dissector_load_bytes)
    bytesAt: () => undefined,
    setBytes: () => -Errno.EINVAL,
    linearAddress: () => undefined,
  };
  return ok({
    ctx: env.mem.address(ctx), packet: flow,
    again: reset,
    dataOut: () => {
      const out = env.mem.regionBytes(keys).slice();
      const view = new DataView(out.buffer);
      // offsets are kept inside the packet afterwards (kernel bpf_flow_dissect)
      const clamp = (value: number, low: number): number => Math.max(low, Math.min(value, data.length));
      const nhoff = clamp(view.getUint16(KEYS.nhoff, true), ETH_HLEN);
      view.setUint16(KEYS.nhoff, nhoff, true);
      view.setUint16(KEYS.thoff, clamp(view.getUint16(KEYS.thoff, true), nhoff), true);
      return out;
    },
    ctxOut: () => (input ? input.slice(0, KEYS.size) : null),
    // kernel 5.10 bpf_flow_dissect returns a bool
    ...(env.kernel.has("flow_dissector_retval") ? {} : { retval: (value: bigint) => ((value & 0xffff_ffffn) === 0n ? 1n : 0n) }),
    dispose: () => [packet, keys, ctx].forEach((r) => env.mem.release(r)),
  });
}
