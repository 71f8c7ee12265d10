import assert from "node:assert/strict";
import { CommitHistory } from "../../../manager/store/history.ts";
import { ChangeKind } from "../../../proto/generated.ts";
import { aNode } from "../../fakes/objects.ts";

describe("the history of commits", () => {
  const object = aNode("n1");
  const event = { kind: "node", change: ChangeKind.UPDATE, object, old: object } as const;

  it("keeps the latest events, and says what is too old", () => {
    const history = new CommitHistory();
    const last = 50_000;
    for (let version = 1; version <= last; version++) history.push({ version, events: [event] });
    const versions = (after: number) => history.since(after, last).map(({ version }) => version);
    assert.deepEqual(versions(last), []);
    assert.deepEqual(versions(last - 3), [last - 2, last - 1, last]);
    assert.equal(versions(last - 20_000)[0], last - 19_999);
    assert.throws(() => versions(last - 20_001), /too old to resume/);
    history.clear();
    assert.throws(() => versions(last - 1), /too old to resume/);
  });
});
