import assert from "node:assert/strict";
import { isSwarmError } from "../../../lib/errors.ts";
import { expandEnv } from "../../../worker/runtime/env.ts";
import { taskScope } from "../../../worker/runtime/task-scope.ts";
import { expand } from "../../../worker/runtime/template.ts";
import { taskOf } from "./tasks.ts";

const NODE = { nodeId: "node1", hostname: "host-a", architecture: "x86_64", os: "linux" };
const SCOPE = taskScope(taskOf("task1"), NODE);

describe("templates", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["plain } text {", "plain } text {"],
    ["{{.Service.Name}}.{{.Task.Slot}}", "web.3"],
    ["{{ .Node.Hostname }}/{{.Node.Platform.OS}}", "host-a/linux"],
    ['{{index .Service.Labels "tier"}}', "front"],
    ['{{index .Service.Labels "absent"}}', ""],
    ["{{.Service.Labels.tier}}", "front"],
    ["a {{- .Task.Name -}} b", "aweb.3.task1b"],
    ['{{"}}"}}', "}}"],
  ];
  for (const [template, expected] of cases) {
    it(`expands ${template}`, () => assert.equal(expand(template, SCOPE), expected));
  }

  it("calls the functions it is given", () => {
    const functions = { env: (name = "") => `<${name}>` };
    assert.equal(expand('{{env "A"}}', SCOPE, functions), "<A>");
  });

  const broken = [
    "{{.Nope}}",
    "{{.Service}}",
    "{{",
    "{{range .X}}",
    "{{.Task.ID",
    '{{secret "x"}}',
  ];
  for (const template of broken) {
    it(`refuses ${template}`, () => {
      assert.throws(
        () => expand(template, SCOPE),
        (error) => isSwarmError(error, "invalid"),
      );
    });
  }

  it("names a global task's slot after its node", () => {
    assert.equal(expand("{{.Task.Slot}}", taskScope(taskOf("t", { slot: 0 }), NODE)), "node1");
  });

  it("expands values of the environment only, the last of a key winning", () => {
    const env = expandEnv(["A={{.Task.ID}}", "B=1", "B=2=3", "{{.Task.ID}}=x", "C"], SCOPE);
    assert.deepEqual(env, { A: "task1", B: "2=3", "{{.Task.ID}}": "x" });
  });
});
