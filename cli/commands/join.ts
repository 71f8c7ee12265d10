import { SwarmError } from "../../lib/errors.ts";
import type { Info } from "../api/types.ts";
import { engineOf, type SwarmCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { addDaemonFlags, withDaemon, type DaemonFlags } from "../daemon/ensure.ts";
import { boolFlag, textFlag } from "../flags/option.ts";
import { addAddressFlags, addressBody, withAdvice, type AddressFlags } from "./init.ts";

interface JoinFlags extends AddressFlags, DaemonFlags {
  readonly token?: string;
  readonly tokenFile?: string;
}

/** `swarm join`: makes this node a member of a swarm; the token decides its role. */
export function addJoin(parent: SwarmCommand, context: Context): void {
  const command = parent
    .command("join")
    .description("Join a swarm as a node and/or manager")
    .argument("HOST:PORT");
  addDaemonFlags(addAddressFlags(command))
    .addOption(textFlag("token", "Token for entry into the swarm"))
    .addOption(textFlag("token-file", "Read the token from a file, - for standard input", "file"))
    .action((remote: string, flags: JoinFlags) => runJoin(remote, flags, command, context));
}

async function runJoin(
  remote: string,
  flags: JoinFlags,
  command: SwarmCommand,
  context: Context,
): Promise<void> {
  const token = await readToken(flags, context);
  if (token === "")
    throw new SwarmError(
      "invalid",
      "a token is needed to join: --token SWMTKN-1-…, as a manager of the swarm prints it with " +
        '"swarm join-token worker"',
    );
  const { Swarm } = await withDaemon(command, flags, context, async (engine) => {
    const body = { ...addressBody(flags), RemoteAddrs: [remote], JoinToken: token };
    await withAdvice(engine.request({ method: "POST", path: "/swarm/join", body }));
    return engine.request<Info>({ method: "GET", path: "/info" });
  });
  const role = Swarm.ControlAvailable ? "manager" : "worker";
  context.out.write(`This node joined a swarm as a ${role}.\n`);
}

/** From a file it does not show in the list of processes. */
async function readToken({ token, tokenFile }: JoinFlags, context: Context): Promise<string> {
  if (tokenFile === undefined) return token ?? "";
  if (token !== undefined)
    throw new SwarmError("invalid", "give either --token or --token-file, not both");
  return (await context.readFile(tokenFile)).toString().trim();
}

/** `swarm leave`: takes this node out of its swarm. */
export function addLeave(parent: SwarmCommand, context: Context): void {
  const command = parent.command("leave").description("Leave the swarm");
  command
    .addOption(boolFlag("f,force", "Leave even as a manager, ignoring warnings"))
    .action(async (flags: { readonly force?: boolean }) => {
      const engine = await engineOf(command, context);
      await engine.request({
        method: "POST",
        path: "/swarm/leave",
        query: { force: flags.force ? 1 : undefined },
      });
      context.out.write("Node left the swarm.\n");
    });
}
