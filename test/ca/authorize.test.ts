import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { Metadata } from "@grpc/grpc-js";
import { authorizer } from "../../ca/authorize.ts";
import type { CertifiedRole } from "../../ca/leaf.ts";
import { PERMISSIONS } from "../../ca/permissions.ts";
import { isRemovedNodeError } from "../../ca/removed-node.ts";
import { systemClock } from "../../lib/clock.ts";
import { isSwarmError, messageOf } from "../../lib/errors.ts";
import type { Caller } from "../../proto/call.ts";
import * as generated from "../../proto/generated.ts";
import { FORWARDED } from "../../proto/rpc-client.ts";
import type { Incoming } from "../../proto/rpc-server.ts";
import { createTestCa, type TestCa, type TestLeafOptions } from "../fakes/certificates.ts";

const ANYONE = "/skep.v1.NodeCa/GetRootCaCertificate";
const NODE = "/skep.v1.Dispatcher/Session";
const MANAGER = "/skep.v1.Control/ListNodes";
const REACH = "/skep.v1.Reach/Open";

function methodPaths(): string[] {
  const paths: string[] = [];
  for (const value of Object.values(generated)) {
    if (!("methods" in value)) continue;
    for (const { path } of Object.values(value.methods))
      // Others' services are called, not served: drivers of volumes.
      if (path.startsWith("/skep.")) paths.push(path);
  }
  return paths;
}

describe("authorisation", () => {
  let ca: TestCa;
  let now = systemClock.now();
  const removed = new Set<string>();
  const authorize = authorizer({
    clock: { now: () => now },
    clusterId: () => "cluster1",
    isBlacklisted: (nodeId) => removed.has(nodeId),
  });

  async function incoming(
    path: string,
    leaf: TestLeafOptions | null,
    forwarded?: Caller,
  ): Promise<Incoming> {
    const certificate = leaf && new X509Certificate((await ca.issue(leaf)).certificate).raw;
    const metadata = new Metadata();
    if (forwarded) {
      for (const [field, key] of Object.entries(FORWARDED)) {
        metadata.set(key, forwarded[field as keyof Caller]);
      }
    }
    return { certificate: certificate ?? undefined, metadata, addr: "10.0.0.9", path };
  }

  /** The role granted, or the code of the refusal. */
  async function verdict(...args: Parameters<typeof incoming>): Promise<string> {
    const call = await incoming(...args);
    try {
      return authorize(call).role;
    } catch (error) {
      assert.ok(isSwarmError(error), String(error));
      return error.code;
    }
  }

  before(async () => {
    ca = await createTestCa("cluster1");
  });

  beforeEach(() => {
    now = systemClock.now();
    removed.clear();
  });

  it("has a row for every RPC and none besides", () => {
    const paths = methodPaths();
    assert.ok(paths.length > 50);
    assert.deepEqual([...PERMISSIONS.keys()].sort(), paths.sort());
  });

  it("permits each kind of caller what its row says, and nothing else", async () => {
    const expected: Record<string, Record<CertifiedRole | "none", string>> = {
      [ANYONE]: { none: "none", worker: "worker", manager: "manager" },
      [NODE]: { none: "unauthenticated", worker: "worker", manager: "manager" },
      [MANAGER]: { none: "unauthenticated", worker: "denied", manager: "manager" },
      [REACH]: { none: "unauthenticated", worker: "denied", manager: "manager" },
      "/skep.v1.Control/Unheard": { none: "denied", worker: "denied", manager: "denied" },
      toString: { none: "denied", worker: "denied", manager: "denied" },
    };
    for (const [path, row] of Object.entries(expected)) {
      assert.equal(await verdict(path, null), row.none, path);
      assert.equal(await verdict(path, { role: "worker" }), row.worker, path);
      assert.equal(await verdict(path, { role: "manager" }), row.manager, path);
    }
  });

  it("tells who calls, and from where", async () => {
    const caller = authorize(await incoming(NODE, { nodeId: "n5", role: "worker" }));
    const expected = { nodeId: "n5", role: "worker", clusterId: "cluster1", addr: "10.0.0.9" };
    assert.deepEqual(caller, expected);
  });

  it("takes for a stranger: another cluster's node, a removed one, an expired certificate", async () => {
    removed.add("gone");
    for (const leaf of [{ clusterId: "cluster2" }, { nodeId: "gone" }]) {
      assert.equal(await verdict(MANAGER, leaf), "unauthenticated");
      assert.equal(await verdict(ANYONE, leaf), "none");
    }
    const call = await incoming(MANAGER, { expiryMs: 60_000 });
    assert.equal(authorize(call).role, "manager");
    now = systemClock.now() + 61_000;
    assert.throws(
      () => authorize(call),
      (error) => isSwarmError(error, "unauthenticated"),
    );
  });

  it("tells a node that was removed, and nobody else, that it was", async () => {
    removed.add("gone");
    const refusal = async (leaf: TestLeafOptions): Promise<unknown> => {
      const call = await incoming(NODE, leaf);
      try {
        return authorize(call);
      } catch (error) {
        return error;
      }
    };
    const gone = await refusal({ nodeId: "gone" });
    assert.ok(isRemovedNodeError(gone));
    assert.match(messageOf(gone), /node gone was removed from the swarm: leave it/);
    assert.ok(!isRemovedNodeError(await refusal({ clusterId: "cluster2" })));
    assert.ok(!isRemovedNodeError(await refusal({ nodeId: "gone", clusterId: "cluster2" })));
    assert.ok(!isRemovedNodeError(await refusal({})));
  });

  it("believes a manager about whom it forwards for, within the same rules", async () => {
    const worker = {
      nodeId: "w1",
      role: "worker",
      clusterId: "cluster1",
      addr: "10.0.0.1",
    } as const;
    const nobody = { nodeId: "", role: "none", clusterId: "", addr: "10.0.0.2" } as const;
    removed.add("gone");
    assert.deepEqual(authorize(await incoming(NODE, { role: "manager" }, worker)), worker);
    assert.deepEqual(authorize(await incoming(ANYONE, { role: "manager" }, nobody)), nobody);
    assert.equal(await verdict(MANAGER, { role: "manager" }, worker), "denied");
    assert.equal(await verdict(MANAGER, { role: "manager" }, nobody), "unauthenticated");
    for (const bad of [{ clusterId: "cluster2" }, { nodeId: "gone" }]) {
      assert.equal(await verdict(NODE, { role: "manager" }, { ...worker, ...bad }), "denied");
    }
    const strange = { ...worker, role: "admin" as never };
    assert.equal(await verdict(NODE, { role: "manager" }, strange), "denied");
  });

  it("lets nobody but a manager forward", async () => {
    const manager = { nodeId: "m1", role: "manager", clusterId: "cluster1", addr: "" } as const;
    for (const direct of [{ role: "worker" }, { clusterId: "cluster2" }, null] as const) {
      for (const path of [MANAGER, NODE, ANYONE]) {
        assert.equal(await verdict(path, direct, manager), "denied");
      }
    }
  });
});
