import { expose } from "comlink";
import { browserKernelCore } from "./kernel-shell.ts";

expose(browserKernelCore());
