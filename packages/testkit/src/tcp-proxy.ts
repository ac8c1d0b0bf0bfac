import { connect, createServer, type Socket } from 'node:net'

/** `up`: from those who dial to the target. */
export type Direction = 'up' | 'down'

/**
 * A door on 127.0.0.1 in front of a TCP port, which counts the bytes of both directions and does something at a chosen one.
 * Bytes are counted over all connections since `reset`.
 */
export class TcpProxy implements AsyncDisposable {
  readonly port: number
  #server: ReturnType<typeof createServer>
  #targetPort: number
  #sockets = new Set<Socket>()
  #passed = { up: 0, down: 0 }
  #point: { readonly direction: Direction, readonly offset: number, readonly act: () => void } | undefined

  private constructor (server: ReturnType<typeof createServer>, targetPort: number) {
    this.#server = server
    this.#targetPort = targetPort
    this.port = (server.address() as { port: number }).port
    server.on('connection', client => { this.#accept(client) })
  }

  static async to (targetPort: number): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true })
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
    return new TcpProxy(server, targetPort)
  }

  /** As `--address` takes it. */
  get address (): string { return `/ip4/127.0.0.1/tcp/${this.port}` }
  get passed (): Readonly<Record<Direction, number>> { return { ...this.#passed } }

  /** Counts anew, to another target if one is given, with no point set. */
  reset (targetPort = this.#targetPort): void {
    this.#targetPort = targetPort
    this.#passed = { up: 0, down: 0 }
    this.#point = undefined
  }

  /** Once, when exactly `offset` bytes of a direction went through and more are there, before those go on. */
  at (direction: Direction, offset: number, act: () => void): void { this.#point = { direction, offset, act } }

  /** Breaks every connection off. */
  cut (): void { for (const socket of this.#sockets) socket.destroy() }

  #accept (client: Socket): void {
    const target = connect(this.#targetPort, '127.0.0.1')
    for (const [from, to, direction] of [[client, target, 'up'], [target, client, 'down']] as const) {
      this.#sockets.add(from)
      from.setNoDelay(true)
      from.on('error', () => {})
      from.on('close', () => { this.#sockets.delete(from); to.destroy() })
      from.on('end', () => { to.end() })
      from.on('data', chunk => { this.#pass(chunk as Buffer, from, to, direction) })
    }
  }

  #pass (chunk: Buffer, from: Socket, to: Socket, direction: Direction): void {
    const room = this.#point?.direction === direction ? this.#point.offset - this.#passed[direction] : Infinity
    if (chunk.length <= room) {
      this.#passed[direction] += chunk.length
      if (to.writable && !to.write(chunk)) { from.pause(); to.once('drain', () => { from.resume() }) }
      return
    }
    const { act } = this.#point!
    this.#point = undefined
    this.#passed[direction] += room
    from.pause() // the rest waits for what is done here
    to.write(chunk.subarray(0, room), () => {
      act()
      if (from.destroyed || to.destroyed) return
      from.resume()
      this.#pass(chunk.subarray(room), from, to, direction)
    })
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    this.cut()
    await new Promise(resolve => { this.#server.close(resolve) })
  }
}
