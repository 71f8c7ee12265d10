import assert from "node:assert/strict";
import { silentLog } from "../../../../lib/log.ts";
import {
  FREE_BYTES_ENOUGH,
  FREE_BYTES_LOW,
  FreeSpace,
} from "../../../../raft/shell/driver/free-space.ts";

describe("FreeSpace", () => {
  it("turns low below one mark and back above a higher one, looking once a second", async () => {
    let bytes = FREE_BYTES_LOW;
    let looks = 0;
    const freeBytes = (): Promise<number> => Promise.resolve((looks++, bytes));
    const space = new FreeSpace({ freeBytes, log: silentLog });
    const lows: boolean[] = [];
    const at = async (now: number, free: number): Promise<void> => {
      bytes = free;
      await space.look(now);
      lows.push(space.low);
    };
    await at(0, FREE_BYTES_LOW);
    await at(999, 0);
    assert.equal(looks, 1);
    await at(1000, FREE_BYTES_LOW - 1);
    await at(2000, FREE_BYTES_ENOUGH - 1);
    assert.match(space.refusal?.message ?? "", /95 MiB left\): free some space/);
    await at(3000, FREE_BYTES_ENOUGH);
    await at(4000, FREE_BYTES_LOW);
    assert.deepEqual(lows, [false, false, true, true, false, false]);
    assert.equal(space.refusal, null);
  });

  it("does not look again while a look hangs", async () => {
    let answer: (bytes: number) => void = () => {};
    let looks = 0;
    const freeBytes = (): Promise<number> => {
      looks++;
      return new Promise((resolve) => {
        answer = resolve;
      });
    };
    const space = new FreeSpace({ freeBytes, log: silentLog });
    const first = space.look(0);
    await space.look(5000);
    assert.equal(looks, 1);
    answer(0);
    await first;
    assert.equal(space.low, true);
  });
});
