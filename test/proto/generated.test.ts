import assert from "node:assert/strict";
import { staleFiles } from "../../proto/build.ts";

describe("generated code", () => {
  it("is what the .proto files print", () => {
    assert.deepEqual(staleFiles(), [], "run: npm run codegen");
  });
});
