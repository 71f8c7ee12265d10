/** A Raft member in a process of its own, driven over the IPC channel. */
import { systemClock } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import { openLog } from "../../lib/log.ts";
import { systemRandom } from "../../lib/random.ts";
import type { RaftNode } from "../../raft/index.ts";
import { openRaft } from "../../raft/shell/open-raft.ts";
import { closedLoop } from "../load.ts";
import { NumbersMachine, numbered } from "./numbers-machine.ts";
import { serveProposals } from "./propose-service.ts";
import type {
  CallAnswer,
  CallName,
  CallRequest,
  Calls,
  MemberConfig,
  MemberFacts,
} from "./protocol.ts";

const ENTRY = numbered(0, 256);

const machine = new NumbersMachine();
const never = new AbortController().signal;
let opened: RaftNode | undefined;

function node(): RaftNode {
  if (!opened) throw new Error("the member is not open yet");
  return opened;
}

function facts(): MemberFacts {
  const { id, term, leading, leaderId, applied, members } = node().status();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    id,
    term,
    leading: leading > 0,
    leaderId,
    applied,
    members,
    rss,
    heap: heapUsed,
  };
}

async function open(config: MemberConfig): Promise<MemberFacts> {
  const { stateDir, clusterId, nodeId, raftAddr, clientAddr, ticket, tls } = config;
  opened = await openRaft(
    {
      stateDir,
      clusterId,
      self: { nodeId },
      listenAddr: raftAddr,
      advertiseAddr: raftAddr,
      controlAddr: clientAddr,
      tls,
      ...(ticket ? { join: ticket } : {}),
    },
    {
      clock: systemClock,
      random: systemRandom,
      log: openLog({ level: "error", format: "text" }),
      stateMachine: machine,
    },
    never,
  );
  const server = await serveProposals(clientAddr, opened, tls);
  process.once("SIGTERM", () => {
    node()
      .stop()
      .then(() => {
        server.forceShutdown();
        process.exit(0);
      }, fail);
  });
  return facts();
}

async function fill({ entries, inFlight }: Calls["fill"]["input"]): Promise<MemberFacts> {
  let left = entries;
  const caller = async (): Promise<void> => {
    while (left-- > 0) await node().propose(ENTRY);
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return facts();
}

function block({ ms }: Calls["block"]["input"]): Promise<MemberFacts> {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  return Promise.resolve(facts());
}

const HANDLERS: { [K in CallName]: (input: Calls[K]["input"]) => Promise<Calls[K]["output"]> } = {
  open,
  facts: () => Promise.resolve(facts()),
  add: (member) => node().addMember(member, never),
  load: (options) => closedLoop(options, systemClock, () => node().propose(ENTRY)),
  fill,
  block,
  missing: async (numbers) => {
    await node().readBarrier(never);
    return numbers.filter((number) => !machine.has(number));
  },
};

function fail(error: unknown): void {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
}

function answer(message: CallAnswer): void {
  process.send?.(message);
}

process.on("message", <K extends CallName>({ id, name, input }: CallRequest<K>) => {
  HANDLERS[name](input).then(
    (output) => answer({ id, output }),
    (error: unknown) => answer({ id, error: messageOf(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
