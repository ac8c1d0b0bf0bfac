/** Whether a POST comes from our own page, by its head alone. Spec: docs/protocols/burn.md, "Over HTTP". */
import type { IncomingMessage } from 'node:http'

export const CONTENT_TYPE = 'application/cbor'

/**
 * True when the page that asks came from the same host and port. The scheme is http, or https where a proxy in front ends TLS: a
 * page of the other scheme on the same host cannot send this content type without the CORS that we never grant.
 */
export function isOurOrigin (request: IncomingMessage): boolean {
  const host = only(request, 'host')
  const origin = /^(https?):\/\/([^/?#@\\]+)$/.exec(only(request, 'origin') ?? '')
  if (host === undefined || origin === null) return false
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return false
  const from = hostOf(origin[1]!, origin[2]!)
  return from !== undefined && from === hostOf(origin[1]!, host)
}

export const isOurContentType = (request: IncomingMessage): boolean => only(request, 'content-type')?.toLowerCase() === CONTENT_TYPE

/** A header that came exactly once: of two, a proxy may believe the other one. */
function only (request: IncomingMessage, name: string): string | undefined {
  const values = request.headersDistinct[name]
  return values?.length === 1 ? values[0] : undefined
}

/** In its one spelling, without the scheme's own port. */
function hostOf (scheme: string, host: string): string | undefined {
  try { return new URL(`${scheme}://${host}`).host } catch { return undefined }
}
