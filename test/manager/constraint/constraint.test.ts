import assert from "node:assert/strict";
import fc from "fast-check";
import {
  meetsConstraint,
  parseConstraint,
  parseConstraints,
} from "../../../manager/constraint/constraint.ts";
import { make } from "../../../proto/codec.ts";
import { NodeRole } from "../../../proto/generated.ts";
import { aNode } from "../../fakes/objects.ts";

const base = aNode("n1");
const node = aNode("n1", {
  role: NodeRole.MANAGER,
  spec: base.spec && { ...base.spec, annotations: { name: "", labels: { Zone: "East" } } },
  description: base.description && {
    ...base.description,
    hostname: "Alpha",
    engine: make("EngineDescription", { labels: { disk: "ssd" } }),
  },
  status: base.status && { ...base.status, addr: "10.1.2.3" },
});

const meets = (...texts: string[]): boolean =>
  parseConstraints(texts).every((each) => meetsConstraint(node, each));

describe("constraints", () => {
  it("know every key of swarm mode", () => {
    assert(meets("node.id==N1"));
    assert(meets("node.hostname == alpha", "NODE.HOSTNAME!=beta"));
    assert(meets("node.role==manager", "node.role!=worker"));
    assert(meets("node.platform.os==LINUX", "node.platform.arch==x86_64"));
    assert(meets("node.labels.Zone==east", "engine.labels.disk==ssd"));
  });

  it("keep the case of label keys and take a missing label for an empty value", () => {
    assert(!meets("node.labels.zone==east"));
    assert(meets("node.labels.zone!=east"));
  });

  it("match addresses and networks of both families", () => {
    assert(meets("node.ip==10.1.2.3", "node.ip==10.1.0.0/16", "node.ip!=10.2.0.0/16"));
    assert(!meets("node.ip!=10.1.2.0/24"));
    assert(!meets("node.ip==fd00::/8"));
    assert(meets("node.ip!=fd00::/8"));
    assert(!meets("node.ip==elsewhere"));
    assert(!meets("node.ip!=elsewhere"));
  });

  it("are met by no node when the key is not known", () => {
    assert(!meets("node.colour==red"));
    assert(!meets("node.colour!=red"));
    assert(!meets("node.labels.==red"));
  });

  it("compare patterns as plain text", () => {
    assert(!meets("node.hostname==al.*"));
    assert(meets("node.hostname!=al*"));
  });

  for (const text of [
    "",
    "node.id",
    "node.id=x",
    "==x",
    "node id==x",
    "node.id==",
    "1a==x",
    "a==x",
  ])
    it(`refuse ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseConstraint(text), { name: "SwarmError", code: "invalid" });
    });

  it("hold for exactly one of the two operators on every known key", () => {
    const key = fc.constantFrom("node.id", "node.hostname", "node.labels.Zone", "engine.labels.x");
    const value = fc.constantFrom("n1", "alpha", "east", "other", "10.0.0.0/8");
    fc.assert(fc.property(key, value, (k, v) => meets(`${k}==${v}`) !== meets(`${k}!=${v}`)));
  });
});
