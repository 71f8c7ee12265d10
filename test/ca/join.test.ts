import assert from "node:assert/strict";
import { createServer } from "node:net";
import { credentials } from "@grpc/grpc-js";
import { createCsr } from "../../ca/csr.ts";
import { parseIdentity } from "../../ca/identity.ts";
import { joinCluster, type Joined } from "../../ca/join.ts";
import { anonymousCall, connectCa } from "../../ca/request.ts";
import { newJoinToken } from "../../ca/tokens.ts";
import { systemClock, type Clock } from "../../lib/clock.ts";
import { isSwarmError, type ErrorCode } from "../../lib/errors.ts";
import { systemRandom } from "../../lib/random.ts";
import { IssuanceState, NodeAvailability, NodeRole } from "../../proto/generated.ts";
import { NodeTls } from "../../proto/node-tls.ts";
import { openCaCluster, type CaCluster } from "../fakes/ca-cluster.ts";
import { createTestCa } from "../fakes/certificates.ts";

/** Waits cost nothing: each is over at the next turn of the event loop. */
const HURRIED: Clock = {
  ...systemClock,
  after: (_ms, fire) => systemClock.after(0, fire),
};

/** A port where nothing listens. */
async function deadAddr(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(typeof address === "object" && address);
  return `127.0.0.1:${address.port}`;
}

describe("joining a cluster", () => {
  let cluster: CaCluster;
  const { signal } = new AbortController();

  function join(token: string, remotes = [cluster.addr]): Promise<Joined> {
    const options = { remotes, token, availability: NodeAvailability.DRAIN };
    return joinCluster(options, { clock: HURRIED, random: systemRandom }, signal);
  }

  async function refused(promise: Promise<unknown>, code: ErrorCode, text: RegExp): Promise<void> {
    await assert.rejects(promise, (error) => {
      assert.ok(isSwarmError(error, code), String(error));
      assert.match(error.message, text);
      return true;
    });
  }

  beforeEach(async () => {
    cluster = await openCaCluster();
  });

  afterEach(() => cluster[Symbol.asyncDispose]());

  it("gives the role of the token, and a certificate that managers accept", async () => {
    for (const role of ["worker", "manager"] as const) {
      const { nodeId, material, remote } = await join(cluster.tokens[role]);
      const identity = parseIdentity(material.certificate);
      assert.equal(identity.role, role);
      assert.equal(identity.nodeId, nodeId);
      assert.equal(identity.clusterId, "cluster1");
      assert.match(nodeId, /^[0-9a-z]{25}$/);
      assert.equal(remote, cluster.addr);
      const node = cluster.store.node(nodeId);
      assert.equal(node?.role, role === "manager" ? NodeRole.MANAGER : NodeRole.WORKER);
      assert.equal(node?.spec?.availability, NodeAvailability.DRAIN);
      assert.equal(node?.certificate?.state, IssuanceState.ISSUED);

      using connection = connectCa(remote, new NodeTls(material).client, { clock: systemClock });
      const unlock = connection.api.getUnlockKey({}, anonymousCall(signal));
      if (role === "manager") await unlock;
      else await refused(unlock, "denied", /not a manager/);
    }
  });

  it("waits for a signer that comes late, without asking for a second admission", async () => {
    await using late = await openCaCluster({ paused: true, clock: HURRIED });
    const joining = join(late.tokens.worker, [late.addr]);
    for await (const node of late.store.watchNodes(null, signal)) if (node.id !== "m1") break;
    late.sign();
    const { nodeId } = await joining;
    assert.deepEqual([...late.store.nodes.keys()], ["m1", nodeId]);
  });

  it("admits one node however often the same request comes", async () => {
    const { csr } = await createCsr();
    const roots = Buffer.from(cluster.tls.material.roots);
    using connection = connectCa(cluster.addr, credentials.createSsl(roots), {
      clock: systemClock,
    });
    const order = { csr, token: cluster.tokens.worker, availability: 0 } as const;
    const ask = (): Promise<{ readonly nodeId: string }> =>
      connection.api.issueNodeCertificate(order, anonymousCall(signal));
    const ids = (await Promise.all([ask(), ask(), ask()])).map(({ nodeId }) => nodeId);
    assert.equal(new Set(ids).size, 1);
    assert.equal(cluster.store.nodes.size, 2);
  });

  it("refuses text that is no token before it dials anyone", async () => {
    await refused(join("SWMTKN-1-short"), "invalid", /swarm join-token/);
    await refused(join(cluster.tokens.worker, []), "invalid", /at least one manager/);
  });

  it("is refused with a token of the right cluster that is not valid any more", async () => {
    const root = cluster.store.cluster()?.rootCa?.caCert ?? "";
    const old = newJoinToken(root, systemRandom);
    await refused(join(old), "invalid", /A valid join token is necessary to join this cluster/);
    assert.equal(cluster.store.nodes.size, 1);
  });

  it("does not talk to a manager with another root than the token's", async () => {
    const other = await createTestCa();
    const token = newJoinToken(other.root.certificate, systemRandom);
    await refused(join(token), "denied", new RegExp(`${cluster.addr} is not the one`));
  });

  it("tries the next manager, and names all it tried when none can be reached", async () => {
    const [dead, deader] = [await deadAddr(), await deadAddr()];
    const joined = await join(cluster.tokens.worker, [dead, cluster.addr]);
    assert.equal(joined.remote, cluster.addr);
    const reason = `no connection: connect ECONNREFUSED ${deader}\\. Check .*join-token.*clocks`;
    await refused(
      join(cluster.tokens.worker, [dead, deader]),
      "unavailable",
      new RegExp(`^cannot join .* ${dead}, ${deader}; the last one, ${deader}: ${reason}`),
    );
    await refused(
      join(cluster.tokens.worker, ["no-such-host.invalid:2377"]),
      "unavailable",
      /^cannot join through no-such-host.invalid:2377: no connection: the name .* be resolved\. /,
    );
  });

  it("says that the clock is behind", async () => {
    const tomorrow: Clock = { ...systemClock, now: () => systemClock.now() + 86_400_000 };
    await using ahead = await openCaCluster({ clock: tomorrow });
    const joining = join(ahead.tokens.worker, [ahead.addr]);
    await refused(joining, "failed-precondition", /this machine's clock .* is behind/);
  });

  it("tells a request's fault when the cluster gives no certificate", async () => {
    const { store, tls } = cluster;
    using connection = connectCa(cluster.addr, tls.client, { clock: systemClock });
    const bad = { csr: "no CSR", token: "", availability: 0 } as const;
    const asked = connection.api.issueNodeCertificate(bad, anonymousCall(signal));
    await refused(asked, "invalid", /CSR is unusable/);
    assert.equal(store.nodes.size, 1);
  });

  it("stops when it is told to", async () => {
    const controller = new AbortController();
    const options = { remotes: [await deadAddr()], token: cluster.tokens.worker };
    const modules = { clock: systemClock, random: systemRandom };
    const joining = joinCluster({ ...options, availability: 0 }, modules, controller.signal);
    controller.abort(new Error("enough"));
    await assert.rejects(joining, /enough/);
  });

  it("does not admit a caller without a token, nor one whose node was removed", async () => {
    const { csr } = await createCsr();
    const { material, nodeId } = await join(cluster.tokens.worker);
    cluster.removed.add(nodeId);
    const anonymous = credentials.createSsl(Buffer.from(material.roots));
    for (const by of [anonymous, new NodeTls(material).client]) {
      using connection = connectCa(cluster.addr, by, { clock: systemClock });
      const order = { csr, token: "", availability: 0 } as const;
      const asked = connection.api.issueNodeCertificate(order, anonymousCall(signal));
      await refused(asked, "invalid", /A valid join token is necessary/);
    }
  });
});
