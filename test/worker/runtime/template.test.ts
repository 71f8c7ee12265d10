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
    ['{{join "-" .Service.Name .Task.Slot "x"}}', "web-3-x"],
    ['{{.Task.Slot | printf "%s of %q" "slot"}}', 'slot of "3"'],
    ['{{if eq .Task.Slot "3"}}third{{else}}other{{end}}', "third"],
    ['{{if eq .Task.Slot "1"}}a{{else if eq .Task.Slot "2" "3"}}b{{else}}c{{end}}', "b"],
    ['{{if and (ne .Node.Platform.OS "windows") (not (index .Service.Labels "x"))}}y{{end}}', "y"],
    ['{{if index .Service.Labels "absent"}}y{{end}}', ""],
    ["{{with .Node}}{{.Hostname}} {{$.Task.Slot}}{{end}}", "host-a 3"],
    ["{{range $k, $v := .Service.Labels}}{{$k}}={{$v}};{{end}}", "tier=front;"],
    ["{{range .Service.Labels}}{{.}}{{end}}", "front"],
    ["{{$n := .Node.Hostname}}{{$n}}/{{$n | len}}", "host-a/6"],
    ["a{{/* not seen */}}b{{`{{raw}}`}}", "ab{{raw}}"],
    ['{{or (index .Service.Labels "absent") "default"}}{{if lt 2 10}}!{{end}}', "default!"],
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
    "{{if .Task.ID}}",
    "{{end}}",
    "{{if .Task.ID}}a{{else}}b{{else}}c{{end}}",
    '{{"a" .Task.ID}}',
    "{{.Task.ID | .Task.ID}}",
    "{{$unset}}",
    '{{eq 1 "1"}}',
    "{{(.Task.ID}}",
    '{{index .Task.ID "x"}}',
    "{{.Task.ID ?}}",
    `${"{{if .Task.ID}}".repeat(40)}${"{{end}}".repeat(40)}`,
  ];
  for (const template of broken) {
    it(`refuses ${template}`, () => {
      assert.throws(
        () => expand(template, SCOPE),
        (error) => isSwarmError(error, "invalid"),
      );
    });
  }

  it("ends a template that would not end", () => {
    const labels = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`l${i}`, "x"]));
    const loop = "{{range .L}}{{range $.L}}{{range $.L}}x{{end}}{{end}}{{end}}";
    assert.throws(() => expand(loop, { L: labels }), /never seems to end/);
  });

  it("ends a template that would fill the memory", () => {
    const labels = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`l${i}`, "x"]));
    const loop = `{{range .L}}${"x".repeat(100_000)}{{end}}`;
    assert.throws(() => expand(loop, { L: labels }), /comes to more than/);
  });

  it("refuses at once what is never closed, however long it is", () => {
    for (const part of [" ", "{{", '" ', "- "])
      assert.throws(() => expand(`{{${part.repeat(200_000)}`, {}), /is not closed/);
  });

  it("names a global task's slot after its node", () => {
    assert.equal(expand("{{.Task.Slot}}", taskScope(taskOf("t", { slot: 0 }), NODE)), "node1");
  });

  it("expands values of the environment only, the last of a key winning", () => {
    const env = expandEnv(["A={{.Task.ID}}", "B=1", "B=2=3", "{{.Task.ID}}=x", "C"], SCOPE);
    assert.deepEqual(env, { A: "task1", B: "2=3", "{{.Task.ID}}": "x" });
  });
});
