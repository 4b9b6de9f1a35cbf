import { ok, type Result } from "../../base/result.ts";
import type { RunEnv } from "../env.ts";
import type { BoundProgram } from "../../loader/types.ts";
import type { RunRequest } from "../types.ts";
import { contextReach } from "./context-reach.ts";
import { prepareFlowDissector } from "./flow-dissector.ts";
import { notSimulated, refuse, type Prepared, type PrepareProblem } from "./prepared.ts";

/** Types whose context is a struct of its own: its name and size (uapi linux/bpf.h). Fields that are pointers read as given, that is 0. */
const STRUCTS: Readonly<Record<string, { struct: string; size: number }>> = {
  cgroup_sock: { struct: "bpf_sock", size: 80 },
  cgroup_sock_addr: { struct: "bpf_sock_addr", size: 72 },
  cgroup_device: { struct: "bpf_cgroup_dev_ctx", size: 12 },
  cgroup_sysctl: { struct: "bpf_sysctl", size: 8 },
  sock_ops: { struct: "bpf_sock_ops", size: 224 },
};

/** Programs with a plain struct as context, and syscall programs. */
export function preparePlain(env: RunEnv, program: BoundProgram, request: RunRequest): Result<Prepared, PrepareProblem> {
  if (program.type === "syscall") return prepareSyscall(env, program, request);
  if (program.type === "flow_dissector") return prepareFlowDissector(env, request);
  if (program.type === "sk_lookup") return prepareSkLookup(env, request);
  const known = STRUCTS[program.type];
  if (!known) return notSimulated(`running programs of type ${program.type} is not simulated`);
  const region = env.mem.create(`the context (struct ${known.struct})`, known.size, { object: { struct: known.struct } });
  if (request.ctxIn) env.mem.regionBytes(region).set(request.ctxIn.subarray(0, known.size));
  return ok({
    ctx: env.mem.address(region), packet: null,
    dataOut: () => null,
    ctxOut: () => env.mem.regionBytes(region).slice(),
    dispose: () => env.mem.release(region),
  });
}

/** kernel 7.3 bpf_prog_test_run_syscall: ctx_in is read and written back. */
function prepareSyscall(env: RunEnv, program: BoundProgram, request: RunRequest): Result<Prepared, PrepareProblem> {
  if (request.dataIn && request.dataIn.length > 0) return refuse("EINVAL", "a syscall program takes no data_in");
  if ((request.repeat ?? 0) > 1) return refuse("EINVAL", "a syscall program is not repeated");
  const input = request.ctxIn ?? new Uint8Array(0);
  if (input.length > 0xffff) return refuse("EINVAL", `ctx_in has ${input.length} bytes; 65535 are the most`);
  const reach = contextReach(program.insns);
  if (input.length < reach) return refuse("EINVAL", `ctx_in has ${input.length} bytes; the program reaches byte ${reach}`);
  const region = env.mem.create("the context", input.length);
  if (input.length > 0) env.mem.regionBytes(region).set(input);
  return ok({
    ctx: input.length > 0 ? env.mem.address(region) : 0n, packet: null, once: true,
    dataOut: () => null,
    ctxOut: () => (input.length > 0 ? env.mem.regionBytes(region).slice() : null),
    dispose: () => env.mem.release(region),
  });
}

/** struct bpf_sk_lookup (uapi): 72 bytes; after local_port all must be zero (kernel 7.3 bpf_prog_test_run_sk_lookup). */
const LOOKUP = { cookie: 0, family: 8, protocol: 12, localPort: 60, size: 72 } as const;

function prepareSkLookup(env: RunEnv, request: RunRequest): Result<Prepared, PrepareProblem> {
  if (request.dataIn && request.dataIn.length > 0) return refuse("EINVAL", "a sk_lookup program takes no data_in");
  const input = request.ctxIn;
  if (!input) return refuse("EINVAL", "a sk_lookup program needs ctx_in");
  if (input.subarray(LOOKUP.size).some((b) => b !== 0)) return refuse("E2BIG", "ctx_in is longer than struct bpf_sk_lookup and not zero there");
  const bytes = new Uint8Array(LOOKUP.size);
  bytes.set(input.subarray(0, LOOKUP.size));
  const view = new DataView(bytes.buffer);
  if (view.getBigUint64(LOOKUP.cookie, true) !== 0n) return refuse("EINVAL", "ctx_in: sk must be 0");
  if (bytes.subarray(LOOKUP.localPort + 4).some((b) => b !== 0)) return refuse("EINVAL", "ctx_in: what follows local_port must be 0");
  if (view.getUint32(LOOKUP.localPort, true) > 0xffff) return refuse("ERANGE", "ctx_in: local_port has more than 16 bits");
  const family = view.getUint32(LOOKUP.family, true) & 0xffff;
  if (family !== 2 && family !== 10) return refuse("EAFNOSUPPORT", `ctx_in: address family ${family} is neither AF_INET nor AF_INET6`);
  const region = env.mem.create("the context (struct bpf_sk_lookup)", LOOKUP.size);
  env.mem.regionBytes(region).set(bytes);
  return ok({
    ctx: env.mem.address(region), packet: null,
    dataOut: () => null,
    ctxOut: () => bytes.slice(),
    dispose: () => env.mem.release(region),
  });
}
