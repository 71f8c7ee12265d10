import assert from "node:assert/strict";
import { cancelled } from "../../../lib/abort.ts";
import { make, type Fields } from "../../../proto/codec.ts";
import {
  ChangeKind,
  type WatchMessage,
  type WatchRequest,
  type WatchRequestEntry,
} from "../../../proto/generated.ts";
import { aNode, aSecret, aService } from "../../fakes/objects.ts";
import { aMember, ControlHarness, refused } from "./harness.ts";

const entry = (fields: Fields<WatchRequestEntry>) => make("WatchRequestEntry", fields);

describe("control: watch", () => {
  let harness: ControlHarness;
  beforeEach(() => {
    harness = new ControlHarness();
  });

  const watch = (fields: Fields<WatchRequest> = {}): AsyncIterator<WatchMessage> =>
    harness.api.watch(make("WatchRequest", fields), harness.call)[Symbol.asyncIterator]();

  async function next(watching: AsyncIterator<WatchMessage>): Promise<WatchMessage> {
    const { value, done } = await watching.next();
    assert(!done, "the watch goes on");
    return value;
  }

  it("starts with an empty message that names the version, then tells of each commit", async () => {
    await harness.put("node", aNode("n0"));
    const watching = watch();
    assert.deepEqual(await next(watching), make("WatchMessage", { version: { index: 1 } }));
    await harness.store.update((tx) => {
      tx.create("node", aNode("n1"));
      tx.create("service", aService("s1"));
    });
    const { version, events } = await next(watching);
    assert.equal(version?.index, 2);
    assert.deepEqual(
      events.map(({ kind, object }) => [kind, object?.object]),
      [
        [ChangeKind.CREATE, "node"],
        [ChangeKind.CREATE, "service"],
      ],
    );
  });

  it("tells only of what any of its entries asks for", async () => {
    const filter = make("ListFilter", { namePrefixes: ["we"] });
    const watching = watch({
      entries: [
        entry({ table: "service", filter }),
        entry({ table: "node", kinds: [ChangeKind.REMOVE] }),
      ],
    });
    await next(watching);
    await harness.put("node", aNode("n1"));
    await harness.put("service", aService("s1", { name: "api" }));
    await harness.put("service", aService("s2", { name: "web" }));
    await harness.store.update((tx) => tx.remove("node", harness.stored("node", "n1")));
    const seen = [await next(watching), await next(watching)];
    assert.deepEqual(
      seen.flatMap(({ events }) => events.map(({ kind, object }) => [kind, object?.object])),
      [
        [ChangeKind.CREATE, "service"],
        [ChangeKind.REMOVE, "node"],
      ],
    );
  });

  it("resumes after a version without loss or repetition, old objects included", async () => {
    for (const id of ["n1", "n2", "n3"]) await harness.put("node", aNode(id));
    await harness.store.update((tx) => {
      tx.update("node", { ...harness.stored("node", "n2"), vxlanUdpPort: 9 });
    });
    const watching = watch({ resumeFrom: { index: 2 }, includeOldObject: true });
    assert.equal((await next(watching)).version?.index, 2);
    const seen = [await next(watching), await next(watching)];
    assert.deepEqual(
      seen.map(({ version }) => version?.index),
      [3, 4],
    );
    const { object, oldObject } = seen[1]?.events[0] ?? {};
    assert(object?.object === "node" && oldObject?.object === "node");
    assert.deepEqual([object.node.vxlanUdpPort, oldObject.node.vxlanUdpPort], [9, 0]);
  });

  it("leaves old objects out when they are not asked for", async () => {
    await harness.put("node", aNode("n1"));
    const watching = watch();
    await next(watching);
    await harness.store.update((tx) => tx.remove("node", harness.stored("node", "n1")));
    const { events } = await next(watching);
    assert.equal(events[0]?.oldObject, null);
  });

  it("hides secrets, and shows of managers what Raft knows", async () => {
    harness.members = [aMember(1, "n1")];
    const watching = watch();
    await next(watching);
    await harness.store.update((tx) => {
      tx.create("secret", aSecret("s1"));
      tx.create("node", aNode("n1"));
    });
    const [secret, node] = (await next(watching)).events.map(({ object }) => object);
    assert(secret?.object === "secret" && node?.object === "node");
    assert.equal(secret.secret.spec?.data.length, 0);
    assert.equal(node.node.managerStatus?.leader, true);
  });

  it("refuses kinds and filters that do not exist", async () => {
    const kind = watch({ entries: [entry({ table: "pod" })] }).next();
    await refused(kind, "invalid", 'unknown kind "pod"');
    const filter = make("ListFilter", { roles: [1] });
    const wrong = watch({ entries: [entry({ table: "service", filter })] }).next();
    await refused(wrong, "invalid", "filter roles does not apply to a service");
    const loose = watch({ entries: [entry({ filter })] }).next();
    await refused(loose, "invalid", /needs the kind/);
  });

  it("ends when its caller goes away", async () => {
    const watching = watch();
    await next(watching);
    const more = watching.next();
    harness.abort.abort(cancelled("enough"));
    await refused(more, "cancelled", "enough");
  });
});
