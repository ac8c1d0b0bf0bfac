/**
 * Resolves when what had arrived by now, at any socket, has been read. node runs timers before it reads: after a process stood still
 * (suspended, or on a busy machine) the limits on silence come due first, with bytes already there.
 */
export async function awaitPendingIo (): Promise<void> {
  await new Promise<void>(resolve => { setImmediate(resolve) })
}
