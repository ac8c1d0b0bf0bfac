import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import path from 'node:path'

/** A folder over HTTP on 127.0.0.1, with ranges; counts what went over its sockets, both ways, heads and all. */
export interface CountingServer extends AsyncDisposable {
  readonly url: string
  bytes(): number
}

export async function serveCounting (folder: string): Promise<CountingServer> {
  const sockets = new Set<Socket>()
  let closedBytes = 0
  const server = createServer((request, response) => {
    const file = path.join(folder, path.normalize(decodeURIComponent(new URL(request.url!, 'http://x').pathname)))
    void stat(file).then(({ size }) => {
      const ranges = readRanges(request.headers.range, size)
      const [only] = ranges
      if (ranges.length > 1) void sendParts(file, ranges, size, response)
      else {
        const { start, end } = only ?? { start: 0, end: size - 1 }
        response.writeHead(only === undefined ? 200 : 206, { 'content-length': String(end + 1 - start), ...only === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${size}` } })
        if (request.method === 'HEAD' || size === 0) response.end()
        else createReadStream(file, { start, end }).pipe(response)
      }
    }, () => { response.writeHead(404, { 'content-length': '0' }).end() })
  })
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => { sockets.delete(socket); closedBytes += socket.bytesRead + socket.bytesWritten })
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bytes: () => closedBytes + [...sockets].reduce((sum, socket) => sum + socket.bytesRead + socket.bytesWritten, 0),
    async [Symbol.asyncDispose] () {
      server.closeAllConnections()
      await new Promise(resolve => { server.close(resolve) })
    },
  }
}

interface Range { readonly start: number, readonly end: number }

/** RFC 9110, 14.1.2, as far as zsync and casync use it. @returns none: the whole */
function readRanges (header: string | undefined, size: number): Range[] {
  if (header?.startsWith('bytes=') !== true) return []
  return header.slice(6).split(',').map(part => {
    const [start, end] = part.trim().split('-') as [string, string]
    return { start: Number(start), end: end === '' ? size - 1 : Math.min(size - 1, Number(end)) }
  })
}

/** Several ranges at once: RFC 9110, 14.6. */
async function sendParts (file: string, ranges: readonly Range[], size: number, response: ServerResponse): Promise<void> {
  const boundary = 'a-part-of-the-file'
  const parts: Buffer[] = []
  const handle = await open(file)
  try {
    for (const { start, end } of ranges) {
      const bytes = Buffer.alloc(end + 1 - start)
      await handle.read(bytes, 0, bytes.length, start)
      parts.push(Buffer.from(`\r\n--${boundary}\r\ncontent-range: bytes ${start}-${end}/${size}\r\n\r\n`), bytes)
    }
  } finally {
    await handle.close()
  }
  const body = Buffer.concat([...parts, Buffer.from(`\r\n--${boundary}--\r\n`)])
  response.writeHead(206, { 'content-type': `multipart/byteranges; boundary=${boundary}`, 'content-length': String(body.length) }).end(body)
}
