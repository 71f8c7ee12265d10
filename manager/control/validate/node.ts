import {
  NodeAvailability,
  NodeMembership,
  NodeRole,
  type NodeSpec,
} from "../../../proto/generated.ts";
import { checkEnum, invalid } from "./check.ts";

/** Checks what a person asks of a node. Its name is free text. */
export function checkNode(spec: NodeSpec | null): NodeSpec {
  if (!spec) throw invalid("a node spec is required");
  checkEnum(spec.desiredRole, NodeRole, "Role");
  checkEnum(spec.membership, NodeMembership, "Membership");
  checkEnum(spec.availability, NodeAvailability, "Availability");
  return spec;
}
