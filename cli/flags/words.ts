/**
 * Splits a command line into words as a POSIX shell would, quotes and backslashes understood,
 * nothing expanded. Throws when a quote is not closed.
 */
export function splitWords(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  const pattern = /\s+|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\])/gsy;
  let end = 0;
  for (const match of line.matchAll(pattern)) {
    end = match.index + match[0].length;
    if (/^\s/.test(match[0])) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    const double = match[2]?.replace(/\\(["\\$`])/g, "$1");
    word = (word ?? "") + (match[1] ?? double ?? match[3] ?? match[4] ?? "");
  }
  if (end !== line.length) throw new Error("a quote is not closed");
  if (word !== undefined) words.push(word);
  return words;
}
