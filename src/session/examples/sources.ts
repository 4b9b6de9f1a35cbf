/** Texts of the examples by file name. They are real files, so that an editor and clang can open them as they are. */
const modules = import.meta.glob<string>("./*.bpf.c", { query: "?raw", import: "default", eager: true });

export const SOURCES: Readonly<Record<string, string>> = Object.fromEntries(Object.entries(modules).map(([path, text]) => [path.slice(2), text]));
