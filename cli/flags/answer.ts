import type { Option } from "commander";
import type { Context } from "../context.ts";
import { compileTemplate } from "../template/evaluate.ts";
import { textFlag } from "./option.ts";

/** `--format` of commands that print one answer as prose. */
export interface AnswerFlags {
  readonly format?: string;
}

/** `--format` for {@link printAnswer}. */
export function answerFlag(): Option {
  return textFlag("format", "'json', or a Go template for the answer");
}

/** Prints an answer of the API: as `tell` puts it, as one line of JSON, or by a template. */
export function printAnswer<T>(
  answer: T,
  { format }: AnswerFlags,
  tell: (answer: T) => string,
  { out }: Context,
): void {
  if (!format) out.write(tell(answer));
  else if (format === "json") out.write(`${JSON.stringify(answer)}\n`);
  else out.write(`${compileTemplate(format)(answer)}\n`);
}
