import { expect, it } from "vitest";
import { formatAllowed } from "./bprintf.ts";

const allowed = (text: string, args: number): boolean => formatAllowed(new TextEncoder().encode(text), args);

it.each([
  ["plain", 0], ["100%%", 0], ["%d %u %llx", 3], ["%-5d|%+3ld", 2], ["%s", 1], ["%c%c", 2], ["%p", 1], ["%pK.", 1], ["%pI4,%pi6", 2], ["%pks", 1], ["é", 0], ["%d", 2],
])("%s with %d arguments", (text, args) => expect(allowed(text, args)).toBe(true));

it.each([
  ["%", 1], ["%d", 0], ["%f", 1], ["%lllx", 1], ["%sx", 1], ["%pz", 1], ["%pI5", 1], ["%é", 1], ["\u0001", 0], ["%pkd", 1], ["%0", 1],
])("not %s with %d arguments", (text, args) => expect(allowed(text, args)).toBe(false));
