import type { HelperImpl, HelperTable } from "./args.ts";
import { dynptrHelpers } from "./dynptr.ts";
import { generalHelpers } from "./general.ts";
import { mapHelpers } from "./map-helpers.ts";
import { packetHelpers } from "./packet-helpers.ts";
import { socketHelpers } from "./socket-helpers.ts";
import { timerHelpers } from "./timer-helpers.ts";

/** Every simulated helper by the kernel's name. */
export const HELPERS: HelperTable = { ...mapHelpers, ...generalHelpers, ...packetHelpers, ...dynptrHelpers, ...timerHelpers, ...socketHelpers };

export function helperImpl(name: string): HelperImpl | undefined {
  return Object.hasOwn(HELPERS, name) ? HELPERS[name] : undefined;
}
