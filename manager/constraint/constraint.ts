import ipaddr from "ipaddr.js";
import { SwarmError } from "../../lib/errors.ts";
import { NodeRole, type Node } from "../../proto/generated.ts";

/** One placement constraint: what a node's attribute must, or must not, be. */
export interface Constraint {
  /** As written; only the keys of labels keep their case. */
  readonly key: string;
  readonly equal: boolean;
  readonly value: string;
}

// Docker's alphabet. A value may hold what looks like a pattern, but is compared as it stands.
const KEY = /^[a-z_][a-z0-9\-_.]+$/i;
const VALUE = /^[a-z0-9:\-_\s.*()?+[\]\\^$|/]+$/i;

const NODE_LABEL = "node.labels.";
const ENGINE_LABEL = "engine.labels.";

/**
 * Parses one constraint: `key==value` or `key!=value`, blanks around both allowed.
 * @throws SwarmError `invalid`
 */
export function parseConstraint(text: string): Constraint {
  const parsed = read(text);
  if (typeof parsed === "string") throw new SwarmError("invalid", parsed);
  return parsed;
}

/** The constraint, or what is wrong with it. */
function read(text: string): Constraint | string {
  const at = text.search(/[=!]=/);
  if (at < 0) return `constraint expected one operator from ==, !=: ${JSON.stringify(text)}`;
  const key = text.slice(0, at).trim();
  const value = text.slice(at + 2).trim();
  if (!KEY.test(key)) return `key '${key}' is invalid`;
  if (!VALUE.test(value)) return `value '${value}' is invalid`;
  return { key, equal: text[at] === "=", value };
}

/** Parses every constraint of a placement. Throws `invalid` for the first bad one. */
export function parseConstraints(texts: readonly string[]): readonly Constraint[] {
  return texts.map(parseConstraint);
}

/** Whether `node` meets all of `constraints`. */
export function meetsConstraints(node: Node, constraints: readonly Constraint[]): boolean {
  return constraints.every((constraint) => meetsConstraint(node, constraint));
}

/**
 * Whether `node` meets all constraints as they are written in a placement. One that cannot be
 * parsed is met by no node.
 */
export function nodeFits(node: Node, texts: readonly string[]): boolean {
  return texts.every((text) => {
    const constraint = read(text);
    return typeof constraint !== "string" && meetsConstraint(node, constraint);
  });
}

/**
 * Whether `node` meets `constraint`. Values compare without case; a missing label is the empty
 * string; a key that is not known is met by no node, whatever the operator.
 */
export function meetsConstraint(node: Node, constraint: Constraint): boolean {
  const { key, equal, value } = constraint;
  if (isAddress(key)) return meetsAddress(node.status?.addr ?? "", constraint);
  const actual = attribute(node, key);
  return actual !== undefined && (actual.toLowerCase() === value.toLowerCase()) === equal;
}

function isAddress(key: string): boolean {
  return key.toLowerCase() === "node.ip";
}

/** What `node` has for `key`, as it is shown to people; undefined when there is no such key. */
export function attributeOf(node: Node, key: string): string | undefined {
  return isAddress(key) ? (node.status?.addr ?? "") : attribute(node, key);
}

/** The value of attribute `key` of `node`; undefined when there is no such attribute. */
function attribute(node: Node, key: string): string | undefined {
  const lower = key.toLowerCase();
  switch (lower) {
    case "node.id":
      return node.id;
    case "node.hostname":
      return node.description?.hostname ?? "";
    case "node.role":
      return node.role === NodeRole.MANAGER ? "manager" : "worker";
    case "node.platform.os":
      return node.description?.platform?.os ?? "";
    case "node.platform.arch":
      return node.description?.platform?.architecture ?? "";
    default:
      return label(node, key, lower);
  }
}

function label(node: Node, key: string, lower: string): string | undefined {
  if (lower.startsWith(NODE_LABEL) && key.length > NODE_LABEL.length)
    return node.spec?.annotations?.labels[key.slice(NODE_LABEL.length)] ?? "";
  if (lower.startsWith(ENGINE_LABEL) && key.length > ENGINE_LABEL.length)
    return node.description?.engine?.labels[key.slice(ENGINE_LABEL.length)] ?? "";
  return undefined;
}

/** `node.ip` takes an address or a CIDR network; anything else is met by no node. */
function meetsAddress(address: string, { equal, value }: Constraint): boolean {
  const network = parseNetwork(value);
  if (!network) return false;
  const inside = ipaddr.isValid(address) && contains(network, ipaddr.process(address));
  return inside === equal;
}

type Address = ReturnType<typeof ipaddr.process>;
type Network = readonly [Address, number];

function parseNetwork(text: string): Network | undefined {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  if (!ipaddr.isValid(text)) return undefined;
  const address = ipaddr.process(text);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}

function contains(network: Network, address: Address): boolean {
  return network[0].kind() === address.kind() && address.match(network[0], network[1]);
}
