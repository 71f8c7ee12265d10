import type { StoreView } from "../../../manager/store/tables.ts";
import { NodeRole } from "../../../proto/generated.ts";

/**
 * Why the nodes are not yet what they were told to be; null when they are.
 * @param members the nodes of the members of the Raft group
 */
export function rolesProblem(view: StoreView, members: readonly string[]): string | null {
  const nodes = [...view.node.all()];
  const unlike = nodes.find(({ role, spec }) => role !== spec?.desiredRole);
  if (unlike) return `node ${unlike.id} has role ${unlike.role}, not ${unlike.spec?.desiredRole}`;
  const managers = nodes.filter(({ role }) => role === NodeRole.MANAGER).map(({ id }) => id);
  const absent = managers.find((id) => !members.includes(id));
  if (absent !== undefined) return `manager ${absent} is no member of the Raft group`;
  const stray = members.find((id) => !managers.includes(id));
  return stray === undefined ? null : `node ${stray} is in the Raft group, and no manager`;
}
