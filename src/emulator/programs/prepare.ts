import { BPF_F_XDP_HAS_FRAGS, type Prepared, type PrepareProblem, refuse } from "./prepared.ts";
import { ok, type Result } from "../../base/result.ts";
import type { RunEnv } from "../env.ts";
import type { BoundProgram } from "../../loader/types.ts";
import type { RunRequest } from "../types.ts";
import { ETH_HLEN, MAX_SKB_FRAGS, PAGE_SIZE, SHARED_INFO_SIZE } from "./packet-context.ts";
import { SkbContext, SKB_CTX_SIZE, SKB_FIELD, ETH_P_IP, ETH_P_IPV6 } from "./skb-context.ts";
import { prepareLab } from "./lab-context.ts";
import { prepareTracing } from "./tracing.ts";
import { preparePlain } from "./plain.ts";
import { XdpContext } from "./xdp-context.ts";

const XDP_HEADROOM = 256;
const SKB_HEADROOM = 64;

/** Makes the context a program of that type runs with, or says why BPF_PROG_TEST_RUN refuses the input. */
export function prepare(env: RunEnv, program: BoundProgram, request: RunRequest): Result<Prepared, PrepareProblem> {
  const own = env.kernel.policy?.programTypes.get(program.type);
  if (own) return prepareLab(env, own, request);
  switch (program.type) {
    case "xdp": return prepareXdp(env, program, request);
    case "sched_cls": case "sched_act": return prepareSkb(env, request, { l2: true, direct: true, lwt: false, write: true });
    case "cgroup_skb": return prepareSkb(env, request, { l2: false, direct: env.kernel.has("test_run_cgroup_skb_data"), lwt: false, write: false });
    case "lwt_in": case "lwt_out": case "lwt_xmit": return prepareSkb(env, request, { l2: false, direct: true, lwt: true, write: program.type === "lwt_xmit" });
    case "lwt_seg6local": case "socket_filter": case "sk_skb": return prepareSkb(env, request, { l2: false, direct: program.type === "sk_skb", lwt: false, write: program.type === "sk_skb" });
    case "raw_tracepoint": case "raw_tracepoint_writable": case "tracing": case "lsm": case "struct_ops": case "tracepoint": case "kprobe": case "perf_event":
      return prepareTracing(env, program, request);
    default: return preparePlain(env, program, request);
  }
}

/** User space may pass a longer struct when what is too much is zero (kernel bpf_check_uarg_tail_zero). */
function userContext(input: Uint8Array | undefined, size: number, room = size): Uint8Array | null | "E2BIG" {
  if (!input) return null;
  if (input.subarray(size).some((b) => b !== 0)) return "E2BIG";
  const out = new Uint8Array(room);
  out.set(input.subarray(0, size));
  return out;
}

/** kernel 7.3 bpf_prog_test_run_xdp */
function prepareXdp(env: RunEnv, program: BoundProgram, request: RunRequest): Result<Prepared, PrepareProblem> {
  const data = request.dataIn ?? new Uint8Array(0);
  if (program.attachType === "xdp_devmap" || program.attachType === "xdp_cpumap") return refuse("EINVAL", `a program for ${program.attachType} cannot be run by BPF_PROG_TEST_RUN`);
  const ctx = userContext(request.ctxIn, 24);
  if (ctx && !env.kernel.has("test_run_xdp_ctx")) return refuse("EINVAL", "this kernel takes no ctx_in for XDP programs");
  if (ctx === "E2BIG") return refuse("E2BIG", "ctx_in is longer than struct xdp_md and not zero there");
  const tailroom = Math.ceil(env.objects.sizeOfStruct("skb_shared_info", SHARED_INFO_SIZE) / 64) * 64;
  const frameHeader = env.objects.sizeOfStruct("xdp_frame", 40);
  const maxMeta = env.kernel.has("xdp_metadata_252") ? 252 : 32;
  let meta = 0;
  let linear = data.length;
  const field = (off: number): number => (ctx ? new DataView(ctx.buffer).getUint32(off, true) : 0);
  if (ctx) {
    if (field(8) !== 0) return refuse("EINVAL", "ctx_in: data_meta must be 0");
    if (field(4) > data.length) return refuse("EINVAL", `ctx_in: data_end is ${field(4)}, data_in has ${data.length} bytes`);
    if (field(0) > field(4)) return refuse("EINVAL", "ctx_in: data lies behind data_end");
    meta = field(0);
    if (meta % 4 !== 0 || meta > maxMeta || meta > XDP_HEADROOM - frameHeader) return refuse("EINVAL", `ctx_in: ${meta} bytes of metadata (data) are not possible; a multiple of 4 up to ${maxMeta} is`);
    linear = field(4);
  }
  const maxLinear = PAGE_SIZE - (XDP_HEADROOM - meta) - tailroom;
  if (data.length > maxLinear && !env.kernel.has("xdp_frags")) return refuse("EMSGSIZE", `data_in has ${data.length} bytes; this kernel takes ${maxLinear}`);
  linear = Math.min(linear, maxLinear);
  if (data.length - meta < ETH_HLEN && env.kernel.has("test_run_xdp_min_frame")) return refuse("EINVAL", `data_in has ${data.length - meta} bytes of packet; an Ethernet header has ${ETH_HLEN}`);
  if (ctx) {
    if (field(20) !== 0) return refuse("EINVAL", "ctx_in: egress_ifindex must be 0");
    if (field(12) === 0 && field(16) !== 0) return refuse("EINVAL", "ctx_in: rx_queue_index without ingress_ifindex");
    if (field(12) !== 0 && !env.devices.some((d) => d.ifindex === field(12))) return refuse("ENODEV", `ctx_in: there is no device ${field(12)}; there are ${deviceList(env)}`);
    if (field(12) !== 0 && field(16) >= 1) return refuse("EINVAL", `ctx_in: device ${field(12)} has one receive queue, not number ${field(16)}`);
  }
  const rest = data.length - linear;
  if (rest > 0 && (program.flags & BPF_F_XDP_HAS_FRAGS) === 0 && !ctx) {
    // The kernel runs such a program on fragments too; what it cannot see it cannot reach.
    env.note(`${rest} bytes of the packet lie in fragments`);
  }
  if (rest > MAX_SKB_FRAGS * PAGE_SIZE) return refuse("ENOMEM", `data_in of ${data.length} bytes takes more than ${MAX_SKB_FRAGS} fragments`);
  const xdp = new XdpContext(env.mem, {
    data, metaSize: meta, linear, headroom: XDP_HEADROOM, tailroom, frameHeader, maxMeta,
    ingressIfindex: field(12) || 1, rxQueueIndex: field(16),
  });
  return ok({
    ctx: env.mem.address(xdp.region), packet: xdp,
    dataOut: () => xdp.output(),
    ctxOut: () => (ctx ? xdp.contextOut(ctx) : null),
    dispose: () => xdp.dispose(),
  });
}

function deviceList(env: RunEnv): string {
  return env.devices.map((d) => `${d.ifindex} (${d.name})`).join(", ");
}

/** kernel 7.3 bpf_prog_test_run_skb */
function prepareSkb(env: RunEnv, request: RunRequest, kind: { l2: boolean; direct: boolean; lwt: boolean; write: boolean }): Result<Prepared, PrepareProblem> {
  const data = request.dataIn ?? new Uint8Array(0);
  if (data.length < ETH_HLEN) return refuse("EINVAL", `data_in has ${data.length} bytes; an Ethernet header has ${ETH_HLEN}`);
  const ctxSize = Math.min(env.objects.sizeOfStruct("__sk_buff", SKB_CTX_SIZE), SKB_CTX_SIZE);
  const ctx = userContext(request.ctxIn, ctxSize, SKB_CTX_SIZE);
  if (ctx === "E2BIG") return refuse("E2BIG", "ctx_in is longer than struct __sk_buff and not zero there");
  const tailroom = Math.ceil(env.objects.sizeOfStruct("skb_shared_info", SHARED_INFO_SIZE) / 64) * 64;
  const room = PAGE_SIZE - SKB_HEADROOM - tailroom;
  const view = ctx ? new DataView(ctx.buffer) : null;
  const word = (off: number): number => view?.getUint32(off, true) ?? 0;
  let linear = data.length;
  if (env.kernel.has("test_run_skb_frags")) {
    if (ctx) {
      if (word(SKB_FIELD.data_end) > data.length || word(SKB_FIELD.data) !== 0 || word(SKB_FIELD.data_meta) !== 0) return refuse("EINVAL", "ctx_in: data and data_meta must be 0, data_end at most the length of data_in");
      if (word(SKB_FIELD.data_end) !== 0) {
        if (kind.lwt) return refuse("EINVAL", "ctx_in: data_end must be 0 for a lightweight tunnel program");
        linear = Math.max(ETH_HLEN, word(SKB_FIELD.data_end));
      }
    }
    linear = Math.min(linear, room);
    if (data.length - linear > MAX_SKB_FRAGS * PAGE_SIZE) return refuse("ENOMEM", `data_in of ${data.length} bytes takes more than ${MAX_SKB_FRAGS} fragments`);
  } else if (word(SKB_FIELD.data_end) !== 0) {
    return refuse("EINVAL", "ctx_in: data_end must be 0 on this kernel");
  } else if (data.length > room) {
    return refuse("EINVAL", `data_in has ${data.length} bytes; this kernel takes ${room}`);
  }
  if (ctx) {
    const problem = checkSkbContext(ctx, data.length - (kind.l2 ? 0 : ETH_HLEN));
    if (problem) return refuse("EINVAL", problem);
  }
  let device = env.devices[0]!;
  if (word(SKB_FIELD.ifindex) > 1) {
    const found = env.devices.find((d) => d.ifindex === word(SKB_FIELD.ifindex));
    if (!found) return refuse("ENODEV", `ctx_in: there is no device ${word(SKB_FIELD.ifindex)}; there are ${deviceList(env)}`);
    device = found;
  }
  const type = (data[12]! << 8) | data[13]!;
  if (env.kernel.has("test_run_skb_short_ip")) {
    const need = type === ETH_P_IP ? 20 : type === ETH_P_IPV6 ? 40 : 0;
    if (linear - ETH_HLEN < need) return refuse("EINVAL", `data_in: ${linear - ETH_HLEN} bytes follow the Ethernet header; the IP header it announces has ${need}`);
  }
  const sk = env.objects.single("sock", "the socket of the test run");
  env.objects.setField(sk, "sock", "__sk_common.skc_family", type === ETH_P_IP ? 2n : type === ETH_P_IPV6 ? 10n : 0n);
  const skb = new SkbContext(env.mem, { data, linear, l2: kind.l2, directAccess: kind.direct, directWrite: kind.write, ctxSize, ifindex: device.ifindex, deviceMac: device.mac, ctx, sk });
  return ok({
    ctx: env.mem.address(skb.region), packet: skb,
    dataOut: () => skb.output(),
    ctxOut: () => skb.contextOut(),
    dispose: () => skb.dispose(),
  });
}

/** What of struct __sk_buff user space may set (kernel convert___skb_to_skb); a message when it sets more. */
function checkSkbContext(ctx: Uint8Array, length: number): string | null {
  const F = SKB_FIELD;
  const allowed: readonly [number, number][] = [[F.mark, 4], [F.priority, 4], [F.ingress_ifindex, 4], [F.ifindex, 4], [F.cb, 20], [F.data_end, 4], [F.tstamp, 8], [F.wire_len, 4], [F.gso_segs, 4], [F.gso_size, 4], [F.hwtstamp, 8]];
  for (let i = 0; i < ctx.length; i++) {
    if (ctx[i] !== 0 && !allowed.some(([off, size]) => i >= off && i < off + size)) return `ctx_in: the field at offset ${i & ~3} of struct __sk_buff must be 0`;
  }
  const view = new DataView(ctx.buffer);
  const wire = view.getUint32(F.wire_len, true);
  if (wire !== 0 && (wire < length || wire > 65536)) return `ctx_in: wire_len ${wire} is less than the packet's length or more than 65536`;
  if (view.getUint32(F.gso_segs, true) > 65535) return "ctx_in: gso_segs is more than 65535";
  return null;
}

