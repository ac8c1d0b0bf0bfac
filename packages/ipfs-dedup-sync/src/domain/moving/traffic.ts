/** Bytes of connections, in all. */
export interface Traffic { readonly receivedBytes: number, readonly sentBytes: number }

/** What went between two looks, to and from these peers. */
export function trafficSince (before: ReadonlyMap<string, Traffic>, now: ReadonlyMap<string, Traffic>, peers: Iterable<string>): Traffic {
  let receivedBytes = 0
  let sentBytes = 0
  for (const peer of peers) {
    const [was, is] = [before.get(peer), now.get(peer)]
    receivedBytes += (is?.receivedBytes ?? 0) - (was?.receivedBytes ?? 0)
    sentBytes += (is?.sentBytes ?? 0) - (was?.sentBytes ?? 0)
  }
  return { receivedBytes, sentBytes }
}
