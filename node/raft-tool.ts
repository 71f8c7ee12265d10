import { readFile } from "node:fs/promises";
import path from "node:path";
import { Command } from "commander";
import { SwarmError } from "../lib/errors.ts";
import type { RaftReport } from "../raft/shell/offline/inspect.ts";

/** The form in which people see an unlock key. */
const UNLOCK_KEY = /^SWMKEY-1-([A-Za-z0-9+/]{43})=?$/;

interface ToolOptions {
  readonly stateDir: string;
  readonly unlockKeyFile?: string;
}

/** The unlock key in a file, `-` for standard input: never an argument, which others can see. */
async function readKey({ unlockKeyFile }: ToolOptions): Promise<Uint8Array | null> {
  if (unlockKeyFile === undefined) return null;
  const text = await readFile(unlockKeyFile === "-" ? "/dev/stdin" : unlockKeyFile, "utf8");
  const match = UNLOCK_KEY.exec(text.trim());
  if (!match?.[1]) throw new SwarmError("invalid", `${unlockKeyFile} holds no key SWMKEY-1-…`);
  return Buffer.from(match[1], "base64");
}

function describe(report: RaftReport): string {
  const { snapshot, damage } = report;
  const lines = [
    `member    ${report.id} of cluster ${report.clusterId}, node ${report.nodeId}`,
    `starts    ${report.boot}`,
    `term      ${report.term}, voted for ${report.vote || "nobody"}`,
    `log       ${report.firstIndex} to ${report.lastIndex}, committed up to ${report.commit}`,
    snapshot
      ? `snapshot  at ${snapshot.index} (term ${snapshot.term}), ${snapshot.bytes} bytes`
      : "snapshot  none",
    ...(snapshot?.members ?? []).map((member) => `          ${member}`),
    `state     ${damage ? `damaged: ${damage}` : "whole"}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** `swarmd raft …`: looks at, and mends, the Raft state of a swarmd that is stopped. */
export function raftCommand(defaultStateDir: string): Command {
  const raft = new Command("raft").description("Tools for a manager's state while it is stopped.");
  const tool = (name: string, description: string): Command =>
    raft
      .command(name)
      .description(description)
      .option("--state-dir <dir>", "state directory of the swarmd", defaultStateDir)
      .option(
        "--unlock-key-file <file>",
        "file with the unlock key of a locked manager, - for stdin",
      );
  const directory = (options: ToolOptions): string => path.join(options.stateDir, "raft");

  tool("verify", "Checks every record and says what is there.").action(async (options) => {
    const { inspectRaft } = await import("./raft-state.ts");
    const report = await inspectRaft(directory(options), await readKey(options));
    process.stdout.write(describe(report));
    if (report.damage) process.exitCode = 1;
  });
  tool("dump", "Prints every entry of the log, one a line.").action(async (options) => {
    const { inspectRaft } = await import("./raft-state.ts");
    const report = await inspectRaft(directory(options), await readKey(options), (line) => {
      const { index, term, type, bytes, change } = line;
      process.stdout.write(
        `${term}/${index} ${type} ${bytes} bytes${change ? ` ${change}` : ""}\n`,
      );
    });
    process.stderr.write(describe(report));
    if (report.damage) process.exitCode = 1;
  });
  tool("force-new-cluster", "Makes this manager the only one; for a quorum lost for good.").action(
    async (options) => {
      const { forceNewCluster } = await import("./raft-state.ts");
      const forced = await forceNewCluster(directory(options), await readKey(options));
      const { removed, lastIndex } = forced;
      process.stdout.write(
        `Kept the log up to ${lastIndex} and took ${removed.length} other members out.\n` +
          "Start swarmd again. Wipe the state of the other managers before they join anew.\n",
      );
    },
  );
  return raft;
}
