/** The user's project: everything a share link holds. */
export interface Project {
  schema: 1;
  /** "main.bpf.c" → text */
  files: Readonly<Record<string, string>>;
  activeFile: string;
  /** "7.2" */
  kernel: string;
  /** JSON text of an overlay, or null */
  overlay: string | null;
  flags: { opt: "-O0" | "-O1" | "-O2" | "-Os"; debug: boolean; mcpu: "v1" | "v2" | "v3" | "v4"; extra: readonly string[] };
  /** program picked for disassembly and run */
  program: string | null;
  input: { dataIn: string; ctxIn: string; repeat: number; preset: string | null };
  maps: Readonly<Record<string, readonly { key: string; value: string }[]>>;
  /** instruction the link points at */
  selectedInsn: number | null;
  logLevel: 0 | 1 | 2;
  /** load without any capability */
  unprivileged: boolean;
}
