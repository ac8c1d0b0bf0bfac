import net from 'node:net'

/** A TCP port that hands everything on to another one, as long as it is let. Keeps its port. */
export class FaultyLink {
  /** Bytes that may still go to the browser. When they are used up, every connection is cut, and none gets through until it is set again. */
  budgetBytes = Infinity
  /** All bytes that went to the browser. */
  sentBytes = 0
  readonly #sockets = new Set<net.Socket>()
  #server: net.Server | undefined
  #target = 0

  get port (): number { return (this.#server!.address() as net.AddressInfo).port }

  async open (target: number): Promise<void> {
    this.#target = target
    if (this.#server !== undefined) return
    this.#server = net.createServer(near => { this.#join(near) })
    await new Promise<void>(resolve => { this.#server!.listen(0, '127.0.0.1', resolve) })
  }

  async close (): Promise<void> {
    const closed = new Promise(resolve => this.#server!.close(resolve))
    this.#cut()
    await closed
  }

  #cut (): void { for (const socket of this.#sockets) socket.destroy() }

  #join (near: net.Socket): void {
    if (this.budgetBytes <= 0) { near.destroy(); return }
    const far = net.connect(this.#target, '127.0.0.1')
    for (const [socket, other] of [[near, far], [far, near]] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => { this.#sockets.delete(socket); other.destroy() })
    }
    near.pipe(far)
    far.on('data', (bytes: Buffer) => {
      const part = bytes.subarray(0, Math.max(0, this.budgetBytes))
      this.sentBytes += part.length
      this.budgetBytes -= part.length
      const room = near.write(part, () => { if (this.budgetBytes <= 0) this.#cut() })
      if (room) return
      far.pause()
      near.once('drain', () => { far.resume() })
    })
    far.on('end', () => { near.end() })
  }
}
