import { readFileSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttp, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { connect, createServer as createTcp, type AddressInfo, type Socket } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { build } from 'esbuild'
import { openHttp, readReply, type HttpOptions, type HttpReply, type HttpRequest } from '../../src/net/http-request.ts'
import { MAX_HTTP_REDIRECTS } from '../../src/net/limits.ts'
import type { Environment } from '../../src/net/proxy-route.ts'

let ending: Array<() => void>
beforeEach(() => { ending = [] })
afterEach(() => { for (const end of ending.reverse()) end() })

/** @returns its port on 127.0.0.1 */
async function listening (server: Pick<Server, 'listen' | 'address' | 'close'> & { closeAllConnections?(): void }): Promise<number> {
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', () => { resolve() }) })
  ending.push(() => { server.closeAllConnections?.(); server.close() })
  return (server.address() as AddressInfo).port
}
const serve = async (handler: RequestListener): Promise<string> => `http://127.0.0.1:${await listening(createHttp(handler))}`
const never = new AbortController().signal

/** `from`: where it was led to, the last one answered. */
interface Answer { readonly status: number, readonly headers: HttpReply['headers'], readonly body: string, readonly from: readonly string[] }

async function send (url: string, request: Partial<HttpRequest> = {}, env: Environment = {}, options: Partial<HttpOptions> = {}): Promise<Answer> {
  const reply = await openHttp({ method: 'GET', url: new URL(url), headers: {}, ...request }, { env, signal: never, ...options })
  const { status, headers, redirectedBy } = reply
  return { status, headers, body: Buffer.from(await readReply(reply, 100, 'what is small')).toString(), from: [...redirectedBy, reply.url].map(from => from.href) }
}
async function failureOf (work: Promise<unknown>): Promise<string> {
  try { await work } catch (e) { return `${(e as { code?: string }).code ?? 'Error'}: ${(e as Error).message}` }
  return 'done'
}

describe('an answer', () => {
  test('comes with its status, its headers, its body and where it is from', async () => {
    const url = await serve((_request, response) => { response.writeHead(404, { 'X-A': 'b' }).end('hello') })
    const { status, headers, body, from } = await send(`${url}/a`)
    expect([status, headers['x-a'], body, from]).toEqual([404, 'b', 'hello', [`${url}/a`]])
  })

  test('to a PUT or a POST: headers and body arrive whole', async () => {
    const got: unknown[] = []
    const url = await serve((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => { parts.push(part) }).on('end', () => { got.push(request.method, request.url, request.headers['x-a'], request.headers['content-length'], Buffer.concat(parts).toString()); response.end() })
    })
    for (const method of ['PUT', 'POST'] as const) expect((await send(`${url}/a?b=c`, { method, headers: { 'x-a': '1' }, body: new TextEncoder().encode('record') })).status).toBe(200)
    expect(got).toEqual(['PUT', '/a?b=c', '1', '6', 'record', 'POST', '/a?b=c', '1', '6', 'record'])
  })

  test.each(['length', 'chunks'])('that is cut is none: %s', async how => {
    const url = await serve((_request, response) => { response.writeHead(200, how === 'length' ? { 'content-length': '50' } : {}); response.write('half'); setImmediate(() => { response.destroy() }) })
    expect(await failureOf(send(url))).toMatch(/^HTTP_UNREACHABLE: http:.* does not answer \(ECONNRESET\)$/)
  })

  test('over the limit of who reads it is refused, and the connection ends', async () => {
    let closed: Promise<unknown> | undefined
    const url = await serve((_request, response) => {
      closed = new Promise(resolve => { response.on('close', resolve) })
      const more = (): void => { while (response.write(Buffer.alloc(65_536))); response.once('drain', more) }
      more()
    })
    expect(await failureOf(send(url))).toBe('HTTP_ANSWER_TOO_LARGE: what is small has over 100 bytes')
    await closed
  })

  test('that nobody wants is discarded, and the connection ends', async () => {
    let closed: Promise<unknown> | undefined
    const url = await serve((_request, response) => { closed = new Promise(resolve => { response.on('close', resolve) }); response.write('first') })
    const reply = await openHttp({ method: 'GET', url: new URL(url), headers: {} }, { env: {}, signal: never })
    reply.discard()
    await closed
  })

  test('may be read slower than a server may be silent', async () => {
    const wholeBytes = 8 * 1024 * 1024
    const url = await serve((_request, response) => { response.end(Buffer.alloc(wholeBytes)) })
    const reply = await openHttp({ method: 'GET', url: new URL(url), headers: {} }, { env: {}, signal: never, silenceMs: 1000 })
    let sizeBytes = 0
    for await (const part of reply.source) {
      if (sizeBytes === 0) await new Promise(resolve => { setTimeout(resolve, 1500) })
      sizeBytes += part.length
    }
    expect(sizeBytes).toBe(wholeBytes)
  })

  test('that came while this process stood still was not late', async () => {
    let server: Socket | undefined
    const port = await listening(createTcp(socket => { server = socket.on('error', () => {}); socket.write('HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nhalf') }) as never)
    const reply = await openHttp({ method: 'GET', url: new URL(`http://127.0.0.1:${port}`), headers: {} }, { env: {}, signal: never, silenceMs: 1000 })
    const parts: string[] = []
    for await (const part of reply.source) {
      if (parts.push(Buffer.from(part).toString()) > 1) continue
      setImmediate(() => { // by then the second half is waited for
        server!.write('half')
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500)
      })
    }
    expect(parts).toEqual(['half', 'half'])
  })
})

describe('a server', () => {
  test('that is not there', async () => {
    const server = createHttp()
    const port = await listening(server)
    await new Promise(resolve => { server.close(resolve) })
    expect(await failureOf(send(`http://127.0.0.1:${port}`))).toBe(`HTTP_UNREACHABLE: http://127.0.0.1:${port} does not answer (ECONNREFUSED)`)
  })

  test('that speaks something else', async () => {
    const port = await listening(createTcp(socket => { socket.end('220 mail.test ESMTP\r\n') }) as never)
    expect(await failureOf(send(`http://127.0.0.1:${port}`))).toMatch(/^HTTP_UNREACHABLE: /)
  })

  test('that says nothing until the caller stops', async () => {
    const stop = new AbortController()
    const url = await serve(() => { stop.abort(new Error('stopped')) })
    expect(await failureOf(send(url, {}, {}, { signal: stop.signal }))).toBe('Error: stopped')
    expect(await failureOf(send(url, {}, {}, { signal: stop.signal }))).toBe('Error: stopped')
  })

  test.each(['nothing', 'a head', 'a half'])('that says %s and then nothing is given up', async said => {
    const url = await serve((_request, response) => {
      if (said !== 'nothing') response.writeHead(200, { 'content-length': '50' }).flushHeaders()
      if (said === 'a half') response.write('half')
    })
    expect(await failureOf(send(url, {}, {}, { silenceMs: 100 }))).toBe(`HTTP_UNREACHABLE: ${url} does not answer (nothing for 100 ms)`)
  })

  test('the caller stops in the middle of the answer', async () => {
    const stop = new AbortController()
    const url = await serve((_request, response) => { response.write('half') })
    const reply = await openHttp({ method: 'GET', url: new URL(url), headers: {} }, { env: {}, signal: stop.signal })
    expect(await failureOf((async () => { for await (const _part of reply.source) stop.abort(new Error('stopped')) })())).toBe('Error: stopped')
  })
})

describe('redirects', () => {
  const hops = async (): Promise<string> => await serve((request, response) => {
    const left = Number(request.url!.slice(1))
    if (left > 0) response.writeHead(302, { location: `/${left - 1}` }).end('moved')
    else response.end(request.method)
  })

  test('are followed, so many and no more', async () => {
    const url = await hops()
    const { body, from } = await send(`${url}/${MAX_HTTP_REDIRECTS}`)
    expect([body, from]).toEqual(['GET', Array.from({ length: MAX_HTTP_REDIRECTS + 1 }, (_, i) => `${url}/${MAX_HTTP_REDIRECTS - i}`)])
    expect(await failureOf(send(`${url}/${MAX_HTTP_REDIRECTS + 1}`))).toBe(`HTTP_UNREACHABLE: ${url} does not answer (it leads on and on)`)
  })

  test('to another server in plain HTTP are not: nobody else asks through us what is on this machine or this network', async () => {
    let asked = 0
    const inside = await serve((_request, response) => { asked++; response.end('inside') })
    const url = await serve((_request, response) => { response.writeHead(302, { location: `${inside}/api/reboot` }).end() })
    expect(await failureOf(send(url))).toBe(`HTTP_UNREACHABLE: ${url} does not answer (it leads to ${inside})`)
    expect(asked).toBe(0)
  })

  test('of a PUT are not', async () => {
    expect((await send(`${await hops()}/1`, { method: 'PUT', body: Uint8Array.of(1) })).status).toBe(302)
  })

  test.each([['file:///etc/passwd', 'it leads to file://'], ['ftp://x.test/', 'it leads to ftp://'], ['http://', 'it leads on and on']])('to %s are not', async (location, why) => {
    const url = await serve((_request, response) => { response.writeHead(301, { location }).end() })
    expect(await failureOf(send(url))).toBe(`HTTP_UNREACHABLE: ${url} does not answer (${why})`)
  })
})

/** A proxy that makes every name an address of this machine. @returns its port; `seen` fills with what it was asked */
async function proxyTo (targetPort: number, seen: string[], status = 200): Promise<number> {
  const server = createHttp((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? '-'} ${request.headers.host}`)
    response.end('through')
  })
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    seen.push(`CONNECT ${request.url} ${request.headers['proxy-authorization'] ?? '-'}`)
    if (status !== 200) { socket.end(`HTTP/1.1 ${status} no\r\n\r\n`); return }
    const onward = connect(targetPort, '127.0.0.1', () => { socket.write('HTTP/1.1 200 ok\r\n\r\n'); socket.pipe(onward).pipe(socket) })
    for (const end of [socket, onward]) end.on('error', () => {})
  })
  return await listening(server)
}

describe('a proxy', () => {
  test('is asked for the whole address of plain HTTP', async () => {
    const seen: string[] = []
    const port = await proxyTo(0, seen)
    const env = { HTTP_PROXY: `http://us%20er:pass@127.0.0.1:${port}` }
    expect((await send('http://router.test:8080/a?b=c', {}, env)).body).toBe('through')
    expect(seen).toEqual([`GET http://router.test:8080/a?b=c Basic ${Buffer.from('us er:pass').toString('base64')} router.test:8080`])
  })

  test('that is not there, or refuses, is named', async () => {
    const seen: string[] = []
    const port = await proxyTo(0, seen, 407)
    expect(await failureOf(send('https://router.test/', {}, { HTTPS_PROXY: `http://127.0.0.1:${port}` }))).toBe('HTTP_UNREACHABLE: https://router.test does not answer (the proxy answers with status 407)')
    expect(await failureOf(send('https://router.test/', {}, { HTTPS_PROXY: 'socks5://x' }))).toMatch(/^PROXY_INVALID: /)
  })

  testWithProgram('openssl')('is a tunnel for https: the certificate is that of the server behind it', async () => {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'ipkit-http-'))
    ending.push(() => { rmSync(dir, { recursive: true }) })
    const [key, cert] = [path.join(dir, 'key.pem'), path.join(dir, 'cert.pem')]
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=router.test', '-addext', 'subjectAltName=DNS:router.test', '-keyout', key, '-out', cert], { stdio: 'ignore' })
    const trust = readFileSync(cert, 'utf8')
    const targetPort = await listening(createHttps({ key: readFileSync(key), cert: trust }, (request, response) => {
      if (request.url === '/down') response.writeHead(302, { location: 'http://router.test/plain' }).end()
      else response.end(`${request.headers.host}${request.url}`)
    }))
    const seen: string[] = []
    const env = { https_proxy: `127.0.0.1:${await proxyTo(targetPort, seen)}`, http_proxy: `127.0.0.1:${await proxyTo(0, seen)}` }
    expect((await send('https://router.test/x', {}, env, { trust })).body).toBe('router.test/x')
    expect(seen).toEqual(['CONNECT router.test:443 -'])
    expect(await failureOf(send('https://router.test/x', {}, env))).toMatch(/^HTTP_UNREACHABLE: .*(SELF_SIGNED|self.signed)/i)
    expect(await failureOf(send('https://other.test/x', {}, env, { trust }))).toMatch(/^HTTP_UNREACHABLE: .*ERR_TLS_CERT_ALTNAME_INVALID/)
    expect(await failureOf(send('https://router.test/down', {}, env, { trust }))).toBe('HTTP_UNREACHABLE: https://router.test does not answer (it leads to http://)')
  })
})

testWithProgram('openssl')('a certificate that is wrong is wrong, whatever the environment says', async () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'ipkit-http-'))
  ending.push(() => { rmSync(dir, { recursive: true }) })
  const [key, cert, program] = [path.join(dir, 'key.pem'), path.join(dir, 'cert.pem'), path.join(dir, 'ask.mjs')] as const
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=evil', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const port = await listening(createHttps({ key: readFileSync(key), cert: readFileSync(cert) }, (_request, response) => { response.end('evil') }))
  // A process of its own: what node reads of its environment is not what a test sets in its.
  const contents = `import { openHttp } from './http-request.ts'\nopenHttp({ method: 'GET', url: new URL('https://127.0.0.1:${port}/'), headers: {} }, { env: {}, signal: new AbortController().signal }).then(() => { console.log('answered') }, e => { console.log(e.message) }).then(() => process.exit())`
  await build({ stdin: { contents, resolveDir: path.join(import.meta.dirname, '../../src/net'), loader: 'ts' }, bundle: true, platform: 'node', format: 'esm', outfile: program, logLevel: 'silent' })
  const { stdout } = await promisify(execFile)(process.execPath, [program], { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } })
  expect(stdout).toMatch(/ does not answer \(DEPTH_ZERO_SELF_SIGNED_CERT\)\n$/)
})
