import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import { httpClient, type HttpAnswer, type HttpRequest } from '../../src/adapters/http-client.ts'

let server: Server | undefined
afterEach(() => { server?.closeAllConnections(); server?.close() })

async function serve (handler: RequestListener): Promise<string> {
  server = createServer(handler)
  await new Promise<void>(resolve => { server!.listen(0, '127.0.0.1', resolve) })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
async function send (url: string, request: Partial<HttpRequest> = {}): Promise<HttpAnswer> {
  return await httpClient({}).send({ method: 'GET', url: new URL(url), headers: {}, maxBytes: 100, ...request }, new AbortController().signal)
}

test('an answer comes with its status, its type without parameters, and its body', async () => {
  const url = await serve((_request, response) => { response.writeHead(200, { 'content-type': 'Text/Plain; charset=utf-8' }).end('hello') })
  const { status, contentType, body } = await send(url)
  expect([status, contentType, Buffer.from(body).toString()]).toEqual([200, 'text/plain', 'hello'])
})

test('one over the limit is refused, with a length or without; one at the limit is taken; of other statuses the body is left', async () => {
  const url = await serve((request, response) => {
    const [, status, bytes] = request.url!.split('/')
    response.writeHead(Number(status))
    response.write('x'.repeat(Number(bytes)))
    response.end()
  })
  expect((await send(`${url}/200/100`)).body.length).toBe(100)
  await expect(send(`${url}/200/101`)).rejects.toMatchObject({ code: 'HTTP_ANSWER_TOO_LARGE', message: 'the answer has over 100 bytes' })
  expect(await send(`${url}/404/5000000`)).toEqual({ status: 404, contentType: '', body: new Uint8Array(0) })
})

test('the answer to a PUT is what it is, also when it leads elsewhere', async () => {
  const url = await serve((_request, response) => { response.writeHead(302, { location: '/x' }).end() })
  expect((await send(url, { method: 'PUT', body: Uint8Array.of(1) })).status).toBe(302)
})
