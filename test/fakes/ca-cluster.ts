import { Server } from "@grpc/grpc-js";
import { authorizer } from "../../ca/authorize.ts";
import { bootstrapCluster } from "../../ca/bootstrap.ts";
import { CaServer } from "../../ca/server.ts";
import { runSigner } from "../../ca/signer.ts";
import { systemClock, type Clock } from "../../lib/clock.ts";
import { silentLog } from "../../lib/log.ts";
import { systemRandom } from "../../lib/random.ts";
import { Scope } from "../../lib/scope.ts";
import { make } from "../../proto/codec.ts";
import { NodeCaService, NodeMembership, NodeRole, type JoinTokens } from "../../proto/generated.ts";
import { NodeTls } from "../../proto/node-tls.ts";
import { serve } from "../../proto/rpc-server.ts";
import { MemoryCaStore } from "./memory-ca-store.ts";

const EXPIRY_MS = 24 * 3_600_000;

/** A cluster reduced to its CA: one manager `m1` of `cluster1`, on loopback, with a real port. */
export interface CaCluster extends AsyncDisposable {
  readonly addr: string;
  readonly tokens: JoinTokens;
  readonly store: MemoryCaStore;
  readonly tls: NodeTls;
  readonly removed: Set<string>;
  /** Starts answering requests for certificates. */
  sign(): void;
}

/** Opens one; its signer runs already unless `paused`. */
export async function openCaCluster({
  paused = false,
  clock = systemClock,
}: { paused?: boolean; clock?: Clock } = {}): Promise<CaCluster> {
  const modules = { clock, random: systemRandom };
  const options = { nodeId: "m1", clusterId: "cluster1", expiryMs: EXPIRY_MS };
  const { material, rootCa, certificate } = await bootstrapCluster(options, modules);
  const store = new MemoryCaStore(make("Cluster", { id: "cluster1", rootCa }));
  const spec = make("NodeSpec", {
    desiredRole: NodeRole.MANAGER,
    membership: NodeMembership.ACCEPTED,
  });
  store.set(make("Node", { id: "m1", role: NodeRole.MANAGER, spec, certificate }));

  const tls = new NodeTls(material);
  const removed = new Set<string>();
  const server = new Server();
  const failures: unknown[] = [];
  serve(server, NodeCaService, new CaServer({ store, clock }), {
    authorize: authorizer({
      clock,
      clusterId: () => "cluster1",
      isBlacklisted: (id) => removed.has(id),
    }),
    onError: (error) => failures.push(error),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", tls.server("optional"), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const scope = new Scope(new AbortController().signal);
  const sign = (): void =>
    scope.run((signal) => runSigner({ store, log: silentLog, ...modules }, signal));
  if (!paused) sign();
  return {
    addr: `127.0.0.1:${port}`,
    tokens: rootCa.joinTokens ?? make("JoinTokens"),
    store,
    tls,
    removed,
    sign,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
      await scope.close();
      if (failures.length > 0) throw failures[0];
    },
  };
}
