import assert from "node:assert/strict";
import { compileTemplate } from "../../cli/template/evaluate.ts";

const DATA = {
  ID: "abc",
  Name: "web",
  Spec: { Labels: { b: "2", a: "1" }, Replicas: 3, Ports: [80, 443], Global: null },
  List: [{ Name: "x" }, { Name: "y" }],
  Empty: [],
  Yes: true,
};

/** Template → what Go's text/template with docker's functions prints. */
const CASES: readonly (readonly [string, string])[] = [
  ["plain", "plain"],
  ["{{.ID}}: {{.Name}}", "abc: web"],
  ["{{ .Spec.Replicas }}", "3"],
  ["{{.Spec.Labels}}", "map[a:1 b:2]"],
  ["{{.Spec.Ports}}", "[80 443]"],
  ["{{.Spec.Global}}", "<nil>"],
  ["{{.Missing}}", "<no value>"],
  ["{{json .Spec.Labels}}", '{"b":"2","a":"1"}'],
  ["{{json .Name}}", '"web"'],
  ["{{json .}}", JSON.stringify(DATA)],
  ["{{.Name | upper}}", "WEB"],
  ["{{.Name | printf `%s-%d` `x`}}", "x-web"],
  ['{{printf "%-5s|%5s|" .ID .Name}}', "abc  |  web|"],
  ['{{printf "%q %.2f %%" .Name 1.5}}', '"web" 1.50 %'],
  ['{{join (split "a,b" ",") "-"}}', "a-b"],
  ["{{range .List}}{{.Name}};{{end}}", "x;y;"],
  ["{{range $i, $e := .List}}{{$i}}={{$e.Name}} {{end}}", "0=x 1=y "],
  ["{{range $k, $v := .Spec.Labels}}{{$k}}{{$v}}{{end}}", "a1b2"],
  ["{{range .Empty}}x{{else}}none{{end}}", "none"],
  ["{{if .Yes}}y{{else}}n{{end}}", "y"],
  ["{{if .Empty}}y{{else if .Yes}}z{{else}}n{{end}}", "z"],
  ["{{if and .Yes (not .Empty)}}ok{{end}}", "ok"],
  ["{{if or .Empty .Missing}}x{{end}}", ""],
  ['{{if eq .Name "web" "api"}}hit{{end}}', "hit"],
  ["{{if gt .Spec.Replicas 2}}many{{end}}", "many"],
  ["{{with .Spec}}{{.Replicas}}{{end}}", "3"],
  ["{{with .Empty}}x{{else}}none{{end}}", "none"],
  ["{{$x := .Name}}{{$x}}{{$.ID}}", "webabc"],
  ["{{index .Spec.Ports 1}}", "443"],
  ['{{index .Spec.Labels "a"}}', "1"],
  ["{{len .Spec.Ports}}", "2"],
  ["{{truncate .Name 2}}", "we"],
  ["{{title .Name}}", "Web"],
  ["{{pad .Name 1 2}}|", " web  |"],
  ["a {{- .ID -}} b", "aabcb"],
  ["{{/* note */}}x", "x"],
  ['{{"}}"}}', "}}"],
  ["{{println .ID}}", "abc\n"],
  ["{{(index .List 0).Name}}", "x"],
  ["{{slice .Name 1 3}}", "eb"],
];

describe("Go templates", () => {
  for (const [template, expected] of CASES)
    it(`prints ${template}`, () => assert.equal(compileTemplate(template)(DATA), expected));

  const invalid: readonly (readonly [string, RegExp])[] = [
    ["{{.ID", /not closed/],
    ["{{if .ID}}x", /\{\{if\}\} has no \{\{end\}\}/],
    ["{{end}}", /unexpected \{\{end\}\}/],
    ["{{foo .ID}}", /function "foo" not defined/],
    ["{{.Name.X}}", /can't read field X of web/],
    ["{{$y}}", /undefined variable "\$y"/],
    ["{{.ID | }}", /missing value for command/],
    ["{{(.ID}}", /parenthesis is not closed/],
    ["{{.ID ?}}", /unexpected/],
    ["{{.ID .Name}}", /can't give arguments to a value/],
  ];
  for (const [template, message] of invalid)
    it(`refuses ${template}`, () =>
      assert.throws(() => compileTemplate(template)(DATA), { code: "invalid", message }));
});
