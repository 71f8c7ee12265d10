import type { ReflectionObject } from "protobufjs";

/** Packages whose types have their names alone; those of others get the package's first word. */
const OWN_PACKAGE = "skep";

/**
 * TypeScript name of a type or service: a nested type is prefixed by its parents' names, one of a
 * foreign package by the package's: `Volume` of `csi.v1` is `CsiVolume`.
 */
export function typeName({ fullName }: Pick<ReflectionObject, "fullName">): string {
  const [root = "", , ...names] = fullName.slice(1).split(".");
  if (root === OWN_PACKAGE) return names.join("");
  return root.charAt(0).toUpperCase() + root.slice(1) + names.join("");
}
