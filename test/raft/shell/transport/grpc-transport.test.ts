import assert from "node:assert/strict";
import { systemClock, type Clock } from "../../../../lib/clock.ts";
import { silentLog } from "../../../../lib/log.ts";
import { systemRandom } from "../../../../lib/random.ts";
import { newMessage } from "../../../../raft/core/message.ts";
import type { Message } from "../../../../raft/core/message.ts";
import { NO_MEMBERSHIP, type MemberRecord } from "../../../../raft/shell/membership.ts";
import { GrpcTransport } from "../../../../raft/shell/transport/grpc-transport.ts";
import { SNAPSHOT_BYTES_PER_SECOND } from "../../../../raft/shell/transport/pace.ts";
import type { SnapshotSource } from "../../../../raft/shell/transport/transport.ts";
import { createTestCa, type TestCa, type TestLeafOptions } from "../../../fakes/certificates.ts";
import { eventually } from "../../../fakes/eventually.ts";
import { SimClock } from "../../../fakes/sim-clock.ts";
import { RecordedEvents } from "../../../fakes/raft-transport-events.ts";

const modules = { clock: systemClock, random: systemRandom, log: silentLog };
const CLUSTER = "c1";

interface End {
  readonly transport: GrpcTransport;
  readonly events: RecordedEvents;
  readonly record: MemberRecord;
}

describe("GrpcTransport", () => {
  let ca: TestCa;
  let ends: End[];
  before(async () => {
    ca = await createTestCa(CLUSTER);
  });
  beforeEach(() => {
    ends = [];
  });
  afterEach(() => Promise.all(ends.map(({ transport }) => transport.close())));

  /** An end for member `id` on node `n<id>`, unless its certificate says otherwise. */
  async function open(
    id: number,
    {
      boot = 1,
      leaf = {},
      authority = ca,
      clock = systemClock,
    }: { boot?: number; leaf?: TestLeafOptions; authority?: TestCa; clock?: Clock } = {},
  ): Promise<End> {
    const nodeId = `n${id}`;
    const tls = await authority.issue({ nodeId, ...leaf });
    const addr = "127.0.0.1:0";
    const options = { clusterId: CLUSTER, listenAddr: addr, advertiseAddr: addr, tls };
    const transport = await GrpcTransport.open(options, { ...modules, clock });
    const events = new RecordedEvents();
    transport.identify({ id, boot, controlAddr: `${nodeId}:1`, lastIndex: () => 10 });
    transport.start(events);
    const record = { id, nodeId, addr: transport.addr, controlAddr: `${nodeId}:1` };
    const end = { transport, events, record };
    ends.push(end);
    return end;
  }

  function heartbeat(from: number, to: number, commit = 0): Message {
    return Object.assign(newMessage("MsgHeartbeat", from, to, 1), { commit });
  }

  function attempts(ms: number): Promise<unknown> {
    const until = systemClock.monotonic() + ms;
    return eventually("some attempts were made", () => systemClock.monotonic() > until);
  }

  /** Resolves when `a` could not reach `b` though it has tried for a while. */
  async function staysClosed(a: End, b: End): Promise<void> {
    a.transport.setPeers([b.record]);
    await attempts(300);
    assert.equal(a.transport.isReachable(b.record.id), false);
    assert.deepEqual(b.events.hellos, []);
  }

  it("carries messages both ways and introduces the sender", async () => {
    const [a, b] = [await open(1), await open(2)];
    a.transport.setPeers([b.record]);
    b.transport.setPeers([a.record]);
    await eventually("both are open", () => a.events.reachable.has(2) && b.events.reachable.has(1));
    const entry = { term: 1, index: 1, type: "normal", data: new Uint8Array(300_000) } as const;
    const append = Object.assign(newMessage("MsgApp", 1, 2, 1), {
      entries: Array.from({ length: 8 }, (_, i) => ({ ...entry, index: i + 1 })),
    });
    const sent = [heartbeat(1, 2, 7), append, heartbeat(1, 2, 8)];
    a.transport.send(2, sent);
    await eventually("all three arrived", () => b.events.messages.length === 3);
    assert.deepEqual(
      b.events.messages.find(({ type }) => type === "MsgApp"),
      append,
    );
    b.transport.send(1, [heartbeat(2, 1)]);
    await eventually("the answer arrived", () => a.events.messages.length);
    assert.deepEqual(b.events.hellos[0], a.record);
  });

  it("does not believe messages that name another sender", async () => {
    const [a, b] = [await open(1), await open(2)];
    a.transport.setPeers([b.record]);
    await eventually("it is open", () => a.events.reachable.has(2));
    a.transport.send(2, [heartbeat(3, 2), heartbeat(1, 2, 5)]);
    await eventually("the honest one arrived", () => b.events.messages.length);
    assert.deepEqual(
      b.events.messages.map(({ from }) => from),
      [1],
    );
  });

  for (const [what, leaf] of [
    ["a worker", { role: "worker" }],
    ["a manager of another cluster", { clusterId: "c2" }],
  ] as const)
    it(`lets neither end speak to ${what}`, async () => {
      const [honest, other] = [await open(1), await open(2, { leaf })];
      await staysClosed(other, honest);
      await staysClosed(honest, other);
    });

  it("lets neither end speak to one certified by another root", async () => {
    const authority = await createTestCa(CLUSTER);
    const [honest, other] = [await open(1), await open(2, { authority })];
    await staysClosed(other, honest);
    await staysClosed(honest, other);
  });

  it("does not take one node for another", async () => {
    const [a, b] = [await open(1), await open(2, { leaf: { nodeId: "impostor" } })];
    // It dials n2 and finds the impostor; and the impostor may not speak as member 2.
    await staysClosed(a, b);
    a.events.nodes.set(2, "n2");
    await staysClosed(b, a);
  });

  it("refuses a life of a member that is older than one it has seen", async () => {
    const [b, newer] = [await open(2), await open(1, { boot: 5 })];
    newer.transport.setPeers([b.record]);
    await eventually("it is open", () => newer.events.reachable.has(2));
    b.events.hellos.length = 0;
    await staysClosed(await open(1, { boot: 4 }), b);
  });

  it("refuses a member that has lost what it had acknowledged", async () => {
    const [a, b] = [await open(1), await open(2)];
    b.events.acknowledged.set(1, 11);
    await staysClosed(a, b);
    b.events.acknowledged.set(1, 10);
    await eventually("it is open", () => a.events.reachable.has(2));
  });

  it("tells a member that was taken out, at once and when it comes back", async () => {
    const [a, b] = [await open(1), await open(2)];
    a.transport.setPeers([b.record]);
    await eventually("it is open", () => a.events.reachable.has(2));
    b.events.removedMembers.add(1);
    b.transport.tellRemoved(a.record);
    await eventually("it knows", () => a.events.removedHere);
    const again = await open(1, { boot: 2 });
    again.transport.setPeers([b.record]);
    await eventually("it is told again", () => again.events.removedHere);
  });

  it("notices that a peer is gone, and reaches it again at its new address", async () => {
    const [a, b] = [await open(1), await open(2)];
    a.transport.setPeers([b.record]);
    await eventually("it is open", () => a.events.reachable.has(2));
    b.transport.setPeers([a.record]);
    await eventually("it is open both ways", () => b.events.reachable.has(1));
    await b.transport.close();
    await eventually("it is closed", () => !a.events.reachable.has(2));
    // Once because its own stream ended, once for the pair of the other's.
    await eventually("it is news", () => a.events.resets.length >= 2);
    assert.deepEqual(new Set(a.events.resets), new Set([2]));
    const again = await open(2, { boot: 2 });
    a.transport.setPeers([again.record]);
    await eventually("it is open again", () => a.events.reachable.has(2));
  });

  it("uses a new certificate for new connections, both ways, and keeps the old ones", async () => {
    const [a, b] = [await open(1), await open(2)];
    a.transport.setPeers([b.record]);
    await eventually("it is open", () => a.events.reachable.has(2));
    const next = await createTestCa(CLUSTER);
    const both = `${ca.root.certificate}\n${next.root.certificate}`;
    b.transport.updateTls({ ...(await next.issue({ nodeId: "n2" })), roots: both });
    assert.ok(a.events.reachable.has(2), "what was open stays open");
    a.transport.send(2, [heartbeat(1, 2)]);
    await eventually("it still carries messages", () => b.events.messages.length);
    // One that trusts the new root only and is certified by it gets in, and the server too.
    const c = await open(3, { authority: next });
    c.transport.setPeers([b.record]);
    await eventually("it is open under the new root", () => c.events.reachable.has(2));
  });

  it("connects anew when the roots have changed, without a moment in between", async () => {
    const [a, b] = [await open(1), await open(2)];
    a.transport.setPeers([b.record]);
    await eventually("it is open", () => a.events.reachable.has(2));
    const before = b.events.hellos.length;
    let lost = false;
    const unreachable = a.events.reachable.delete.bind(a.events.reachable);
    a.events.reachable.delete = (id) => ((lost = true), unreachable(id));
    const next = await createTestCa(CLUSTER);
    for (const [end, nodeId] of [
      [b, "n2"],
      [a, "n1"],
    ] as const)
      end.transport.updateTls(await next.issue({ nodeId }));
    a.transport.send(2, [heartbeat(1, 2, 1)]);
    await eventually("both streams are new", () => b.events.hellos.length === before + 2);
    a.transport.send(2, [heartbeat(1, 2, 2)]);
    await eventually("nothing is lost", () => b.events.messages.length === 2);
    assert.deepEqual([a.events.resets, b.events.resets, lost], [[], [], false]);
    // A renewed certificate under the same root is no reason to.
    a.transport.updateTls(await next.issue({ nodeId: "n1" }));
    a.transport.send(2, [heartbeat(1, 2, 3)]);
    await eventually("the way is the same", () => b.events.messages.length === 3);
    assert.equal(b.events.hellos.length, before + 2);
  });

  it("keeps the old way while the new one is not let in", async () => {
    const [a, b] = [await open(1), await open(2)];
    a.transport.setPeers([b.record]);
    await eventually("it is open", () => a.events.reachable.has(2));
    const next = await createTestCa(CLUSTER);
    a.transport.updateTls(await next.issue({ nodeId: "n1" }));
    await attempts(300);
    a.transport.send(2, [heartbeat(1, 2, 1)]);
    await eventually("it still carries messages", () => b.events.messages.length === 1);
    b.transport.updateTls(await next.issue({ nodeId: "n2" }));
    await eventually("both streams are new", () => b.events.hellos.length === 4);
    assert.deepEqual(a.events.resets, []);
  });

  it("ends what was accepted under old roots after a while", async () => {
    const clock = new SimClock();
    const b = await open(2, { clock });
    const a = await open(1);
    a.transport.setPeers([b.record]);
    await eventually("it is open", () => a.events.reachable.has(2));
    const next = await createTestCa(CLUSTER);
    b.transport.updateTls(await next.issue({ nodeId: "n2" }));
    await clock.advance(29_000);
    a.transport.send(2, [heartbeat(1, 2)]);
    await eventually("it still carries messages", () => b.events.messages.length);
    await clock.advance(2000);
    await eventually("it is closed", () => !a.events.reachable.has(2));
    b.events.hellos.length = 0;
    await staysClosed(a, b);
  });

  describe("with a snapshot", () => {
    const content = Buffer.alloc(700_000, "snapshot");
    const confState = { ...NO_MEMBERSHIP.confState, voters: [1, 2] };
    const meta = { index: 9, term: 2, confState };

    function source(): SnapshotSource {
      const message = Object.assign(newMessage("MsgSnap", 1, 2, 2), { snapshot: meta });
      const membership = { ...NO_MEMBERSHIP, confState };
      const snapshot = {
        meta,
        membership,
        content: { size: content.length, sha256: new Uint8Array(32) },
      };
      return {
        message,
        snapshot,
        async *read(offset) {
          for (let at = offset; at < content.length; at += 100_000)
            yield await Promise.resolve(content.subarray(at, at + 100_000));
        },
      };
    }

    it("sends it whole, or what is lacking", async () => {
      const [a, b] = [await open(1), await open(2)];
      a.transport.setPeers([b.record]);
      const { signal } = new AbortController();
      await a.transport.sendSnapshot(2, source(), signal);
      b.events.resumeAt = 500_000;
      await a.transport.sendSnapshot(2, source(), signal);
      assert.deepEqual(
        b.events.snapshots.map(({ length }) => length),
        [700_000, 200_000],
      );
      assert.ok(b.events.snapshots[0]?.equals(content));
    });

    it("takes its time, so that it starves nothing else", async () => {
      const clock = new SimClock();
      const [a, b] = [await open(1, { clock }), await open(2)];
      a.transport.setPeers([b.record]);
      const began = clock.monotonic();
      const sent = a.transport.sendSnapshot(2, source(), new AbortController().signal);
      let over = false;
      void sent.then(() => (over = true));
      await attempts(200);
      assert.equal(over, false);
      await eventually("it arrives with time", async () => {
        await clock.advance(1);
        return over;
      });
      assert.ok(clock.monotonic() - began >= (content.length / SNAPSHOT_BYTES_PER_SECOND) * 1000);
    });

    it("reports a transfer that broke", async () => {
      const [a, b] = [await open(1), await open(2)];
      a.transport.setPeers([b.record]);
      b.events.breakAfter = 300_000;
      await assert.rejects(a.transport.sendSnapshot(2, source(), new AbortController().signal), {
        code: "internal",
      });
      await b.transport.close();
      await assert.rejects(a.transport.sendSnapshot(2, source(), new AbortController().signal), {
        code: "unavailable",
      });
    });
  });
});
