import assert from "node:assert/strict";
import type { ProgressView, Status } from "../../../../raft/core/types.ts";
import { compactThrough } from "../../../../raft/shell/driver/retention.ts";

describe("how far a log is compacted", () => {
  const following = (match: number, fields: Partial<ProgressView> = {}): Status["progress"] => {
    const view = { match, state: "replicate", recentActive: true, ...fields } as ProgressView;
    return [{ id: 2, view }];
  };
  const through = (progress: Status["progress"], sending: readonly number[] = []): number =>
    compactThrough({ snapshotIndex: 1000, keepEntries: 50, sending, progress });

  it("keeps some entries before the snapshot", () => {
    assert.equal(through([]), 950);
    assert.equal(through(following(1200)), 950);
  });

  it("keeps more for one that follows slowly, within bounds", () => {
    assert.equal(through(following(700)), 700);
    assert.equal(through(following(100)), 500);
    assert.equal(through([...following(1200), ...following(800)]), 800);
  });

  it("keeps nothing for one that is away or needs a snapshot anyway", () => {
    assert.equal(through(following(700, { recentActive: false })), 950);
    assert.equal(through(following(700, { state: "snapshot" })), 950);
  });

  it("keeps what follows a snapshot under way", () => {
    assert.equal(through([], [300, 600]), 300);
  });
});
