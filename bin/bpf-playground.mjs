#!/usr/bin/env node
// The command line of the installed package: the same source as in a checkout, TypeScript taken as it is.
import { register } from "tsx/esm/api";

register();
const { main } = await import("../src/cli/main.ts");
await main();
