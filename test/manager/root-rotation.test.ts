import assert from "node:assert/strict";
import { bootstrapCluster } from "../../ca/bootstrap.ts";
import { createCsr } from "../../ca/csr.ts";
import { tlsInfoOf } from "../../ca/identity.ts";
import { openIssuer, signLeaf } from "../../ca/leaf.ts";
import { createRoot } from "../../ca/root.ts";
import { beginRotation } from "../../ca/rotation.ts";
import { silentLog } from "../../lib/log.ts";
import { SeededRandom } from "../../lib/random.ts";
import { runRootRotation } from "../../manager/root-rotation.ts";
import { Store } from "../../manager/store/store.ts";
import { make } from "../../proto/codec.ts";
import { IssuanceState, type Node, type RootCa } from "../../proto/generated.ts";
import { LocalRaft } from "../fakes/local-raft.ts";
import { aNode } from "../fakes/objects.ts";
import { SimClock } from "../fakes/sim-clock.ts";

const EXPIRY_MS = 24 * 3_600_000;

describe("root rotation of a cluster", () => {
  const clock = new SimClock();
  const modules = { clock, random: new SeededRandom("rotation") };
  let store: Store;
  let stop: () => Promise<void>;
  let rootCa: RootCa;

  beforeEach(async () => {
    store = new Store(modules);
    store.attach(new LocalRaft(store));
    const options = { nodeId: "n1", clusterId: "c1", expiryMs: EXPIRY_MS };
    const made = await bootstrapCluster(options, modules);
    rootCa = await beginRotation(made.rootCa, await createRoot(modules), modules);
    const description = make("NodeDescription", { tlsInfo: tlsInfoOf(made.material) });
    const certificate = { ...made.certificate, state: IssuanceState.ISSUED };
    await store.update((tx) => {
      tx.create("cluster", make("Cluster", { id: "c1", rootCa }));
      for (const id of ["n1", "n2"]) tx.create("node", aNode(id, { description, certificate }));
    });
    const abort = new AbortController();
    const run = runRootRotation({ ...modules, store, log: silentLog }, abort.signal);
    stop = () => (abort.abort(), run);
  });
  afterEach(() => stop());

  const node = (id: string): Node => {
    const found = store.view.node.get(id);
    assert(found);
    return found;
  };
  const stateOf = (id: string) => node(id).certificate?.state;
  const isRunning = () => store.view.cluster.get("c1")?.rootCa?.rootRotation !== null;

  /** What the signer does for a node that was told to renew, and later what the node reports. */
  async function renew(id: string): Promise<() => Promise<void>> {
    const { caCert, caKey, crossSignedCaCert } = rootCa.rootRotation ?? make("RootRotation");
    const issuer = { certificate: caCert, key: caKey, intermediates: crossSignedCaCert };
    const { csr } = await createCsr();
    const subject = { nodeId: id, role: "manager", clusterId: "c1" } as const;
    const chain = await signLeaf(csr, subject, await openIssuer(issuer), EXPIRY_MS, modules);
    const certificate = make("Certificate", { certificate: chain, state: IssuanceState.ISSUED });
    await store.update((tx) => tx.update("node", { ...node(id), certificate }));
    const tlsInfo = tlsInfoOf({ certificate: chain, roots: rootCa.caCert, key: "" });
    const description = make("NodeDescription", { tlsInfo });
    return () => store.update((tx) => tx.update("node", { ...node(id), description }));
  }

  it("has each node renew once, and ends when all have reported", async () => {
    await clock.until(() => stateOf("n1") === IssuanceState.ROTATE, 10_000);
    assert.equal(stateOf("n2"), IssuanceState.ROTATE);
    const report = await Promise.all(["n1", "n2"].map((id) => renew(id)));
    await clock.advance(20_000);
    assert.equal(stateOf("n1"), IssuanceState.ISSUED);
    await report[0]?.();
    await clock.advance(20_000);
    assert.equal(isRunning(), true);
    await report[1]?.();
    await clock.until(() => !isRunning(), 10_000);
    const after = store.view.cluster.get("c1")?.rootCa;
    assert.equal(after?.caCert, rootCa.rootRotation?.caCert);
    assert.notEqual(after?.joinTokens?.worker, rootCa.joinTokens?.worker);
  });

  it("ends without a node that was removed", async () => {
    await clock.until(() => stateOf("n1") === IssuanceState.ROTATE, 10_000);
    const report = await renew("n1");
    await report();
    await clock.advance(20_000);
    assert.equal(isRunning(), true);
    await store.update((tx) => tx.remove("node", node("n2")));
    await clock.until(() => !isRunning(), 10_000);
  });
});
