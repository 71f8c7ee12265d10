import assert from "node:assert/strict";
import { CaServer } from "../../ca/server.ts";
import { systemClock, type Clock } from "../../lib/clock.ts";
import { isSwarmError } from "../../lib/errors.ts";
import type { Call } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import { IssuanceState, type Certificate, type Node } from "../../proto/generated.ts";
import { MemoryCaStore } from "../fakes/memory-ca-store.ts";

const STRANGER = { nodeId: "", role: "none", clusterId: "", addr: "" } as const;

describe("CA server", () => {
  let store: MemoryCaStore;
  let server: CaServer;
  let controller: AbortController;
  let call: Call;
  let timers: (() => void)[];
  /** Time passes when a test says so. */
  const clock: Clock = {
    ...systemClock,
    after(_ms, fire) {
      timers.push(fire);
      return () => {};
    },
  };

  function node(fields: Partial<Certificate>): Node {
    return make("Node", { id: "n1", certificate: make("Certificate", { cn: "n1", ...fields }) });
  }

  async function status(by = call): Promise<Certificate | null> {
    return (await server.nodeCertificateStatus({ nodeId: "n1" }, by)).certificate;
  }

  beforeEach(() => {
    timers = [];
    const rootCa = make("RootCa", { caCert: "the root" });
    const unlockKey = Uint8Array.of(1, 2, 3);
    store = new MemoryCaStore(make("Cluster", { id: "cluster1", rootCa, unlockKey }));
    server = new CaServer({ store, clock });
    controller = new AbortController();
    call = { signal: controller.signal, caller: STRANGER };
  });

  it("answers a status call as soon as the signer has", async () => {
    store.set(node({ state: IssuanceState.PENDING }));
    const waiting = server.nodeCertificateStatus({ nodeId: "n1" }, call);
    const issued = node({ state: IssuanceState.ISSUED, certificate: "PEM" });
    store.set(issued);
    assert.deepEqual(await waiting, { certificate: issued.certificate, rootCa: "the root" });
  });

  it("says how things stand when the signer takes long", async () => {
    store.set(node({ state: IssuanceState.RENEW }));
    const waiting = status();
    timers[0]?.();
    assert.equal((await waiting)?.state, IssuanceState.RENEW);
  });

  it("ends with the caller's reason when the caller goes away", async () => {
    store.set(node({ state: IssuanceState.PENDING }));
    const waiting = status();
    controller.abort(new Error("hung up"));
    await assert.rejects(waiting, /hung up/);
  });

  it("lets only so many wait", async () => {
    store.set(node({ state: IssuanceState.PENDING }));
    const another = (): Call => ({ ...call, signal: new AbortController().signal });
    const waiting = Array.from({ length: 4_096 }, () => status(another()));
    assert.equal((await status())?.state, IssuanceState.PENDING);
    for (const fire of timers) fire();
    assert.equal((await Promise.all(waiting)).length, 4_096);
  });

  it("does not know a node that does not exist", async () => {
    await assert.rejects(status(), (error) => isSwarmError(error, "not-found"));
  });

  it("gives managers the key that unlocks them", async () => {
    assert.deepEqual((await server.getUnlockKey({}, call)).unlockKey, Uint8Array.of(1, 2, 3));
  });

  it("asks for patience while there is no cluster yet", async () => {
    server = new CaServer({ store: new MemoryCaStore(null), clock });
    const order = { csr: "", token: "", availability: 0 } as const;
    const calls = [
      server.getRootCaCertificate({}, call),
      server.issueNodeCertificate(order, call),
      server.getUnlockKey({}, call),
    ];
    for (const made of calls) {
      await assert.rejects(made, (error) => isSwarmError(error, "unavailable"));
    }
  });
});
