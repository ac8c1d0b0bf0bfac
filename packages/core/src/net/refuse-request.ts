import type { ServerResponse } from 'node:http'

/** Answers with a status, and a text for whoever looks with curl; never a message of ours. The connection ends where a body was not read. */
export function refuseRequest (response: ServerResponse, status: number, text: string, headers: Readonly<Record<string, string>> = {}): void {
  const { method } = response.req
  const close = method === 'GET' || method === 'HEAD' ? {} : { connection: 'close' }
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...close, ...headers })
  response.end(method === 'HEAD' ? undefined : `${text}\n`)
}
