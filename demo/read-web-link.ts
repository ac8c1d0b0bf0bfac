import { randomBytes } from 'node:crypto'
import { setImmediate as pause } from 'node:timers/promises'
import { systemClock } from '@ipkit/core/time/clock'
import { nobleArgon2id } from '../packages/burn-cli/src/adapters/noble-argon2id.ts'
import { nodeBulkCrypto } from '../packages/burn-cli/src/adapters/node-bulk-crypto.ts'
import { parseWebFragment } from '../packages/burn-cli/src/domain/link.ts'
import { WebRead } from '../packages/burn-cli/web/read-message.ts'

/** Reads a text by its web link as the page does in a browser: the same code over the same HTTP, without the page around it. */
export async function readWebLink (webLink: string): Promise<string> {
  const { origin, hash } = new URL(webLink)
  const read = new WebRead({ sender: { exchange: body => post(origin, body) }, bulk: nodeBulkCrypto, argon2id: nobleArgon2id, clock: systemClock, pause }, parseWebFragment(hash.slice(1)))
  await read.fetch(() => {})
  const key = randomBytes(32)
  const answer = await read.claim(key, undefined)
  const D = await read.openAnswer(answer, key)
  const record = await read.decrypt(D, undefined, () => {})
  const pieces: Uint8Array[] = []
  for await (const piece of record.content) pieces.push(piece.slice())
  await read.acknowledge(answer, D)
  return Buffer.concat(pieces).toString()
}

async function * post (origin: string, body: Uint8Array): AsyncGenerator<Uint8Array> {
  const response = await fetch(`${origin}/burn/v1`, { method: 'POST', body: Buffer.from(body), headers: { 'content-type': 'application/cbor', origin } })
  if (response.status !== 200 || response.body === null) throw new Error(`the page's server answered ${response.status}`)
  yield * response.body
}
