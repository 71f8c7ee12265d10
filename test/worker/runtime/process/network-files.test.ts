import assert from "node:assert/strict";
import { make, type Fields } from "../../../../proto/codec.ts";
import type { ProcessSpec } from "../../../../proto/generated.ts";
import { networkFiles } from "../../../../worker/runtime/process/network-files.ts";

const NODE: Readonly<Record<string, string>> = {
  "/etc/hosts": "127.0.0.1 localhost\n",
  "/etc/resolv.conf":
    "# made by hand\nnameserver 10.0.0.1\nnameserver 10.0.0.2\nsearch old.example\n" +
    "search node.example lan\noptions ndots:2 rotate\n",
};

function files(spec: Fields<ProcessSpec>, node = NODE) {
  return networkFiles(make("ProcessSpec", spec), (path) => node[path] ?? "");
}

describe("the network files of a process", () => {
  it("are the node's when nothing is said, or nothing in it", () => {
    assert.deepEqual(files({}), {});
    assert.deepEqual(files({ dnsConfig: make("DnsConfig") }), {});
  });

  it("name its hosts behind the node's, one name a line", () => {
    const hosts = ["10.1.1.1 db db.example", "fe80::1  gateway"];
    const lines = "10.1.1.1\tdb\n10.1.1.1\tdb.example\nfe80::1\tgateway\n";
    assert.deepEqual(files({ hosts }), { "/etc/hosts": `127.0.0.1 localhost\n${lines}` });
    assert.deepEqual(files({ hosts }, { "/etc/hosts": "::1 localhost" }), {
      "/etc/hosts": `::1 localhost\n${lines}`,
    });
  });

  it("keep what the node says of each part of the DNS configuration that is not given", () => {
    const dns = (config: Parameters<typeof make<"DnsConfig">>[1]): string | undefined =>
      files({ dnsConfig: make("DnsConfig", config) })["/etc/resolv.conf"];
    assert.equal(
      dns({ nameservers: ["1.1.1.1", "::1"] }),
      "nameserver 1.1.1.1\nnameserver ::1\nsearch node.example lan\noptions ndots:2 rotate\n",
    );
    assert.equal(
      dns({ search: ["a.example", "b.example"] }),
      "nameserver 10.0.0.1\nnameserver 10.0.0.2\nsearch a.example b.example\noptions ndots:2 rotate\n",
    );
    assert.equal(
      dns({ search: ["."], options: ["timeout:1"] }),
      "nameserver 10.0.0.1\nnameserver 10.0.0.2\noptions timeout:1\n",
    );
  });
});
