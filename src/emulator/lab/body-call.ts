import type { FunctionBody } from "../../kernel/lab/types.ts";
import type { Kernel } from "../../kernel/types.ts";
import { bodyCode, type BodyCode } from "../../loader/body.ts";
import { Fault, unsupported } from "../fault.ts";
import type { HelperImpl } from "../helpers/args.ts";
import type { Image } from "../interp/cpu.ts";
import { codeSize, evaluate } from "./evaluate.ts";

/** Makes the instructions of a kernel function runnable. */
export type MakeImage = (name: string, code: BodyCode) => Image;

const SHORT = 50;

/** A function of a custom kernel as a call site: its expression, or its compiled code in a frame of its own. */
export function bodyImpl(name: string, body: FunctionBody, original: HelperImpl | undefined, kernel: Kernel, makeImage: MakeImage): HelperImpl {
  switch (body.kind) {
    case "source":
      return () => {
        throw unsupported(`the function ${name} of the custom kernel is given in C and was not compiled`);
      };
    case "expression": {
      const steps = codeSize(body.code);
      return (env) => {
        // A short one costs what a helper does; a long one in a long loop must come to an end.
        if (steps > SHORT) env.cpu.charge(steps);
        const args = [1, 2, 3, 4, 5].map((reg) => env.cpu.R[reg]!);
        return named(name, () => evaluate(env, body.code, args, () => toU64(needOriginal(name, original)(env))));
      };
    }
    case "object": {
      const code = bodyCode(body.object, body.name, kernel);
      if (!code.ok) {
        return () => {
          throw unsupported(`the function ${name} of the custom kernel cannot be run: ${code.error}`);
        };
      }
      let image: Image | undefined;
      return (env) => {
        image ??= makeImage(name, code.value);
        const { cpu } = env;
        return named(name, () => cpu.callback(env.mem.address(image!.text), [1, 2, 3, 4, 5].map((reg) => cpu.R[reg]!)));
      };
    }
  }
}

function needOriginal(name: string, original: HelperImpl | undefined): HelperImpl {
  if (original) return original;
  throw unsupported(`original(): what ${name} does without the custom kernel is not simulated`);
}

function toU64(value: bigint | number | void): bigint {
  return BigInt.asUintN(64, typeof value === "bigint" ? value : BigInt(value ?? 0));
}

/** A fault inside the function is the custom kernel's, not the program's. */
function named<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Fault && error.outcome === "fault" && !error.message.startsWith("in the kernel's ")) error.message = `in the kernel's ${name}: ${error.message}`;
    throw error;
  }
}
