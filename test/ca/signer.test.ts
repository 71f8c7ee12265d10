import assert from "node:assert/strict";
import { bootstrapCluster } from "../../ca/bootstrap.ts";
import { createCsr } from "../../ca/csr.ts";
import { parseIdentity, tlsInfoOf, issuerInfoOf } from "../../ca/identity.ts";
import { parseRoots } from "../../ca/root.ts";
import { runSigner } from "../../ca/signer.ts";
import { systemClock, type Clock } from "../../lib/clock.ts";
import { SwarmError } from "../../lib/errors.ts";
import { silentLog } from "../../lib/log.ts";
import { systemRandom } from "../../lib/random.ts";
import { Scope } from "../../lib/scope.ts";
import { make } from "../../proto/codec.ts";
import {
  IssuanceState,
  NodeMembership,
  NodeRole,
  type Certificate,
  type Node,
} from "../../proto/generated.ts";
import { MemoryCaStore } from "../fakes/memory-ca-store.ts";

const HOUR_MS = 3_600_000;

/** A store whose next writes fail, each with what is in `failures`. */
class FailingCaStore extends MemoryCaStore {
  readonly failures: SwarmError[] = [];

  override updateNode(id: string, change: (node: Node) => Node): Promise<void> {
    const failure = this.failures.shift();
    return failure ? Promise.reject(failure) : super.updateNode(id, change);
  }
}

describe("signer", () => {
  let store: FailingCaStore;
  let scope: Scope;
  let key: string;
  let waiting: () => void;
  /** Waits are over at once; `waiting` is told of each. */
  const clock: Clock = {
    ...systemClock,
    after(_ms, fire) {
      waiting();
      return systemClock.after(1, fire);
    },
  };

  function start(): void {
    const modules = { store, clock, random: systemRandom, log: silentLog };
    scope.run((signal) => runSigner(modules, signal));
  }

  async function request(id: string, fields: Partial<Node> = {}): Promise<Node> {
    const { csr } = await createCsr();
    return make("Node", {
      id,
      role: NodeRole.WORKER,
      spec: make("NodeSpec", { membership: NodeMembership.ACCEPTED }),
      certificate: make("Certificate", { csr, state: IssuanceState.PENDING }),
      ...fields,
    });
  }

  /** The node's certificate once it is in one of `states`. */
  async function settled(id: string, ...states: IssuanceState[]): Promise<Certificate> {
    for await (const { certificate } of store.watchNodes(id, scope.signal)) {
      if (certificate && states.includes(certificate.state)) return certificate;
    }
    throw new Error("unreachable: the watch ends by throwing");
  }

  beforeEach(async () => {
    waiting = () => {};
    const options = { nodeId: "m1", clusterId: "cluster1", expiryMs: HOUR_MS };
    const { rootCa } = await bootstrapCluster(options, { clock, random: systemRandom });
    key = rootCa.caKey;
    const ca = make("CaConfig", { nodeCertExpiryNs: 2 * HOUR_MS * 1e6 });
    const spec = make("ClusterSpec", { ca });
    store = new FailingCaStore(make("Cluster", { id: "cluster1", spec, rootCa }));
    scope = new Scope(new AbortController().signal);
  });

  afterEach(() => scope.close());

  it("answers what waited before it started and what comes after", async () => {
    store.set(await request("early"));
    start();
    const { certificate, cn, role } = await settled("early", IssuanceState.ISSUED);
    assert.equal(cn, "early");
    assert.equal(role, NodeRole.WORKER);
    const { notAfterMs, ...identity } = parseIdentity(certificate);
    assert.equal(identity.clusterId, "cluster1");
    assert.ok(Math.abs(notAfterMs - systemClock.now() - 2 * HOUR_MS) < 60_000);
    for (let i = 0; i < 100; i++) store.set(await request(`n${i}`));
    for (let i = 0; i < 100; i++) await settled(`n${i}`, IssuanceState.ISSUED);
  });

  it("certifies the role that is stored, not the one that was asked for", async () => {
    const { certificate } = await request("n1");
    const asked = make("Certificate", {
      ...certificate,
      role: NodeRole.MANAGER,
      state: IssuanceState.RENEW,
    });
    store.set(await request("n1", { certificate: asked, role: NodeRole.WORKER }));
    start();
    const issued = await settled("n1", IssuanceState.ISSUED);
    assert.equal(parseIdentity(issued.certificate).role, "worker");
    assert.equal(issued.role, NodeRole.WORKER);
  });

  it("answers the latest of several requests", async () => {
    start();
    const requests = await Promise.all([1, 2, 3].map(() => request("n1")));
    for (const node of requests) store.set(node);
    const csr = requests.at(-1)?.certificate?.csr;
    for await (const { certificate } of store.watchNodes("n1", scope.signal)) {
      if (certificate?.state !== IssuanceState.ISSUED) continue;
      assert.equal(certificate.csr, csr);
      break;
    }
  });

  it("leaves nodes alone that are not accepted, or have what they asked for", async () => {
    const spec = make("NodeSpec", { membership: NodeMembership.PENDING });
    const pending = await request("pending", { spec });
    const failed = await request("failed", {
      certificate: make("Certificate", { state: IssuanceState.FAILED, csr: "x" }),
    });
    for (const node of [pending, failed]) store.set(node);
    start();
    store.set(await request("last"));
    await settled("last", IssuanceState.ISSUED);
    assert.deepEqual([store.node("pending"), store.node("failed")], [pending, failed]);
  });

  it("ends a request that can never be answered with its reason", async () => {
    start();
    const certificate = make("Certificate", { csr: "bad", state: IssuanceState.PENDING });
    store.set(await request("n1", { certificate }));
    const { err } = await settled("n1", IssuanceState.FAILED);
    assert.match(err, /the CSR is unusable/);
  });

  it("tries again after the store failed, and when the CA's key comes back", async () => {
    store.failures.push(new SwarmError("aborted", "no quorum"), new SwarmError("not-leader", "x"));
    const cluster = store.cluster();
    assert.ok(cluster?.rootCa);
    store.setCluster({ ...cluster, rootCa: { ...cluster.rootCa, caKey: "" } });
    start();
    store.set(await request("n1"));
    await new Promise<void>((resolve) => (waiting = resolve));
    assert.equal(store.node("n1")?.certificate?.state, IssuanceState.PENDING);
    store.setCluster({ ...cluster, rootCa: { ...cluster.rootCa, caKey: key } });
    await settled("n1", IssuanceState.ISSUED);
    assert.equal(store.failures.length, 0);
  });

  it("ends with an error of the store that is not a matter of time", async () => {
    store.failures.push(new SwarmError("internal", "damaged"));
    start();
    store.set(await request("n1"));
    await assert.rejects(scope.join(), /damaged/);
    scope = new Scope(new AbortController().signal);
  });

  it("does without a node that was removed meanwhile", async () => {
    start();
    store.failures.push(new SwarmError("not-found", "node n1 not found"));
    const gone = await request("n1");
    store.set(gone);
    store.nodes.delete("n1");
    store.set(await request("n2"));
    await settled("n2", IssuanceState.ISSUED);
    assert.equal(store.node("n1"), null);
  });
});

describe("a new cluster", () => {
  it("starts with a root, two tokens and a manager that the root certifies", async () => {
    const options = { nodeId: "m1", clusterId: "c1", expiryMs: HOUR_MS };
    const modules = { clock: systemClock, random: systemRandom };
    const { material, rootCa, certificate } = await bootstrapCluster(options, modules);
    assert.match(rootCa.caCertHash, /^sha256:[0-9a-f]{64}$/);
    assert.notEqual(rootCa.joinTokens?.manager, rootCa.joinTokens?.worker);
    assert.equal(certificate.certificate, material.certificate);
    assert.equal(certificate.state, IssuanceState.ISSUED);
    const { notBeforeMs: _from, notAfterMs: _to, ...who } = parseIdentity(material.certificate);
    assert.deepEqual(who, { nodeId: "m1", role: "manager", clusterId: "c1" });
    const [root] = parseRoots(rootCa.caCert);
    assert.ok(root);
    assert.deepEqual(tlsInfoOf(material), { trustRoot: rootCa.caCert, ...issuerInfoOf(root) });
  });

  it("takes a root that the user brings", async () => {
    const modules = { clock: systemClock, random: systemRandom };
    const options = { nodeId: "m1", clusterId: "c1", expiryMs: HOUR_MS };
    const { rootCa } = await bootstrapCluster(options, modules);
    const root = { certificate: rootCa.caCert, key: rootCa.caKey };
    const again = await bootstrapCluster({ ...options, root }, modules);
    assert.equal(again.rootCa.caCert, root.certificate);
    assert.notDeepEqual(again.rootCa.joinTokens, rootCa.joinTokens);
  });
});
