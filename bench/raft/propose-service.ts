import { Server, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import { NodeTls, type TlsMaterial } from "../../proto/node-tls.ts";
import { toStatus } from "../../proto/rpc-error.ts";
import { isSwarmError, messageOf, SwarmError } from "../../lib/errors.ts";
import type { RaftNode } from "../../raft/index.ts";

/** Path of the one method: the request is the entry, the answer is empty. */
export const PROPOSE_PATH = "/skep.bench.Propose/Propose";

const same = (bytes: Buffer): Buffer => bytes;
const EMPTY = Buffer.alloc(0);

/** Takes proposals of other processes at `addr`. */
export async function serveProposals(
  addr: string,
  node: RaftNode,
  tls: TlsMaterial,
): Promise<Server> {
  const server = new Server();
  const propose = {
    path: PROPOSE_PATH,
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  server.addService(
    { propose },
    {
      propose: (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
        node.propose(call.request).then(
          () => done(null, EMPTY),
          (error: unknown) => done(toStatus(asSwarmError(error))),
        );
      },
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(addr, new NodeTls(tls).server("required"), (error) =>
      error ? reject(error) : resolve(),
    );
  });
  return server;
}

function asSwarmError(error: unknown): SwarmError {
  return isSwarmError(error) ? error : new SwarmError("internal", messageOf(error));
}
