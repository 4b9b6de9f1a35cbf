import { describe, expect, it } from "vitest";
import type { BtfId } from "../../base/brand.ts";
import { BtfKind } from "../../btf/types.ts";
import type { Btf, BtfType } from "../../btf/types.ts";
import { sizeOfType } from "../../btf/walk.ts";
import { smallBtf } from "../testing/small-pack.ts";
import { compileExpression } from "./expression-compile.ts";
import { parseExpression } from "./expression-parse.ts";

const id = (n: number): BtfId => n as BtfId;
const extra: BtfType[] = [
  { kind: BtfKind.STRUCT, id: id(9), name: "inner", size: 8, kindFlag: false, members: [{ name: "low", type: id(1), bitOffset: 0, bitfieldSize: 0 }, { name: "bits", type: id(1), bitOffset: 32, bitfieldSize: 3 }] },
  { kind: BtfKind.STRUCT, id: id(10), name: "outer", size: 24, kindFlag: false, members: [
    { name: "count", type: id(3), bitOffset: 0, bitfieldSize: 0 }, { name: "", type: id(9), bitOffset: 64, bitfieldSize: 0 }, { name: "task", type: id(5), bitOffset: 128, bitfieldSize: 0 },
  ] },
  { kind: BtfKind.PTR, id: id(11), name: "", type: id(10) },
  { kind: BtfKind.PTR, id: id(12), name: "", type: id(0) },
];
const small = smallBtf(extra);
const btf: Btf = { ...small, sizeOf: (type) => sizeOfType(small, type) };
const scope = { btf, params: [{ name: "a", type: id(1) }, { name: "b", type: id(3) }, { name: "p", type: id(11) }, { name: "v", type: id(12) }], ret: id(1) };
const compile = (text: string) => compileExpression(text, scope);

describe("expressions: what cannot be read", () => {
  it.each([
    ["", "expected a name or a number, found the end"],
    ["1 +", "expected a name or a number, found the end"],
    ["a $ b", '"$" at character 3 is not part of an expression'],
    ["(a", 'expected ")", found the end'],
    ["a b", 'expected the end, found "b" at character 3'],
    ["p->1", 'expected a field\'s name, found "1" at character 4'],
    ["99999999999999999999999", "the number at character 1 is too long"],
    ["(".repeat(200), "the expression is nested more than 100 deep"],
    [`${"a+".repeat(600)}a`, "the expression has more than 1000 words"],
  ])("%s", (text, error) => expect(parseExpression(text)).toEqual({ ok: false, error }));
});

describe("expressions: what has no meaning", () => {
  it.each([
    ["other", 'no parameter "other"; there are: a, b, p, v (character 1)'],
    ["f(1)", 'no function "f"; there are: data, data_len, now, pid, cpu, random, min, max, hash, original (character 1)'],
    ["min(1)", "min takes 2 arguments, not 1 (character 1)"],
    ["a->x", "this points to no struct (character 2)"],
    ["p->nothing", 'struct outer has no field "nothing" (character 2)'],
    ["p->bits", "bits is a bit field, which expressions cannot reach (character 2)"],
    ["a[0]", "this is no pointer (character 2)"],
    ["a = 1", "only p->field, p[i] and *p can be assigned to (character 1)"],
    ["*p + 1", "a struct is no number (character 4)"],
    ["1 + *p", "a struct is no number (character 3)"],
    ["constructor(1)", 'no function "constructor"; there are: data, data_len, now, pid, cpu, random, min, max, hash, original (character 1)'],
  ])("%s", (text, error) => expect(compile(text)).toEqual({ ok: false, error }));
});

describe("expressions: accesses get the offsets and sizes of the types", () => {
  it("a field of an anonymous struct, a pointer's arithmetic, bytes behind void", () => {
    expect(compile("p->low")).toMatchObject({ ok: true, value: { op: "narrow", size: 4, signed: true, a: { op: "load", size: 4, signed: true, at: { op: "+", b: { op: "const", value: 8n } } } } });
    expect(compile("(p + 1)->count")).toMatchObject({ ok: true, value: { a: { op: "load", size: 8, at: { a: { op: "+", b: { op: "*", b: { value: 24n } } } } } } });
    expect(compile("v[a]")).toMatchObject({ ok: true, value: { a: { op: "load", size: 1, signed: false } } });
    expect(compile("p->count += a, 0")).toMatchObject({ ok: true, value: { a: { op: "then", a: { op: "store", size: 8, value: { op: "+" } } } } });
  });
});
