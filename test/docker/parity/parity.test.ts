import assert from "node:assert/strict";
import { SystemCluster } from "../../system/cluster.ts";
import { useEngine } from "../engine.ts";
import { LIFE, LOCAL, MODES } from "./cases/life.ts";
import { INIT, LEAVING, NODES, OUTSIDE, SWARM } from "./cases/membership.ts";
import { NETWORKS, payloads } from "./cases/objects.ts";
import { FIELDS, PORTS, REFUSED } from "./cases/services.ts";
import { play, type Player } from "./play.ts";

/**
 * One table of requests, sent to Docker and to Skep side by side: statuses, bodies and refusals
 * must be the same. docs/docker-parity.md tells what differs on purpose.
 */
describe("Skep beside Docker", function () {
  this.timeout(180_000);
  const reference = useEngine();
  const local = useEngine();
  const cluster = new SystemCluster();
  let docker: Player;
  let skep: Player;

  before(async function () {
    this.timeout(60_000);
    const flags = ["--runtime", "docker", "--docker-host", local().host];
    const { socket } = await cluster.add("m1", flags);
    // Docker is alone in its network, Skep is not.
    docker = {
      socketPath: reference().host.replace("unix://", ""),
      learned: new Map([["listen", "127.0.0.1:2377"]]),
    };
    skep = { socketPath: socket, learned: new Map([["listen", "127.0.0.1:0"]]) };
  });
  after(async function () {
    this.timeout(60_000);
    await cluster.remove();
  });

  for (const [name, steps] of [
    ["outside of a swarm", OUTSIDE],
    ["making a swarm", INIT],
    ["the swarm's settings", SWARM],
    ["nodes", NODES],
    ["secrets", payloads("secret")],
    ["configs", payloads("config")],
    ["networks", NETWORKS],
    ["services that are refused", REFUSED],
    ["every field of a service", FIELDS],
    ["published ports", PORTS],
    ["the life of a service", LIFE],
    ["jobs, global services and failures", MODES],
    ["what the local engine answers", LOCAL],
    ["leaving", LEAVING],
  ] as const)
    it(name, async () => {
      const differences = await play(steps, docker, skep);
      assert.equal(differences.length, 0, differences.join("\n\n"));
    });
});
