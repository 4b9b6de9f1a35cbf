/** Every family of refusals that has an explanation of its own; the first that fits the message tells. */
import { ATTACH } from "./attach.ts";
import { ARGUMENTS } from "./arguments.ts";
import { BOUNDS } from "./bounds.ts";
import { CONTEXT } from "./context.ts";
import { FUNCTIONS } from "./functions.ts";
import { KERNEL_OBJECTS } from "./kernel-objects.ts";
import { KPTRS_FAMILIES } from "./kptrs.ts";
import { ENCODING } from "./encoding.ts";
import { LOOPS } from "./loops.ts";
import { LOCKS } from "./locks.ts";
import { PERMISSIONS } from "./permissions.ts";
import { STACK_OBJECTS } from "./stack-objects.ts";
import { CALLS } from "./calls.ts";
import type { Family } from "./case.ts";
import { FLOW } from "./flow.ts";
import { GRAPH } from "./graph.ts";
import { MAP_USE } from "./map-use.ts";
import { NUMBERS } from "./numbers.ts";
import { OBJECTS } from "./objects.ts";
import { OWNERSHIP } from "./ownership.ts";
import { PACKET } from "./packet.ts";
import { SECTION_FAMILIES } from "./sections.ts";
import { POINTERS } from "./pointers.ts";
import { PRIVILEGE } from "./privilege.ts";
import { STACK } from "./stack.ts";

export const FAMILIES: readonly Family[] = [...BOUNDS, ...CONTEXT, ...KERNEL_OBJECTS, ...LOCKS, ...STACK_OBJECTS, ...KPTRS_FAMILIES, ...PACKET, ...MAP_USE, ...OBJECTS, ...POINTERS, ...STACK, ...NUMBERS, ...GRAPH, ...OWNERSHIP, ...SECTION_FAMILIES, ...PERMISSIONS, ...ARGUMENTS, ...FUNCTIONS, ...CALLS, ...LOOPS, ...ENCODING, ...FLOW, ...ATTACH, ...PRIVILEGE];
