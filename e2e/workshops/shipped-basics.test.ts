/** The workshops of the page, each step proven with the compiler, the verifier and the emulator. In several files, so that they run side by side. */
import { proveAll, shipped } from "./prove.ts";

proveAll(await shipped(["first-steps-xdp", "reading-the-verifier"]));
