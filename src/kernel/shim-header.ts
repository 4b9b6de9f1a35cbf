/** Writes the header of a shim's plan. */
import { splitSignature } from "./c-signature.ts";
import { span } from "./shim-words.ts";
import { declareFunction, fallbackFor, tagsOf } from "./shim-types-c.ts";
import type { ShimEntry, ShimForm } from "./shim-types.ts";

/** The C text. Function-like macros come last, so that the wrappers above them call the real names. */
export function shimHeader(entries: readonly ShimEntry[], kernels: readonly string[]): string {
  const wrapped = entries.filter((e) => e.action === "wrap");
  const helpers = wrapped.filter((e) => e.kind === "helper");
  const tags = [...new Set(wrapped.flatMap((e) => e.forms.flatMap((f) => tagsOf(f.signature))))].sort();
  const out = [
    `/* One source for kernels ${kernels[0]} to ${kernels.at(-1)}. Include it after vmlinux.h, bpf_helpers.h and your own declarations. */`,
    "#pragma once",
    "#include <bpf/bpf_helpers.h>",
    ...(helpers.length > 0 ? ["#include <bpf/bpf_core_read.h>"] : []),
    "",
    ...(wrapped.some((e) => e.forms.some((f) => /\b__arena\b/.test(f.signature))) ? ["#ifndef __arena", "#define __arena __attribute__((address_space(1)))", "#endif"] : []),
    ...tags.map((tag) => `${tag};`),
    "",
  ];
  if (helpers.length > 0) {
    out.push("/* Whether a kernel has a helper: libbpf looks the number's name up in its BTF (the part behind ___ is dropped). */");
    out.push(`enum bpf_func_id___shim {\n${helpers.map((e) => `\t${helperValue(e.name)} = 1,`).join("\n")}\n};`, "");
  }
  for (const entry of wrapped) out.push(...wrapper(entry, kernels), "");
  out.push("/* From here on the calls go through the wrappers. */");
  for (const { name } of wrapped) {
    // libbpf's loops name the destructor without calling it: __attribute__((cleanup(bpf_iter_num_destroy))).
    const named = /^bpf_iter_\w+_destroy$/.test(name);
    out.push(`#undef ${name}`, named ? `#define ${name} shim_${name}` : `#define ${name}(...) shim_${name}(__VA_ARGS__)`);
  }
  // A header is plain ASCII.
  return `${out.join("\n").replaceAll(" … ", " to ").replace(/\n{3,}/g, "\n\n")}\n`;
}

function helperValue(name: string): string {
  return `BPF_FUNC_${name.replace(/^bpf_/, "")}___shim`;
}

function wrapper(entry: ShimEntry, kernels: readonly string[]): string[] {
  const { ret, params } = entry.caller;
  const macro = `SHIM_FALLBACK_${entry.name}`;
  const value = entry.fallback?.value ?? fallbackFor(ret);
  const isVoid = ret.trim() === "void";
  const out = [`/* ${entry.name}: ${entry.why} */`];
  if (entry.kind === "kfunc") for (const form of entry.forms) out.push(`extern ${declareFunction(form.symbol, splitSignature(form.signature, form.api)!)} __weak __ksym;`);
  if (!isVoid) out.push(`#ifndef ${macro}`, `#define ${macro} ${value}`, "#endif");
  out.push(`static __always_inline ${declareFunction(`shim_${entry.name}`, { ret, params })}`, "{");
  for (const form of entry.forms) {
    const exists = entry.kind === "kfunc" ? `bpf_ksym_exists(${form.symbol})` : `bpf_core_enum_value_exists(enum bpf_func_id___shim, ${helperValue(entry.name)})`;
    out.push(`\tif (${exists})${form.kernels.length === 0 ? "" : ` /* ${span(form.kernels, kernels)} */`}`, ...call(form, isVoid));
  }
  if (!isVoid) out.push(`\treturn (${ret})${macro};`);
  else if (entry.fallback && entry.fallback.kernels.length > 0) out.push("\t/* nothing is done where the kernel has none of them */");
  out.push("}");
  return out;
}

/** A form that returns nothing where the wrapper returns something did what it was asked: the wrapper says 0. */
function call(form: ShimForm, isVoid: boolean): string[] {
  const text = `${form.symbol}(${form.args.join(", ")})`;
  const gives = splitSignature(form.signature, form.api)?.ret.trim() !== "void";
  if (isVoid) return [`\t\treturn (void)${text};`];
  return gives ? [`\t\treturn ${text};`] : ["\t{", `\t\t${text};`, "\t\treturn 0;", "\t}"];
}
