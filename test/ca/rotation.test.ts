import assert from "node:assert/strict";
import { parseIdentity, tlsInfoOf } from "../../ca/identity.ts";
import { CertificateRenewal } from "../../ca/renew.ts";
import { anonymousCall, connectCa } from "../../ca/request.ts";
import { createRoot } from "../../ca/root.ts";
import { beginRotation, finishRotation, markForRotation, planRotation } from "../../ca/rotation.ts";
import { digestOfToken, isPinned } from "../../ca/tokens.ts";
import { systemClock } from "../../lib/clock.ts";
import { isSwarmError } from "../../lib/errors.ts";
import { silentLog } from "../../lib/log.ts";
import { systemRandom } from "../../lib/random.ts";
import { Scope } from "../../lib/scope.ts";
import { make } from "../../proto/codec.ts";
import { IssuanceState, NodeState, type Node, type RootCa } from "../../proto/generated.ts";
import { NodeTls, type TlsMaterial } from "../../proto/node-tls.ts";
import { openCaCluster, type CaCluster } from "../fakes/ca-cluster.ts";
import { createTestCa } from "../fakes/certificates.ts";

const MODULES = { clock: systemClock, random: systemRandom };

function rootCaOf(cluster: CaCluster): RootCa {
  const rootCa = cluster.store.cluster()?.rootCa;
  assert.ok(rootCa);
  return rootCa;
}

function withRootCa(cluster: CaCluster, rootCa: RootCa): void {
  const before = cluster.store.cluster();
  assert.ok(before);
  cluster.store.setCluster({ ...before, rootCa });
}

/** A node that reports the certificate it holds. */
function reporting(node: Node, material: TlsMaterial): Node {
  return { ...node, description: make("NodeDescription", { tlsInfo: tlsInfoOf(material) }) };
}

describe("root rotation", () => {
  let cluster: CaCluster;
  let scope: Scope;

  /** Has a node's certificate renewed by the cluster, once. */
  async function renew(tls: NodeTls): Promise<TlsMaterial> {
    const renewal = new CertificateRenewal({
      ...MODULES,
      tls,
      managers: () => [cluster.addr],
      save: () => Promise.resolve(),
      log: silentLog,
    });
    const done = new Promise<TlsMaterial>((resolve) => {
      const release = tls.onUpdate((material) => {
        release();
        resolve(material);
      });
    });
    scope.run((signal) => renewal.run(signal));
    renewal.renewNow(null);
    return done;
  }

  async function reach(by: TlsMaterial): Promise<void> {
    using connection = connectCa(cluster.addr, new NodeTls(by).client, MODULES);
    await connection.api.getUnlockKey({}, anonymousCall(scope.signal));
  }

  beforeEach(async () => {
    cluster = await openCaCluster();
    scope = new Scope(new AbortController().signal);
  });

  afterEach(async () => {
    await scope.close();
    await cluster[Symbol.asyncDispose]();
  });

  it("moves a cluster to another root while old and new certificates trust each other", async () => {
    const { tls, store } = cluster;
    const before = tls.material;
    const next = await createRoot(MODULES);
    withRootCa(cluster, await beginRotation(rootCaOf(cluster), next, MODULES));
    store.set(reporting(store.nodes.get("m1") ?? make("Node"), before));

    const nodes = (): Node[] => [...store.nodes.values()];
    assert.deepEqual(planRotation(rootCaOf(cluster), nodes()), {
      mark: ["m1"],
      waitingFor: ["m1"],
    });
    await store.updateNode("m1", markForRotation);
    assert.equal(store.node("m1")?.certificate?.state, IssuanceState.ROTATE);
    assert.deepEqual(planRotation(rootCaOf(cluster), nodes()).mark, []);

    const renewed = await renew(tls);
    assert.equal(renewed.roots, before.roots);
    await reach(before);
    await reach(renewed);
    store.set(reporting(store.nodes.get("m1") ?? make("Node"), renewed));
    assert.deepEqual(planRotation(rootCaOf(cluster), nodes()), { mark: [], waitingFor: [] });

    withRootCa(cluster, finishRotation(rootCaOf(cluster), MODULES));
    const { caCert, joinTokens, rootRotation } = rootCaOf(cluster);
    assert.equal(caCert, next.certificate);
    assert.equal(rootRotation, null);
    assert.ok(joinTokens && isPinned(caCert, digestOfToken(joinTokens.worker)));
    tls.update({ ...renewed, roots: caCert });
    await reach({ ...renewed, roots: caCert });
    await assert.rejects(reach(before));

    const last = await renew(tls);
    assert.equal(last.roots, caCert);
    assert.equal(parseIdentity(last.certificate).nodeId, "m1");
    await reach(last);
  });

  it("ends on a node with the new roots in place of the old, and the certificate it had", async () => {
    const { tls } = cluster;
    const before = tls.material;
    const next = await createRoot(MODULES);
    withRootCa(cluster, await beginRotation(rootCaOf(cluster), next, MODULES));
    const saved: TlsMaterial[] = [];
    const renewal = new CertificateRenewal({
      ...MODULES,
      tls,
      managers: () => [cluster.addr],
      save: (material) => Promise.resolve(void saved.push(material)),
      log: silentLog,
    });
    const updated = () =>
      new Promise<TlsMaterial>((resolve) => {
        const release = tls.onUpdate((material) => {
          release();
          resolve(material);
        });
      });
    scope.run((signal) => renewal.run(signal));
    // Told too early, its certificate being of the old root, it gets another one first.
    const first = updated();
    renewal.trust(next.certificate);
    const renewed = await first;
    assert.equal(renewed.roots, before.roots);
    assert.notEqual(renewed.certificate, before.certificate);
    const second = updated();
    renewal.trust(next.certificate);
    assert.deepEqual(await second, { ...renewed, roots: next.certificate });
    assert.deepEqual(saved.at(-1), { ...renewed, roots: next.certificate });
  });

  it("marks ready nodes first, thirty at a time, and leaves those that renew already", async () => {
    const next = await createRoot(MODULES);
    const rootCa = await beginRotation(rootCaOf(cluster), next, MODULES);
    const node = (i: number, state: NodeState, issuance: IssuanceState): Node =>
      make("Node", {
        id: `n${i}`,
        status: make("NodeStatus", { state }),
        certificate: make("Certificate", { state: issuance }),
      });
    const nodes = [
      ...Array.from({ length: 10 }, (_, i) => node(i, NodeState.DOWN, IssuanceState.ISSUED)),
      ...Array.from({ length: 25 }, (_, i) => node(10 + i, NodeState.READY, IssuanceState.ISSUED)),
      node(35, NodeState.READY, IssuanceState.RENEW),
    ];
    const { mark, waitingFor } = planRotation(rootCa, nodes);
    assert.equal(mark.length, 30);
    assert.deepEqual(
      mark.slice(0, 25),
      nodes.slice(10, 35).map(({ id }) => id),
    );
    assert.equal(waitingFor.length, 36);
  });

  it("refuses a root that is short-lived, keyless or has the present key", async () => {
    const rootCa = rootCaOf(cluster);
    const nineteenYearsAgo = systemClock.now() - 19.5 * 31_536_000_000;
    const old = await createTestCa("c", { ...systemClock, now: () => nineteenYearsAgo });
    const good = await createRoot(MODULES);
    const stranger = await createRoot(MODULES);
    for (const bad of [old.root, { ...good, key: stranger.key }, { ...good, certificate: "" }]) {
      const begun = beginRotation(rootCa, bad, MODULES);
      await assert.rejects(begun, (error) => isSwarmError(error, "invalid"));
    }
    const keyless = beginRotation({ ...rootCa, caKey: "" }, good, MODULES);
    await assert.rejects(keyless, (error) => isSwarmError(error, "failed-precondition"));
  });

  it("is cancelled by asking for the present root", async () => {
    const rootCa = rootCaOf(cluster);
    const begun = await beginRotation(rootCa, await createRoot(MODULES), MODULES);
    assert.notEqual(begun.rootRotation, null);
    const present = { certificate: rootCa.caCert, key: rootCa.caKey };
    assert.deepEqual(await beginRotation(begun, present, MODULES), rootCa);
    assert.deepEqual(planRotation(rootCa, [...cluster.store.nodes.values()]).waitingFor, []);
    assert.deepEqual(finishRotation(rootCa, MODULES), rootCa);
  });
});
