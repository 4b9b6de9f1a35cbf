/** Where a command writes. Tests collect, main.ts passes the process's own streams. */
export interface Output {
  /** one line to standard output */
  line(text: string): void;
  /** one line to standard error */
  error(text: string): void;
  /** standard output is a terminal that shows colours */
  colour: boolean;
  /** columns of the terminal; 100 where there is none */
  width: number;
}

const CODES = { red: 31, green: 32, yellow: 33, blue: 34, cyan: 36, grey: 90, bold: 1 } as const;
export type Colour = keyof typeof CODES;

/** Text in a colour where the output shows colours. */
export function paint(out: Pick<Output, "colour">, colour: Colour, text: string): string {
  return out.colour && text !== "" ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text;
}

/** Width on screen, without colour codes. */
export function visibleLength(text: string): number {
  // eslint-disable-next-line no-control-regex
  return [...text.replace(/\u001b\[\d+m/g, "")].length;
}

/** Rows with columns aligned to their widest cell; a column of numbers is aligned right. Trailing spaces are cut. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, visibleLength(cell));
  return rows.map((row) =>
    row
      .map((cell, i) => {
        const pad = " ".repeat(widths[i]! - visibleLength(cell));
        return right.includes(i) ? pad + cell : cell + pad;
      })
      .join("  ")
      .trimEnd(),
  );
}
