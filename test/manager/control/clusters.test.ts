import assert from "node:assert/strict";
import { createRoot } from "../../../ca/root.ts";
import { systemClock } from "../../../lib/clock.ts";
import { bootstrapObjects, createObjects } from "../../../manager/control/bootstrap.ts";
import { make, type Fields } from "../../../proto/codec.ts";
import {
  NodeAvailability,
  NodeRole,
  type CaConfig,
  type Cluster,
  type ClusterSpec,
  type KeyRotation,
} from "../../../proto/generated.ts";
import { ControlHarness, refused } from "./harness.ts";

const DIGEST = "1".repeat(50);
const SECRET = "z".repeat(25);

async function open(spec: Fields<ClusterSpec> | null = null): Promise<ControlHarness> {
  const harness = new ControlHarness();
  const rootCa = make("RootCa", {
    caKey: "root key",
    caCert: "root cert",
    caCertHash: DIGEST,
    joinTokens: {
      worker: `SWMTKN-1-${DIGEST}-${SECRET}`,
      manager: `SWMTKN-1-${DIGEST}-${SECRET}`,
    },
  });
  const options = {
    clusterId: "c1",
    spec: spec && make("ClusterSpec", spec),
    rootCa,
    defaultAddressPool: [],
    subnetSize: 0,
    vxlanUdpPort: 0,
    node: {
      id: "m1",
      certificate: make("Certificate"),
      availability: NodeAvailability.ACTIVE,
      addr: "10.1.1.1",
    },
  };
  await harness.store.update((tx) => createObjects(tx, bootstrapObjects(options, harness.random)));
  return harness;
}

describe("control: cluster", () => {
  const get = async (harness: ControlHarness): Promise<Cluster> => {
    const { cluster } = await harness.api.getCluster(make("GetClusterRequest"), harness.call);
    assert(cluster);
    return cluster;
  };
  const update = async (
    harness: ControlHarness,
    fields: Fields<ClusterSpec>,
    rotation: Fields<KeyRotation> = {},
  ): Promise<Cluster> => {
    const { meta, spec } = await get(harness);
    const request = make("UpdateClusterRequest", {
      version: meta?.version ?? null,
      spec: make("ClusterSpec", { ...spec, ...fields }),
      rotation: make("KeyRotation", rotation),
    });
    const { cluster } = await harness.api.updateCluster(request, harness.call);
    assert(cluster);
    return cluster;
  };

  describe("of a new swarm", () => {
    it("has Docker's defaults", async () => {
      const { spec, vxlanUdpPort, subnetSize } = await get(await open());
      assert.equal(spec?.annotations?.name, "default");
      assert.equal(spec.orchestration?.taskHistoryRetentionLimit, 5);
      assert.equal(spec.raft?.snapshotInterval, 10_000);
      assert.equal(spec.raft.electionTick, 10);
      assert.equal(spec.dispatcher?.heartbeatPeriodNs, 5e9);
      assert.equal(spec.ca?.nodeCertExpiryNs, 7_776_000_000_000_000);
      assert.deepEqual([vxlanUdpPort, subnetSize], [4789, 24]);
    });

    it("takes what the user gave over them, and zeros for nothing given", async () => {
      const harness = await open({
        raft: make("RaftConfig", { snapshotInterval: 500 }),
        dispatcher: make("DispatcherConfig"),
      });
      const { spec } = await get(harness);
      assert.equal(spec?.raft?.snapshotInterval, 500);
      assert.equal(spec.raft.heartbeatTick, 1);
      assert.equal(spec.dispatcher?.heartbeatPeriodNs, 5e9);
    });

    it("has its first manager, the ingress network and the predefined ones", async () => {
      const { store } = await open();
      const node = store.view.node.get("m1");
      assert.equal(node?.role, NodeRole.MANAGER);
      assert.equal(node.spec?.desiredRole, NodeRole.MANAGER);
      const names = [...store.view.network.all()].map((n) => n.spec?.annotations?.name);
      assert.deepEqual(names, ["ingress", "host", "bridge"]);
    });

    it("has an unlock key when it is locked from the start", async () => {
      const encryption = make("EncryptionConfig", { autoLockManagers: true });
      const harness = await open({ encryption });
      assert.equal(harness.stored("cluster", "c1").unlockKey.length, 32);
    });
  });

  it("never shows a private key, but shows the join tokens", async () => {
    const encryption = make("EncryptionConfig", { autoLockManagers: true });
    const harness = await open({ encryption });
    await harness.store.update((tx) => {
      const stored = harness.stored("cluster", "c1");
      tx.update("cluster", {
        ...stored,
        rootCa: stored.rootCa && {
          ...stored.rootCa,
          rootRotation: make("RootRotation", { caCert: "next cert", caKey: "next key" }),
        },
        networkBootstrapKeys: [make("EncryptionKey", { key: Buffer.from("gossip") })],
      });
    });
    for (const shown of [await get(harness), await update(harness, {})]) {
      assert.equal(shown.rootCa?.caKey, "");
      assert.equal(shown.rootCa.rootRotation?.caKey, "");
      assert.equal(shown.rootCa.rootRotation?.caCert, "next cert");
      assert.equal(shown.unlockKey.length, 0);
      assert.deepEqual(shown.networkBootstrapKeys, []);
      assert.match(shown.rootCa.joinTokens?.worker ?? "", /^SWMTKN-1-/);
    }
    assert.equal(harness.stored("cluster", "c1").rootCa?.caKey, "root key");
  });

  it("rotates the secret of the join token that is named, and nothing else of it", async () => {
    const harness = await open();
    const before = (await get(harness)).rootCa?.joinTokens;
    const after = (await update(harness, {}, { workerJoinToken: true })).rootCa?.joinTokens;
    assert.match(after?.worker ?? "", new RegExp(`^SWMTKN-1-${DIGEST}-[0-9a-z]{25}$`));
    assert.notEqual(after?.worker, before?.worker);
    assert.equal(after?.manager, before?.manager);
  });

  it("makes an unlock key with autolock, keeps it, rotates it when asked, then drops it", async () => {
    const harness = await open();
    const key = async (): Promise<string> => {
      const request = make("ReadUnlockKeyRequest");
      const { unlockKey } = await harness.api.readUnlockKey(request, harness.call);
      return Buffer.from(unlockKey).toString("hex");
    };
    const locked = { encryption: make("EncryptionConfig", { autoLockManagers: true }) };
    assert.equal(await key(), "");
    await update(harness, locked);
    const first = await key();
    assert.equal(first.length, 64);
    await update(harness, locked);
    assert.equal(await key(), first);
    await update(harness, locked, { managerUnlockKey: true });
    assert.notEqual(await key(), first);
    await update(harness, { encryption: make("EncryptionConfig") });
    assert.equal(await key(), "");
  });

  it("refuses settings that cannot work", async () => {
    const harness = await open();
    const ca = (fields: Fields<CaConfig>) => ({ ca: make("CaConfig", fields) });
    const annotations = make("Annotations", { name: "mine" });
    const cases: [Fields<ClusterSpec>, string][] = [
      [{ annotations }, 'swarm spec must be named "default"'],
      [ca({ nodeCertExpiryNs: 60e9 }), "minimum certificate expiry time is: 1h0m0s"],
      [
        { dispatcher: make("DispatcherConfig", { heartbeatPeriodNs: -1 }) },
        "heartbeat time period cannot be a negative duration",
      ],
      [
        { raft: make("RaftConfig", { heartbeatTick: 3, electionTick: 3 }) },
        "the election tick must be greater than the heartbeat tick",
      ],
    ];
    for (const [fields, text] of cases) await refused(update(harness, fields), "invalid", text);
  });

  it("is changed from the version that was read only", async () => {
    const harness = await open();
    const { meta, spec } = await get(harness);
    const version = meta?.version ?? null;
    const request = make("UpdateClusterRequest", { version, spec });
    await harness.api.updateCluster(request, harness.call);
    await refused(
      harness.api.updateCluster(request, harness.call),
      "out-of-sequence",
      "update out of sequence",
    );
  });

  describe("root rotation", () => {
    let harness: ControlHarness;
    let ca: CaConfig;
    beforeEach(async () => {
      harness = await open();
      const root = await createRoot({ clock: systemClock, random: harness.random });
      await harness.store.update((tx) => {
        const stored = harness.stored("cluster", "c1");
        const rootCa = stored.rootCa && {
          ...stored.rootCa,
          caCert: root.certificate,
          caKey: root.key,
        };
        tx.update("cluster", { ...stored, rootCa });
      });
      ca = make("CaConfig", { ...(await get(harness)).spec?.ca });
    });
    const rotation = () => harness.stored("cluster", "c1").rootCa?.rootRotation;

    it("begins when it is forced, once for each time", async () => {
      await update(harness, {});
      assert.equal(rotation(), null);
      await update(harness, { ca: { ...ca, forceRotate: 1 } });
      const first = rotation();
      assert.match(first?.caCert ?? "", /BEGIN CERTIFICATE/);
      assert.match(first?.crossSignedCaCert ?? "", /BEGIN CERTIFICATE/);
      await update(harness, {});
      assert.deepEqual(rotation(), first);
      assert.equal(harness.stored("cluster", "c1").rootCa?.lastForcedRotation, 1);
    });

    it("goes to the root that is brought along, whose key is kept in one place", async () => {
      const next = await createRoot({ clock: systemClock, random: harness.random });
      const brought = { signingCaCert: next.certificate, signingCaKey: next.key };
      await update(harness, { ca: { ...ca, ...brought } });
      assert.equal(rotation()?.caKey, next.key);
      const { spec } = harness.stored("cluster", "c1");
      assert.deepEqual([spec?.ca?.signingCaCert, spec?.ca?.signingCaKey], ["", ""]);
    });

    it("is called off by asking for the present root", async () => {
      await update(harness, { ca: { ...ca, forceRotate: 1 } });
      const { caCert = "", caKey = "" } = harness.stored("cluster", "c1").rootCa ?? {};
      const present = { signingCaCert: caCert, signingCaKey: caKey, forceRotate: 1 };
      await update(harness, { ca: { ...ca, ...present } });
      assert.equal(rotation(), null);
    });

    it("refuses a root without its key, and authorities elsewhere", async () => {
      const { certificate } = await createRoot({ clock: systemClock, random: harness.random });
      await refused(
        update(harness, { ca: { ...ca, signingCaCert: certificate } }),
        "invalid",
        "a signing CA certificate needs its key",
      );
      const externalCas = [make("ExternalCa", { url: "https://ca.example" })];
      await refused(
        update(harness, { ca: { ...ca, externalCas } }),
        "unimplemented",
        "external certificate authorities are not supported",
      );
    });
  });
});
