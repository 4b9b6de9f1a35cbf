/** Every family of refusals that has an explanation of its own; the first that fits the message tells. */
import { ATTACH } from "./attach.ts";
import { CALLS } from "./calls.ts";
import type { Family } from "./case.ts";
import { FLOW } from "./flow.ts";
import { MEMORY } from "./memory.ts";
import { POINTERS } from "./pointers.ts";
import { PRIVILEGE } from "./privilege.ts";
import { REFS } from "./refs.ts";
import { STACK } from "./stack.ts";
import { VALUES } from "./values.ts";

export const FAMILIES: readonly Family[] = [...MEMORY, ...POINTERS, ...STACK, ...VALUES, ...REFS, ...CALLS, ...FLOW, ...ATTACH, ...PRIVILEGE];
