/**
 * What Node is started with to run swarmd: none of it can be changed once it runs. The young
 * generation is half of Node's own, so that collecting it holds the event loop half as long
 * (docs/decisions/0013-young-generation.md).
 */
export const SWARMD_NODE_FLAGS: readonly string[] = ["--max-semi-space-size=8"];
