/** Contexts described by BTF: arguments of traced functions, LSM hooks and struct_ops members (kernel btf_ctx_access). */
import type { Env } from "../state/env.ts";
import type { CtxInfo } from "./mem-ctx.ts";

export function btfCtxAccess(env: Env, _off: number, _size: number, _t: "read" | "write"): CtxInfo | undefined {
  return env.unsupported(`contexts of ${env.prog.type} programs (BTF-typed arguments) are not simulated yet`);
}
