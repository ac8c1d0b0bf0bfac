import { mkdirSync, writeFileSync } from 'node:fs'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { MemoryBlocks } from './memory-blocks.ts'

export interface FakeDaemon extends AsyncDisposable {
  /** Its multiaddr, also in `<repo>/api`. */
  readonly api: string
  /** `block/get?arg=…` */
  readonly calls: readonly string[]
  /** Answers in its place; true: it has. */
  misbehave (how: ((call: string, response: ServerResponse) => boolean) | undefined): void
}

/** Answers `version`, `resolve` and `block/get` as Kubo's API does, POST only. @param repo gets the file `api` @param listen a path: a unix socket */
export async function fakeDaemon (repo: string, blocks: MemoryBlocks, root: string, listen?: string): Promise<FakeDaemon> {
  const calls: string[] = []
  let how: ((call: string, response: ServerResponse) => boolean) | undefined
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', 'http://kubo')
    const call = url.pathname.replace('/api/v0/', '')
    const arg = url.searchParams.get('arg') ?? ''
    calls.push(`${call}${url.search}`)
    if (request.method !== 'POST') { response.writeHead(405).end(); return }
    if (how?.(call, response) === true) return
    const block = blocks.blocks.get(arg)
    if (call === 'version') response.end('{"Version":"0.43.0"}')
    else if (call === 'resolve' && arg === '/ipns/dist.ipfs.tech') response.end(JSON.stringify({ Path: `/ipfs/${root}` }))
    else if (call === 'block/get' && block !== undefined) response.end(block)
    else response.writeHead(500, { 'content-type': 'application/json' }).end('{"Message":"block was not found locally (offline): ipld: could not find it","Code":0,"Type":"error"}')
  }
  const server = http.createServer(answer)
  await new Promise<void>(resolve => { if (listen === undefined) server.listen(0, '127.0.0.1', resolve); else server.listen(listen, resolve) })
  const api = listen === undefined ? `/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}` : `/unix${listen}`
  mkdirSync(repo, { recursive: true })
  writeFileSync(path.join(repo, 'api'), api)
  return {
    api,
    calls,
    misbehave (next) { how = next },
    async [Symbol.asyncDispose] () {
      server.closeAllConnections()
      await new Promise<void>(resolve => { server.close(() => { resolve() }) })
    },
  }
}
