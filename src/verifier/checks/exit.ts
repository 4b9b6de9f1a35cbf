/** Leaving a function or the program (kernel process_bpf_exit_full, prepare_func_exit). */
import { markChainPrecision } from "../passes/backtrack.ts";
import { markRegRead } from "../passes/live-marks.ts";
