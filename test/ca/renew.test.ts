import assert from "node:assert/strict";
import fc from "fast-check";
import { parseIdentity } from "../../ca/identity.ts";
import { CertificateRenewal, renewalTime } from "../../ca/renew.ts";
import { systemClock, type Clock } from "../../lib/clock.ts";
import { silentLog } from "../../lib/log.ts";
import { SeededRandom, systemRandom } from "../../lib/random.ts";
import { Scope } from "../../lib/scope.ts";
import { NodeRole } from "../../proto/generated.ts";
import type { NodeTls, TlsMaterial } from "../../proto/node-tls.ts";
import { openCaCluster, type CaCluster } from "../fakes/ca-cluster.ts";

const HOUR_MS = 3_600_000;

describe("certificate renewal", () => {
  let cluster: CaCluster;
  let scope: Scope;
  let saved: TlsMaterial[];
  let offsetMs: number;
  /** Wall time can be pushed on; waits are over at once. */
  const clock: Clock = {
    ...systemClock,
    now: () => systemClock.now() + offsetMs,
    after: (_ms, fire) => systemClock.after(1, fire),
  };

  function start(tls: NodeTls, managers: readonly string[]): CertificateRenewal {
    const renewal = new CertificateRenewal({
      tls,
      managers: () => managers,
      save: (material) => {
        saved.push(material);
        return Promise.resolve();
      },
      clock,
      random: systemRandom,
      log: silentLog,
    });
    scope.run((signal) => renewal.run(signal));
    return renewal;
  }

  /** The next certificate that `tls` gets. */
  function next(tls: NodeTls): Promise<TlsMaterial> {
    return new Promise((resolve) => {
      const release = tls.onUpdate((material) => {
        release();
        resolve(material);
      });
    });
  }

  beforeEach(async () => {
    cluster = await openCaCluster();
    scope = new Scope(new AbortController().signal);
    saved = [];
    offsetMs = 0;
  });

  afterEach(async () => {
    await scope.close();
    await cluster[Symbol.asyncDispose]();
  });

  it("is due between half and four fifths of the time since issuance", () => {
    const life = fc.integer({ min: 1000, max: 1e12 });
    fc.assert(
      fc.property(life, fc.integer(), (lifeMs, seed) => {
        const identity = { nodeId: "n", role: "worker", clusterId: "c" } as const;
        const issuedMs = 1.7e12;
        const times = { notBeforeMs: issuedMs - HOUR_MS, notAfterMs: issuedMs + lifeMs };
        const due = renewalTime({ ...identity, ...times }, new SeededRandom(seed)) - issuedMs;
        assert.ok(due >= 0.5 * lifeMs && due <= 0.8 * lifeMs);
      }),
    );
  });

  it("happens when it is due, with a new key, stored before it is used", async () => {
    const { tls } = cluster;
    const old = tls.material;
    const renewed = next(tls);
    start(tls, [cluster.addr]);
    assert.equal(saved.length, 0);
    offsetMs = 20 * HOUR_MS;
    const material = await renewed;
    assert.deepEqual(saved, [material]);
    assert.notEqual(material.key, old.key);
    assert.deepEqual(
      { ...parseIdentity(material.certificate), notBeforeMs: 0, notAfterMs: 0 },
      { nodeId: "m1", role: "manager", clusterId: "cluster1", notBeforeMs: 0, notAfterMs: 0 },
    );
  });

  it("goes on asking until the cluster gives the role that is waited for", async () => {
    const { tls, store } = cluster;
    const renewal = start(tls, [cluster.addr]);
    const renewed = next(tls);
    renewal.renewNow("worker");
    let asked = 0;
    for await (const node of store.watchNodes("m1", scope.signal)) {
      if (node.certificate?.csr && ++asked === 3) break;
    }
    assert.equal(saved.length, 0);
    await store.updateNode("m1", (node) => ({ ...node, role: NodeRole.WORKER }));
    assert.equal(parseIdentity((await renewed).certificate).role, "worker");
  });

  it("tries the next manager when one does not answer, and again when none does", async () => {
    const { tls } = cluster;
    const managers: string[] = ["127.0.0.1:1"];
    const renewal = start(tls, managers);
    const renewed = next(tls);
    renewal.renewNow(null);
    managers.push(cluster.addr);
    assert.equal(parseIdentity((await renewed).certificate).nodeId, "m1");
  });
});
