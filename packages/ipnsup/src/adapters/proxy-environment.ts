import type { Environment } from './proxy-route.ts'

/** What the node's environment says of proxies, as it is at the call. */
export function proxyEnvironment (): Environment { return process.env }
