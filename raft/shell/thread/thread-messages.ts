import type { FromDriver, PortError, ToDriver } from "../driver/port.ts";
import type { MemberIdentity } from "../member-file.ts";

/** What a member's thread is told. */
export type ToThread =
  | { readonly kind: "begin"; readonly identity: MemberIdentity }
  /** The member is not to begin after all. */
  | { readonly kind: "release" }
  | { readonly kind: "driver"; readonly messages: readonly ToDriver[] };

/** What a member's thread tells. */
export type FromThread =
  | {
      readonly kind: "bound";
      readonly addr: string;
      readonly identity: MemberIdentity | undefined;
    }
  /** The member could not be bound or begun. */
  | { readonly kind: "failed"; readonly error: PortError }
  | { readonly kind: "host"; readonly messages: readonly FromDriver[] }
  /** A line of the thread's log, as pino writes it. */
  | { readonly kind: "log"; readonly line: string };
