import { linked } from "../../lib/abort.ts";
import { SwarmError } from "../../lib/errors.ts";
import { parseEndpoint } from "../api/endpoint.ts";
import { certificateFiles } from "../flags/tls-options.ts";
import { defaultHost, type SwarmCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { readCandidates } from "./names.ts";
import { COMPLETION_SCRIPTS } from "./scripts.ts";
import { completionTarget, type Candidate, type Target } from "./target.ts";

/** A shell waits this long for the cluster's names, then offers none. */
const NAMES_DEADLINE_MS = 1500;

/** Last line of the answer: whether the shell may offer files (the numbers are Cobra's). */
const DIRECTIVE_FILES = ":0";
const DIRECTIVE_NO_FILES = ":4";

/** `swarm completion SHELL`, and the hidden command that its script calls at each Tab. */
export function addCompletion(root: SwarmCommand, context: Context): void {
  root
    .command("completion")
    .description("Print the completion script of a shell")
    .argument("(bash|zsh|fish)")
    .action((shell: string) => {
      const script = COMPLETION_SCRIPTS[shell];
      if (script === undefined)
        throw new SwarmError("invalid", `no completion for "${shell}": use bash, zsh or fish`);
      context.out.write(script);
    });
  root
    .command("__complete", { hidden: true })
    .argument("[WORD...]")
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (words: readonly string[]) => {
      const target = completionTarget(root, words);
      const found = [...target.candidates, ...(await clusterNames(target, context))];
      context.out.write(answer(target, found));
    });
}

function answer(target: Target, found: readonly Candidate[]): string {
  const lines = found
    .filter(({ word }) => word.startsWith(target.prefix))
    .map(({ word, about }) => `${target.lead}${word}${about === "" ? "" : `\t${about}`}\n`);
  return `${lines.join("")}${target.isFile ? DIRECTIVE_FILES : DIRECTIVE_NO_FILES}\n`;
}

/** A completion never fails: without the cluster there are just no names to offer. */
async function clusterNames(target: Target, context: Context): Promise<readonly Candidate[]> {
  if (target.names.length === 0) return [];
  using deadline = linked(context.signal);
  const cancel = context.clock.after(NAMES_DEADLINE_MS, () => deadline.abort());
  try {
    const host = target.host ?? (context.env["SWARM_HOST"] || defaultHost(context));
    const engine = await context.connect(
      parseEndpoint(host, certificateFiles({}, context.env)),
      deadline.signal,
    );
    const lists = await Promise.all(target.names.map((kind) => readCandidates(engine, kind)));
    return lists.flat().map(({ word, about }) => ({ word: `${word}${target.tail}`, about }));
  } catch {
    return [];
  } finally {
    cancel();
  }
}
