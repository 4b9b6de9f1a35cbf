/** Questions answered in the source itself: a comment line "// ANSWER register: r1" that the attendee completes. */

/** What a file answers to a question, trimmed; "" when the line is there and empty, null when there is no such line. */
export function answerIn(files: Readonly<Record<string, string>>, question: string): string | null {
  for (const text of Object.values(files)) {
    for (const line of text.split("\n")) {
      const m = /^\s*(?:\/\/|\/\*+|\*)\s*ANSWER\s+([\w-]+)\s*:(.*)$/i.exec(line);
      if (m && m[1]?.toLowerCase() === question.toLowerCase()) return (m[2] ?? "").replace(/\*\/\s*$/, "").trim();
    }
  }
  return null;
}

/** People write R1, r1 or `r1`, and put a full stop behind it: all the same. */
export function sameAnswer(a: string, b: string): boolean {
  return plain(a) === plain(b);
}

function plain(answer: string): string {
  return answer.trim().toLowerCase().replace(/^["'`]+|["'`.,;]+$/g, "").replace(/\(\)$/, "").replace(/\s+/g, " ").replace(/(?<=\d),(?=\d{3})/g, "");
}
