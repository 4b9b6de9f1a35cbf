import type { BtfId } from "../../base/brand.ts";
import { err, ok } from "../../base/result.ts";
import type { Result } from "../../base/result.ts";
import { BtfKind } from "../../btf/types.ts";
import type { Btf, BtfType } from "../../btf/types.ts";
import { nearestNames } from "../nearest.ts";
import { BUILTINS } from "./expression-code.ts";
import type { Builtin, Code } from "./expression-code.ts";
import { parseExpression } from "./expression-parse.ts";
import type { Expr } from "./expression-parse.ts";

/** Parameters and result of the function whose body is compiled; types are ids of `btf`. */
export interface ExpressionScope { btf: Btf; params: readonly { name: string; type: BtfId }[]; ret: BtfId }

/** What an expression stands for: a number, a pointer to a type (null: bytes), or a struct in memory. */
type Value = { code: Code; to?: BtfId | null; struct?: BtfId };
/** A place in memory that holds a type. */
interface Place { at: Code; type: BtfId | null }

class Failure extends Error {}

/** Resolves the names of an expression against a function's parameters and a kernel's types. */
export function compileExpression(text: string, scope: ExpressionScope): Result<Code, string> {
  const parsed = parseExpression(text);
  if (!parsed.ok) return parsed;
  try {
    const { code } = new Compiler(scope).value(parsed.value);
    return ok(result(code, scope));
  } catch (error) {
    if (error instanceof Failure) return err(error.message);
    throw error;
  }
}

/** r0 holds the result as the return type has it. */
function result(code: Code, { btf, ret }: ExpressionScope): Code {
  const scalar = scalarOf(btf, ret);
  return scalar && scalar.size < 8 ? { op: "narrow", a: code, ...scalar } : code;
}

function scalarOf(btf: Btf, id: BtfId): { size: number; signed: boolean } | null {
  const type = btf.resolve(id);
  if (type?.kind === BtfKind.INT) return type.bits === type.size * 8 || type.bool ? { size: type.size, signed: type.signed } : null;
  if (type?.kind === BtfKind.ENUM || type?.kind === BtfKind.ENUM64) return { size: type.size, signed: type.signed };
  return null;
}

class Compiler {
  private readonly scope: ExpressionScope;
  private readonly btf: Btf;

  constructor(scope: ExpressionScope) {
    this.scope = scope;
    this.btf = scope.btf;
  }

  private fail(expr: Expr, message: string): never {
    throw new Failure(`${message} (character ${expr.at + 1})`);
  }

  value(expr: Expr): Value {
    switch (expr.kind) {
      case "number":
        return { code: { op: "const", value: expr.value } };
      case "name":
        return this.name(expr);
      case "call":
        return this.call(expr);
      case "unary":
        if (expr.op === "*") return this.load(this.place(expr), expr);
        return { code: { op: expr.op === "-" ? "neg" : expr.op === "~" ? "invert" : "not", a: this.number(expr.a) } };
      case "binary":
        return this.binary(expr);
      case "if": {
        const a = this.value(expr.a);
        return { ...a, code: { op: "if", test: this.number(expr.test), a: a.code, b: this.value(expr.b).code } };
      }
      case "then": {
        const a = this.value(expr.a);
        const b = this.value(expr.b);
        return { ...b, code: { op: "then", a: a.code, b: b.code } };
      }
      case "assign":
        return this.assign(expr);
      case "field":
      case "index":
        return this.load(this.place(expr), expr);
    }
  }

  private number(expr: Expr): Code {
    const value = this.value(expr);
    if (value.struct !== undefined) this.fail(expr, "a struct is no number");
    return value.code;
  }

  private name(expr: Extract<Expr, { kind: "name" }>): Value {
    const index = this.scope.params.findIndex((p) => p.name === expr.name);
    if (index < 0) {
      if (expr.name === "NULL") return { code: { op: "const", value: 0n } };
      const names = this.scope.params.map((p) => p.name);
      const near = nearestNames(expr.name, names, 1)[0];
      this.fail(expr, `no parameter "${expr.name}"${near === undefined ? "" : ` (nearest: ${near})`}; there are: ${names.join(", ") || "none"}`);
    }
    const { type } = this.scope.params[index]!;
    const resolved = this.btf.resolve(type);
    if (resolved?.kind === BtfKind.PTR) return { code: { op: "arg", index, size: 8, signed: false }, to: this.target(resolved.type) };
    const scalar = scalarOf(this.btf, type);
    if (!scalar) this.fail(expr, `the type of parameter ${expr.name} is not simulated`);
    return { code: { op: "arg", index, ...scalar! } };
  }

  private target(id: BtfId): BtfId | null {
    const type = this.btf.resolve(id);
    return type === undefined || type.kind === BtfKind.VOID ? null : type.id;
  }

  private call(expr: Extract<Expr, { kind: "call" }>): Value {
    if (!Object.hasOwn(BUILTINS, expr.name)) {
      this.fail(expr, `no function "${expr.name}"; there are: ${Object.keys(BUILTINS).join(", ")}`);
    }
    const name = expr.name as Builtin;
    if (expr.args.length !== BUILTINS[name]) this.fail(expr, `${name} takes ${BUILTINS[name]} arguments, not ${expr.args.length}`);
    const code: Code = { op: "call", name, args: expr.args.map((arg) => this.number(arg)) };
    return name === "data" ? { code, to: null } : { code };
  }

  private binary(expr: Extract<Expr, { kind: "binary" }>): Value {
    const a = this.value(expr.a);
    const b = this.value(expr.b);
    if (a.struct !== undefined || b.struct !== undefined) this.fail(expr, "a struct is no number");
    // Pointer arithmetic counts in elements, as C does.
    if ((expr.op === "+" || expr.op === "-") && a.to !== undefined && b.to === undefined) {
      return { code: { op: expr.op, a: a.code, b: this.scaled(b.code, a.to, expr) }, to: a.to };
    }
    return { code: { op: expr.op, a: a.code, b: b.code } };
  }

  private scaled(index: Code, to: BtfId | null, expr: Expr): Code {
    const size = to === null ? 1 : this.btf.sizeOf(to);
    if (size === undefined) this.fail(expr, "the size of what it points to is not known");
    return size === 1 ? index : { op: "*", a: index, b: { op: "const", value: BigInt(size!) } };
  }

  private place(expr: Expr): Place {
    if (expr.kind === "unary" && expr.op === "*") return this.element(expr.a, { op: "const", value: 0n }, expr);
    if (expr.kind === "index") return this.element(expr.of, this.number(expr.index), expr);
    if (expr.kind === "field") return this.field(expr);
    return this.fail(expr, "only p->field, p[i] and *p can be assigned to");
  }

  private element(pointer: Expr, index: Code, expr: Expr): Place {
    const value = this.value(pointer);
    if (value.to === undefined) this.fail(expr, "this is no pointer");
    return { at: { op: "+", a: value.code, b: this.scaled(index, value.to!, expr) }, type: value.to! };
  }

  private field(expr: Extract<Expr, { kind: "field" }>): Place {
    const of = this.value(expr.of);
    const struct = expr.arrow ? of.to : of.struct;
    const type = struct === undefined || struct === null ? undefined : this.btf.resolve(struct);
    if (type?.kind !== BtfKind.STRUCT && type?.kind !== BtfKind.UNION) this.fail(expr, expr.arrow ? "this points to no struct" : "this is no struct");
    const member = findMember(this.btf, type!, expr.name, 0);
    if (!member) this.fail(expr, `struct ${type!.name} has no field "${expr.name}"`);
    if (member!.bits) this.fail(expr, `${expr.name} is a bit field, which expressions cannot reach`);
    return { at: { op: "+", a: of.code, b: { op: "const", value: BigInt(member!.off) } }, type: member!.type };
  }

  private load(place: Place, expr: Expr): Value {
    if (place.type === null) return { code: { op: "load", at: place.at, size: 1, signed: false } };
    const type = this.btf.resolve(place.type);
    if (type?.kind === BtfKind.ARRAY) return { code: place.at, to: this.target(type.elemType) };
    if (type?.kind === BtfKind.STRUCT || type?.kind === BtfKind.UNION) return { code: place.at, struct: type.id };
    if (type?.kind === BtfKind.PTR) return { code: { op: "load", at: place.at, size: 8, signed: false }, to: this.target(type.type) };
    const scalar = scalarOf(this.btf, place.type);
    if (!scalar) this.fail(expr, "a value of this type cannot be read");
    return { code: { op: "load", at: place.at, ...scalar! } };
  }

  private assign(expr: Extract<Expr, { kind: "assign" }>): Value {
    const place = this.place(expr.to);
    const type = place.type === null ? null : this.btf.resolve(place.type);
    const scalar = type === null ? { size: 1, signed: false } : type?.kind === BtfKind.PTR ? { size: 8, signed: false } : scalarOf(this.btf, place.type!);
    if (!scalar) this.fail(expr, "a value of this type cannot be assigned");
    const value = this.number(expr.value);
    const whole: Code = expr.op === null ? value : { op: expr.op, a: { op: "load", at: place.at, ...scalar! }, b: value };
    return { code: { op: "store", at: place.at, ...scalar!, value: whole } };
  }
}

/** A member by name, looked for in anonymous structs and unions too. */
function findMember(btf: Btf, type: Extract<BtfType, { kind: typeof BtfKind.STRUCT | typeof BtfKind.UNION }>, name: string, depth: number): { off: number; type: BtfId; bits: boolean } | undefined {
  for (const member of type.members) {
    if (member.name === name) return { off: Math.floor(member.bitOffset / 8), type: member.type, bits: member.bitfieldSize !== 0 || member.bitOffset % 8 !== 0 };
    if (member.name !== "" || depth > 8) continue;
    const inner = btf.resolve(member.type);
    if (inner?.kind !== BtfKind.STRUCT && inner?.kind !== BtfKind.UNION) continue;
    const found = findMember(btf, inner, name, depth + 1);
    if (found) return { ...found, off: found.off + Math.floor(member.bitOffset / 8) };
  }
  return undefined;
}
