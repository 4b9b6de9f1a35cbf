import { FakeKernel, outcome } from "../session/testing/fakes.ts";
import type { CompilerPort, KernelPort } from "../session/ports.ts";
import { demoKernel } from "../session/testing/demo.ts";

export const compilerPort: CompilerPort = {
  async compile() {
    await new Promise((r) => setTimeout(r, 250));
    return outcome();
  },
  cancel() {},
  onDownload() {},
};
export function makeKernelPort(): KernelPort {
  return demoKernel(new FakeKernel());
}
