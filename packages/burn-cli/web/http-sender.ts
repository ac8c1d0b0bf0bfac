import { AppError } from '@ipkit/core/errors/app-error'
import type { WebSender } from './read-message.ts'

/** Without a byte for so long, the connection counts as broken. */
const STALL_MS = 30_000

/** @param url of /burn/v1 on the node that served the page */
export function httpSender (url: string): WebSender {
  return { exchange: body => exchange(url, body) }
}

async function * exchange (url: string, body: Uint8Array): AsyncGenerator<Uint8Array> {
  const stop = new AbortController()
  let timer = 0
  const alive = (): void => { clearTimeout(timer); timer = window.setTimeout(() => { stop.abort() }, STALL_MS) }
  try {
    alive()
    const response = await fetch(url, {
      method: 'POST', body: body as BodyInit, headers: { 'content-type': 'application/cbor' }, signal: stop.signal,
      cache: 'no-store', credentials: 'omit', redirect: 'error', // the mode stays "cors": in another one no-referrer would hide the Origin
    }).catch(unreachable)
    if (response.status === 503) throw new AppError('SENDER_BUSY', 'the sender has too much to do', { exit: 'busy' })
    if (response.status === 502 || response.status === 504) throw new AppError('SENDER_UNREACHABLE', 'a proxy cannot reach the sender', { exit: 'unreachable' })
    if (response.status !== 200 || response.body === null) throw new AppError('STRANGE_ANSWER', `HTTP status ${response.status}`)
    const reader = response.body.getReader()
    for (;;) {
      const { done, value } = await reader.read().catch(unreachable)
      if (done) return
      alive()
      yield value
    }
  } finally {
    clearTimeout(timer)
    stop.abort()
  }
}

function unreachable (cause: unknown): never {
  throw new AppError('SENDER_UNREACHABLE', 'the sender cannot be reached', { exit: 'unreachable', cause })
}
