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

/**
 * Whether `node` meets all constraints as they are written in a placement. One that cannot be
 * parsed is met by no node.
 */
export function nodeFits(node: Node, texts: readonly string[]): boolean {
  return texts.every((text) => textCheck(text)(node));
}

/** The check of a constraint as it is written in a placement; one that cannot be parsed fails. */
export function textCheck(text: string): (node: Node) => boolean {
  const constraint = read(text);
  return typeof constraint === "string" ? () => false : constraintCheck(constraint);
}

/**
 * Whether `node` meets `constraint`. Values compare without case; a missing label is the empty
 * string; a key that is not known is met by no node, whatever the operator.
 */
export function meetsConstraint(node: Node, constraint: Constraint): boolean {
  return constraintCheck(constraint)(node);
}

/** {@link meetsConstraint} for many nodes: whatever is the same for all is worked out once. */
export function constraintCheck(constraint: Constraint): (node: Node) => boolean {
  const { key, equal, value } = constraint;
  if (isAddress(key)) return addressCheck(constraint);
  const read = attributeReader(key);
  if (!read) return () => false;
  const wanted = value.toLowerCase();
  return (node) => (read(node).toLowerCase() === wanted) === equal;
}

function isAddress(key: string): boolean {
  return key.toLowerCase() === "node.ip";
}

/** What `node` has for `key`, as it is shown to people; undefined when there is no such key. */
export function attributeOf(node: Node, key: string): string | undefined {
  return isAddress(key) ? (node.status?.addr ?? "") : attributeReader(key)?.(node);
}

/** Reads attribute `key` of a node; undefined when there is no such attribute. */
function attributeReader(key: string): ((node: Node) => string) | undefined {
  const lower = key.toLowerCase();
  switch (lower) {
    case "node.id":
      return (node) => node.id;
    case "node.hostname":
      return (node) => node.description?.hostname ?? "";
    case "node.role":
      return (node) => (node.role === NodeRole.MANAGER ? "manager" : "worker");
    case "node.platform.os":
      return (node) => node.description?.platform?.os ?? "";
    case "node.platform.arch":
      return (node) => node.description?.platform?.architecture ?? "";
    default:
      return labelReader(key, lower);
  }
}

function labelReader(key: string, lower: string): ((node: Node) => string) | undefined {
  if (lower.startsWith(NODE_LABEL) && key.length > NODE_LABEL.length) {
    const label = key.slice(NODE_LABEL.length);
    return (node) => node.spec?.annotations?.labels[label] ?? "";
  }
  if (lower.startsWith(ENGINE_LABEL) && key.length > ENGINE_LABEL.length) {
    const label = key.slice(ENGINE_LABEL.length);
    return (node) => node.description?.engine?.labels[label] ?? "";
  }
  return undefined;
}

/** `node.ip` takes an address or a CIDR network; anything else is met by no node. */
function addressCheck({ equal, value }: Constraint): (node: Node) => boolean {
  const network = parseNetwork(value);
  if (!network) return () => false;
  return ({ status }) => {
    const address = status?.addr ?? "";
    const inside = ipaddr.isValid(address) && contains(network, ipaddr.process(address));
    return inside === equal;
  };
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
