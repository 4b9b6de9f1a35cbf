import { err, ok } from "../../base/result.ts";
import type { Result } from "../../base/result.ts";
import type { Binary } from "./expression-code.ts";

/** An expression as written. `at` is the position of its first character, for messages. */
export type Expr =
  | { kind: "number"; value: bigint; at: number }
  | { kind: "name"; name: string; at: number }
  | { kind: "call"; name: string; args: readonly Expr[]; at: number }
  | { kind: "unary"; op: "-" | "~" | "!" | "*"; a: Expr; at: number }
  | { kind: "binary"; op: Binary; a: Expr; b: Expr; at: number }
  | { kind: "if"; test: Expr; a: Expr; b: Expr; at: number }
  | { kind: "field"; of: Expr; name: string; arrow: boolean; at: number }
  | { kind: "index"; of: Expr; index: Expr; at: number }
  | { kind: "assign"; to: Expr; op: Binary | null; value: Expr; at: number }
  | { kind: "then"; a: Expr; b: Expr; at: number };

const TOKEN = /\s*(0[xX][0-9a-fA-F]+|\d+|[A-Za-z_]\w*|->|<<=|>>=|<<|>>|&&|\|\||[=!<>]=|[-+*/%&|^]=|[-+*/%&|^~!<>=?:,.()[\]])/y;
const MAX_TOKENS = 1000;
const MAX_DEPTH = 100;
const LEVELS: readonly (readonly Binary[])[] = [["||"], ["&&"], ["|"], ["^"], ["&"], ["==", "!="], ["<", ">", "<=", ">="], ["<<", ">>"], ["+", "-"], ["*", "/", "%"]];
const ASSIGN: Readonly<Record<string, Binary | null>> = {
  "=": null, "+=": "+", "-=": "-", "*=": "*", "/=": "/", "%=": "%", "&=": "&", "|=": "|", "^=": "^", "<<=": "<<", ">>=": ">>",
};

class Failure extends Error {}

/** Reads C's expressions without casts, strings and increments. The error says what stands where. */
export function parseExpression(text: string): Result<Expr, string> {
  try {
    return ok(new Parser(text).whole());
  } catch (error) {
    if (error instanceof Failure) return err(error.message);
    throw error;
  }
}

class Parser {
  private readonly tokens: { text: string; at: number }[] = [];
  private readonly source: string;
  private next = 0;
  private depth = 0;

  constructor(source: string) {
    this.source = source;
    let at = 0;
    while (source.slice(at).trim() !== "") {
      TOKEN.lastIndex = at;
      const match = TOKEN.exec(source);
      if (!match) {
        const bad = at + (source.slice(at).length - source.slice(at).trimStart().length);
        throw new Failure(`${JSON.stringify(source[bad])} at character ${bad + 1} is not part of an expression`);
      }
      at = TOKEN.lastIndex;
      this.tokens.push({ text: match[1]!, at: at - match[1]!.length });
      if (this.tokens.length > MAX_TOKENS) throw new Failure(`the expression has more than ${MAX_TOKENS} words`);
    }
  }

  whole(): Expr {
    const expr = this.sequence();
    if (this.peek() !== undefined) this.fail("the end");
    return expr;
  }

  private peek(): string | undefined {
    return this.tokens[this.next]?.text;
  }
  private at(): number {
    return this.tokens[this.next]?.at ?? this.source.length;
  }
  private take(token: string): boolean {
    if (this.peek() !== token) return false;
    this.next++;
    return true;
  }
  private need(token: string): void {
    if (!this.take(token)) this.fail(JSON.stringify(token));
  }
  private fail(expected: string): never {
    const found = this.peek();
    throw new Failure(`expected ${expected}, found ${found === undefined ? "the end" : `${JSON.stringify(found)} at character ${this.at() + 1}`}`);
  }
  private deeper<T>(work: () => T): T {
    if (++this.depth > MAX_DEPTH) throw new Failure(`the expression is nested more than ${MAX_DEPTH} deep`);
    const result = work();
    this.depth--;
    return result;
  }

  private sequence(): Expr {
    let expr = this.assignment();
    while (this.peek() === ",") {
      const at = this.at();
      this.next++;
      expr = { kind: "then", a: expr, b: this.assignment(), at };
    }
    return expr;
  }

  private assignment(): Expr {
    return this.deeper(() => {
      const to = this.conditional();
      const token = this.peek();
      if (token === undefined || !Object.hasOwn(ASSIGN, token)) return to;
      const at = this.at();
      this.next++;
      return { kind: "assign", to, op: ASSIGN[token]!, value: this.assignment(), at };
    });
  }

  private conditional(): Expr {
    const test = this.binary(0);
    const at = this.at();
    if (!this.take("?")) return test;
    const a = this.assignment();
    this.need(":");
    return { kind: "if", test, a, b: this.deeper(() => this.conditional()), at };
  }

  private binary(level: number): Expr {
    const operators = LEVELS[level];
    if (!operators) return this.unary();
    let expr = this.binary(level + 1);
    for (;;) {
      const op = operators.find((o) => o === this.peek());
      if (op === undefined) return expr;
      const at = this.at();
      this.next++;
      expr = { kind: "binary", op, a: expr, b: this.binary(level + 1), at };
    }
  }

  private unary(): Expr {
    const op = (["-", "~", "!", "*"] as const).find((o) => o === this.peek());
    if (op === undefined) return this.postfix();
    const at = this.at();
    this.next++;
    return { kind: "unary", op, a: this.deeper(() => this.unary()), at };
  }

  private postfix(): Expr {
    let expr = this.primary();
    for (;;) {
      const at = this.at();
      if (this.take("[")) {
        expr = { kind: "index", of: expr, index: this.sequence(), at };
        this.need("]");
      } else if (this.peek() === "->" || this.peek() === ".") {
        const arrow = this.peek() === "->";
        this.next++;
        expr = { kind: "field", of: expr, name: this.name("a field's name"), arrow, at };
      } else return expr;
    }
  }

  private name(expected: string): string {
    const token = this.peek();
    if (token === undefined || !/^[A-Za-z_]/.test(token)) this.fail(expected);
    this.next++;
    return token!;
  }

  private primary(): Expr {
    const token = this.peek();
    const at = this.at();
    if (this.take("(")) {
      const expr = this.sequence();
      this.need(")");
      return expr;
    }
    if (token !== undefined && /^\d/.test(token)) {
      this.next++;
      if (token.length > 20) throw new Failure(`the number at character ${at + 1} is too long`);
      return { kind: "number", value: BigInt.asUintN(64, BigInt(token)), at };
    }
    const name = this.name("a name or a number");
    if (!this.take("(")) return { kind: "name", name, at };
    const args: Expr[] = [];
    if (!this.take(")")) {
      do args.push(this.assignment()); while (this.take(","));
      this.need(")");
    }
    return { kind: "call", name, args, at };
  }
}
