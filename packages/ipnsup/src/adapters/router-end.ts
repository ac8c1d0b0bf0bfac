/** An HTTP server as somebody to ask and to hand records to: delegated routing, or a trustless gateway. Spec: docs/protocols/ipnsup.md, "HTTP". */
import { AppError } from '@ipkit/core/errors/app-error'
import { MAX_RECORD_BYTES } from '@ipkit/core/names/ipns-record'
import type { RecordPlace, RecordSource } from '../domain/exchange.ts'
import { RECORD_TYPE } from '../domain/record-type.ts'
import type { HttpAnswer, HttpClient } from './http-client.ts'

/** @param url of `parseRouterUrl` */
export function routerEnd (client: HttpClient, url: string): RecordSource & RecordPlace {
  return {
    label: url,
    async ask (name, signal) {
      const verdicts: Verdict[] = []
      for (const path of [`routing/v1/ipns/${name.text}`, `ipns/${name.text}?format=ipns-record`]) {
        const answer = await client.send({ method: 'GET', url: new URL(`${url}/${path}`), headers: { accept: RECORD_TYPE }, maxBytes: MAX_RECORD_BYTES }, signal)
        if (answer.status === 200 && answer.contentType === RECORD_TYPE) return answer.body
        verdicts.push(judge(answer))
      }
      if (verdicts.includes('none')) return undefined
      const failed = verdicts.find(verdict => typeof verdict === 'number')
      if (failed === undefined) throw new AppError('ROUTER_UNKNOWN', `${url} speaks neither delegated routing nor the trustless gateway's records`, { exit: 'unreachable', hints: ['give the base address, without /routing/v1'] })
      throw failure(url, failed)
    },
    async put (name, record, signal) {
      const { status } = await client.send({ method: 'PUT', url: new URL(`${url}/routing/v1/ipns/${name.text}`), headers: { 'content-type': RECORD_TYPE }, body: record, maxBytes: MAX_RECORD_BYTES }, signal)
      if (status >= 200 && status < 300) return
      if (status === 400 || status === 413 || status === 422) throw new AppError('RECORD_REFUSED', `${url} did not take the record (status ${status})`, { exit: 'refused', hints: ["look at the record with 'ipnsup inspect'"] })
      if (READ_ONLY.has(status)) throw new AppError('ROUTER_READ_ONLY', `${url} takes no records (status ${status})`, { exit: 'refused' })
      throw failure(url, status)
    },
  }
}

/**
 * @returns the base address in its one form: without a slash at the end and without `/routing/v1`, which is added for each request
 * @throws AppError ADDRESS_INVALID
 */
export function parseRouterUrl (text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const problem = url === undefined || !['http:', 'https:'].includes(url.protocol) ? 'it is no http(s) URL'
    : url.username !== '' || url.password !== '' ? 'it has a user or a password in it'
      : url.search !== '' || url.hash !== '' ? 'it has a query or a fragment' : undefined
  if (url === undefined || problem !== undefined) throw new AppError('ADDRESS_INVALID', `not the address of a router: ${problem}`, { exit: 'usage', hints: ['it looks like https://router.example or http://192.168.1.7:8080'] })
  return `${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\/routing\/v1$/, '')}`
}

/** none: it has no record; elsewhere: this is not spoken there; a status: it failed. */
type Verdict = 'none' | 'elsewhere' | number

const TOO_MANY = 429
const READ_ONLY = new Set([401, 403, 404, 405, 501])

/** Newer routers say "no record" with a 200 in plain text. */
function judge ({ status, contentType }: HttpAnswer): Verdict {
  if (status === 404 || (status === 200 && contentType === 'text/plain')) return 'none'
  return status === TOO_MANY || (status >= 500 && status !== 501) ? status : 'elsewhere'
}

function failure (url: string, status: number): AppError {
  if (status === TOO_MANY) return new AppError('TOO_MANY_RECORDS', `${url} wants fewer requests (status ${status})`, { exit: 'busy', hints: ['try again in a minute'] })
  return new AppError('ROUTER_FAILED', `${url} answers with status ${status}`, { exit: 'unreachable', hints: ['try again later'] })
}
