import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from '@jest/globals'
import { HttpConnection } from '@ipkit/core/daemon/http-connection'

const MIB = 1 << 20

test('an upload of any length is not held in memory', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const dir = mkdtempSync(path.join(os.tmpdir(), 'ipkit-http-'))
  let receivedBytes = 0
  const server = net.createServer(socket => {
    socket.on('error', () => {}).on('data', (bytes: Buffer) => {
      receivedBytes += bytes.length
      if (bytes.subarray(-5).toString() === '0\r\n\r\n') socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
    })
  })
  await new Promise<void>(resolve => { server.listen(path.join(dir, 's'), resolve) })
  const pieces = new Array<WeakRef<Uint8Array>>()
  let alive = 0
  async function * upload (): AsyncGenerator<Uint8Array> {
    for (let n = 0; n < 64; n++) {
      const piece = Buffer.alloc(MIB)
      pieces.push(new WeakRef(piece))
      yield piece
    }
    await new Promise(resolve => { setImmediate(resolve) }) // a WeakRef holds its target until the present job is over
    collect()
    alive = pieces.filter(piece => piece.deref() !== undefined).length
  }
  try {
    const connection = new HttpConnection(path.join(dir, 's'))
    const { status } = await connection.request({ method: 'POST', path: '/', accept: '*/*', head: Buffer.from('{}\n'), upload: upload() })
    connection.destroy()
    expect([status, receivedBytes > 64 * MIB]).toEqual([200, true])
    expect(alive).toBeLessThan(16)
  } finally {
    await new Promise(resolve => { server.close(resolve) })
    rmSync(dir, { recursive: true })
  }
})
