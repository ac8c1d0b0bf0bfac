/** HTTP requests with small answers. */
import { openHttp, readReply, type HttpRequest as OpenRequest } from '@ipkit/core/net/http-request'
import type { Environment } from '@ipkit/core/net/proxy-route'

export interface HttpRequest extends OpenRequest {
  /** Of the answer. */
  readonly maxBytes: number
}

export interface HttpAnswer {
  readonly status: number
  /** In small letters and without parameters; '' where there is none. */
  readonly contentType: string
  /** Empty unless the status is 200. */
  readonly body: Uint8Array
}

export interface HttpClient {
  /** @throws AppError HTTP_UNREACHABLE, HTTP_ANSWER_TOO_LARGE, PROXY_INVALID; the signal's reason */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>
}

export function httpClient (env: Environment): HttpClient {
  return {
    async send ({ maxBytes, ...request }, signal) {
      const reply = await openHttp(request, { env, signal })
      const { status, headers } = reply
      const contentType = (String(headers['content-type'] ?? '')).split(';', 1)[0]!.trim().toLowerCase()
      if (status === 200) return { status, contentType, body: await readReply(reply, maxBytes) }
      reply.discard()
      return { status, contentType, body: new Uint8Array(0) }
    },
  }
}
