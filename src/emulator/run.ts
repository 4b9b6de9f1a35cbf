import type { Kernel } from "../kernel/types.ts";
import type { BoundProgram } from "../loader/types.ts";
import { SimMachine } from "./machine.ts";
import type { Machine, MachineOptions, RunRequest, RunResult } from "./types.ts";

/**
 * A machine of one kernel with the program's maps, which keep their contents from run to run. Never throws: what stands in the way
 * (a map the kernel refuses, one that is not simulated) is the outcome of every run.
 */
export function createMachine(program: BoundProgram, kernel: Kernel, options: MachineOptions = {}): Machine {
  return new SimMachine(program, kernel, options);
}

/** One run on a fresh machine: BPF_PROG_TEST_RUN's semantics (kernel net/bpf/test_run.c), and made-up events for types it does not take. */
export function runProgram(program: BoundProgram, kernel: Kernel, request: RunRequest, options: MachineOptions = {}): RunResult {
  return createMachine(program, kernel, options).run(request);
}
