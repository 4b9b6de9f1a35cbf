import { proveAll, shipped } from "./prove.ts";

proveAll(await shipped(["helpers-and-kfuncs", "a-kfunc-goes-away"]));
