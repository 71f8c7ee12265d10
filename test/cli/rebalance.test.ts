import assert from "node:assert/strict";
import { FakeDockerApi } from "../fakes/docker-api.ts";
import { runSwarm, words } from "./harness.ts";
import { fillSwarm, service } from "./objects.ts";

const MOVE = {
  TaskID: "t1",
  ServiceID: "s2",
  ServiceName: "api",
  Slot: 2,
  FromHostname: "n1",
  ToHostname: "n2",
  State: "waiting",
  Reason: "",
  SuccessorID: "",
};

describe("service rebalance", () => {
  let api: FakeDockerApi;
  /** What each look at the moves sees, the last one again and again. */
  let looks: object[];
  let asked: unknown;
  beforeEach(async () => {
    api = await FakeDockerApi.open();
    fillSwarm(api);
    api.objects.services.push(service("s2", "api", 3));
    looks = [];
    asked = undefined;
    api.script((request) => {
      if (request.path === "/skep/v1/moves")
        return { json: { Moves: looks.length > 1 ? [looks.shift()] : looks } };
      if (request.path !== "/skep/v1/services/rebalance") return undefined;
      asked = request.body;
      return { json: { Moves: [MOVE] } };
    });
  });
  afterEach(() => api.close());

  const run = (line: string) => runSwarm(words(`service rebalance ${line}`), api);

  it("shows what a dry run would move", async () => {
    const { out, status } = await run("--dry-run --max-moves 3 api");
    assert.equal(status, 0);
    assert.deepEqual(
      out.split("\n").map((line) => line.trimEnd()),
      [
        "NAME      FROM      TO        STATE     REASON",
        "api.2     n1        n2        waiting",
        "",
        "Nothing was changed.",
        "",
      ],
    );
    assert.deepEqual(asked, { Services: ["s2".padEnd(25, "0")], MaxMoves: 3, DryRun: true });
  });

  it("prints an object a line for programs", async () => {
    const { out } = await run("--dry-run --format json");
    assert.deepEqual(JSON.parse(out), {
      ID: "t1",
      Name: "api.2",
      Service: "api",
      From: "n1",
      To: "n2",
      State: "waiting",
      Reason: "",
      Successor: "",
    });
  });

  it("follows the moves until they are done", async () => {
    looks = [
      MOVE,
      { ...MOVE, State: "starting", Reason: "started" },
      { ...MOVE, State: "done", FromHostname: "" },
    ];
    const { out, status } = await run("");
    assert.equal(status, 0);
    assert.deepEqual(out.split("\n"), [
      "api.2: n1 -> n2: waiting",
      "api.2: n1 -> n2: starting (started)",
      "api.2: n1 -> n2: done",
      "1 of 1 tasks moved.",
      "",
    ]);
  });

  it("fails when a task stays where it is, and says why", async () => {
    looks = [{ ...MOVE, State: "given-up", Reason: "the other node is down" }];
    const { out, err, status } = await run("");
    assert.equal(status, 1);
    assert.match(out, /api\.2: n1 -> n2: given-up \(the other node is down\)/);
    assert.match(err, /1 of 1 tasks stay where they are/);
  });

  it("waits for nothing when told so", async () => {
    const { out, status } = await run("-d");
    assert.equal(status, 0);
    assert.match(out, /api\.2 +n1 +n2 +waiting/);
  });
});
