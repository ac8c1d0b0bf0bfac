/** Calls of Kubo's RPC API (docs.ipfs.tech/reference/kubo/rpc), which js-ipfs has as well: POST, the arguments in the query. */
import { request, type RequestOptions } from 'node:http'
import { AppError } from '../errors/app-error.ts'
import { messageOf } from '../errors/code-of.ts'

export interface KuboCall {
  /** Below `/api/v0/`, with its query: `block/get?arg=…` */
  readonly call: string
  /** Of the answer. */
  readonly maxBytes: number
  /** Without a byte from it. */
  readonly silenceMs: number
  /** For the whole answer: of what is small, from whoever may have the port of a daemon that ended. */
  readonly limitMs?: number
  readonly signal: AbortSignal
}

/**
 * @param api multiaddr: `/ip4/127.0.0.1/tcp/5001`, with `/http` behind it or not, or `/unix/<path>`
 * @returns the whole answer
 * @throws AppError KUBO_UNREACHABLE (exit unreachable) when it does not answer, answers too much, or not with 200; the signal's reason
 */
export async function askKuboApi (api: string, { call, maxBytes, silenceMs, limitMs, signal }: KuboCall): Promise<Uint8Array> {
  const endpoint = endpointOf(api)
  if (endpoint === undefined) throw new AppError('KUBO_UNREACHABLE', `its API address ${api} is not understood`, { exit: 'unreachable' })
  signal.throwIfAborted()
  return await new Promise<Uint8Array>((resolve, reject) => {
    const fail = (e: unknown): void => {
      reject(signal.aborted ? signal.reason as Error : new AppError('KUBO_UNREACHABLE', `its API at ${api} does not answer (${messageOf(e)})`, { exit: 'unreachable', cause: e }))
    }
    const req = request({ ...endpoint, method: 'POST', path: `/api/v0/${call}`, agent: false, timeout: silenceMs, signal }, res => {
      const chunks: Uint8Array[] = []
      let sizeBytes = 0
      res.on('data', (chunk: Uint8Array) => {
        chunks.push(chunk)
        sizeBytes += chunk.length
        if (sizeBytes > maxBytes) req.destroy(new Error(`an answer of over ${maxBytes} bytes`))
      }).on('end', () => {
        if (res.statusCode === 200) resolve(new Uint8Array(Buffer.concat(chunks)))
        else fail(new Error(`status ${res.statusCode ?? 0}${saying(Buffer.concat(chunks))}`))
      }).on('error', fail)
    })
    if (limitMs !== undefined) AbortSignal.timeout(limitMs).addEventListener('abort', () => { req.destroy(new Error(`no whole answer within ${limitMs} ms`)) }, { once: true })
    req.on('timeout', () => { req.destroy(new Error(`nothing for ${silenceMs} ms`)) }).on('error', fail).end()
  })
}

function endpointOf (api: string): RequestOptions | undefined {
  const [, socketPath] = /^\/unix(\/.+)$/.exec(api) ?? []
  if (socketPath !== undefined) return { socketPath, host: 'localhost' }
  const [, host, port] = /^\/(?:ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(\d{1,5})(?:\/http)?$/.exec(api) ?? []
  return host === undefined ? undefined : { host, port }
}

/** Its own words, where it has some: `{"Message": …}`. */
function saying (answer: Uint8Array): string {
  try {
    const { Message } = JSON.parse(new TextDecoder().decode(answer)) as { Message?: unknown }
    return typeof Message === 'string' ? `: ${Message.slice(0, 200)}` : ''
  } catch {
    return ''
  }
}
