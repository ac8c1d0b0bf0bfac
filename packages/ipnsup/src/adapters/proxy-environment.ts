import type { Environment } from '@ipkit/core/net/proxy-route'

/** What the node's environment says of proxies, as it is at the call. */
export function proxyEnvironment (): Environment { return process.env }
