import { IMAGE } from "../../engine.ts";
import { base64, del, filtered, get, gets, post, type Step } from "../step.ts";

const NEVER = { Constraints: ["node.labels.never==1"] };

/** Secrets or configs. */
export function payloads(kind: "secret" | "config"): readonly Step[] {
  const [Noun, path] = kind === "secret" ? ["Secret", "/secrets"] : ["Config", "/configs"];
  const create = (body: unknown, more = {}): Step => post(`${path}/create`, body, more);
  const read = get(`${path}/one`, { learn: { v: "Version.Index" } });
  const update = (body: unknown): Step => post(`${path}/{one}/update?version={v}`, body);
  const reference = (id: string, name: string, file: object | null): object => ({
    File: file,
    [`${Noun}ID`]: id,
    [`${Noun}Name`]: name,
  });
  const file = { Name: "f", UID: "0", GID: "0", Mode: 292 };
  const user = (name: string, ...refs: readonly object[]): Step =>
    post("/services/create", {
      Name: name,
      TaskTemplate: { ContainerSpec: { Image: IMAGE, [`${Noun}s`]: refs }, Placement: NEVER },
    });
  const data = base64("hello");
  return [
    get(path),
    create({ Name: "one", Data: data, Labels: { a: "b" } }, { learn: { one: "ID" } }),
    ...["one", "ONE", "", "-bad", "a b", "x".repeat(65)].map((Name) =>
      create({ Name, Data: data }),
    ),
    create({}),
    create({ Name: "empty" }),
    create({ Name: "empty", Data: "" }),
    create({ Name: "illegal", Data: "***" }),
    create({ Name: "cut", Data: "aGVsbG8" }),
    create({ Name: "number", Data: 5 }),
    create({ Name: "big", Data: "A".repeat(kind === "secret" ? 682_668 : 1_365_336) }),
    ...(kind === "secret" ? [create({ Name: "drv", Driver: { Name: "nope" } })] : []),
    create({ Name: "tmpl", Data: base64("{{.Service.Name}}"), Templating: { Name: "golang" } }),
    get(`${path}/tmpl`),
    del(`${path}/tmpl`),
    create({ name: "lower", data: base64("x"), LABELS: { Q: "r" } }, { learn: { low: "ID" } }),
    ...gets(`${path}/lower`, `${path}/{one}`, `${path}/nope`),
    ...[
      { name: ["on"] },
      { names: ["one"] },
      { name: ["one", "low"] },
      { id: ["{one}"] },
      { label: ["a"] },
      { label: ["a=b"] },
      { label: ["a=b", "Q"] },
      { label: ["a=c"] },
      { bogus: ["a"] },
      { id: ["{one}"], name: ["lower"] },
    ].map((filter) => filtered(path, filter)),
    read,
    update({ Name: "one", Labels: { x: "y" } }),
    read,
    update({ Name: "two", Labels: { x: "y" } }),
    update({ Name: "one", Data: base64("other") }),
    update({ Name: "one", Data: data }),
    read,
    post(`${path}/{one}/update?version=1`, { Name: "one" }),
    post(`${path}/{one}/update`, { Name: "one" }),
    post(`${path}/nope/update?version=1`, { Name: "one" }),
    post(`${path}/one/update?version={v}`, { Name: "one", Labels: { z: "z" } }),
    user("uses", reference("{one}", "one", file)),
    get("/services/uses"),
    del(`${path}/one`),
    user("too", reference("{one}", "one", file)),
    // Both name the services, in no order.
    del(`${path}/{one}`, { compare: "nothing" }),
    user("bad", reference("{one}", "one", null)),
    user("bad", reference("{one}", "one", { Name: "" })),
    user("bad", reference("{one}", "other", file)),
    user("bad", reference("nope", "nope", file)),
    user("bad", reference("{one}", "one", file), reference("{one}", "one", file)),
    ...["/services/uses", "/services/too", `${path}/lower`, `${path}/{one}`].map((at) => del(at)),
    del(`${path}/{one}`),
    get(path),
    post(path, {}),
  ];
}

const network = (more: object): Step => post("/networks/create", { Driver: "overlay", ...more });
const pool = (...Config: readonly object[]): object => ({ Name: "s", IPAM: { Config } });
const onNetwork = (name: string, target: string): Step =>
  post("/services/create", {
    Name: name,
    TaskTemplate: {
      ContainerSpec: { Image: IMAGE },
      Networks: [{ Target: target, Aliases: ["al"] }],
      Placement: NEVER,
    },
  });

/** Networks of the swarm, as objects. */
export const NETWORKS: readonly Step[] = [
  post("/networks/create", { Name: "ov", Driver: "overlay" }, { learn: { net: "Id" } }),
  get("/networks/ov"),
  network({ Name: "ov" }),
  network({ Name: "OV" }),
  network({ Name: "" }),
  network({ Name: "a b" }),
  network({ Name: "a/b" }),
  network({ Name: "ing", Ingress: true }),
  network({ Name: "ing", Ingress: true, Attachable: true }),
  post(
    "/networks/create",
    { Name: "p", Driver: "overlay", Labels: { "com.docker.swarm.predefined": "true" } },
    { compare: "nothing" },
  ),
  network(pool({ Subnet: "nonsense" })),
  network(pool({ Gateway: "10.9.0.1" })),
  network(pool({ Subnet: "10.9.0.0/24", Gateway: "10.8.0.1" })),
  network(pool({ Subnet: "10.9.0.0/24", IPRange: "10.8.0.0/25" })),
  post(
    "/networks/create",
    {
      Name: "full",
      Driver: "overlay",
      Attachable: true,
      Internal: true,
      Labels: { a: "b" },
      Options: { foo: "bar" },
      IPAM: {
        Driver: "default",
        Config: [{ Subnet: "10.9.0.0/24", IPRange: "10.9.0.128/25", Gateway: "10.9.0.1" }],
      },
    },
    { learn: { full: "Id" } },
  ),
  ...gets("/networks/full", "/networks/{full}", "/networks/full?scope=swarm"),
  ...gets("/networks/full?scope=local", "/networks/full?verbose=maybe", "/networks/ingress"),
  get("/networks/full?scope=nonsense"),
  ...[
    { id: ["{full}"] },
    { label: ["a=b"] },
    { label: ["a=c"] },
    { driver: ["overlay"], name: ["full"] },
    { scope: ["swarm"], name: ["full"] },
    { type: ["custom"], name: ["full"] },
    { type: ["builtin"], scope: ["swarm"] },
    { type: ["x"] },
    { bogus: ["x"] },
  ].map((filter) => filtered("/networks", filter)),
  onNetwork("onnet", "full"),
  get("/services/onnet", { compare: "fields" }),
  del("/networks/full"),
  onNetwork("other", "nope"),
  onNetwork("other", "ingress"),
  del("/services/onnet"),
  del("/networks/{net}"),
  del("/networks/{net}"),
  del("/networks/nope"),
];
