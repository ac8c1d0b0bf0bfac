import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { AppError } from '@ipkit/core/errors/app-error'
import { publishedValue } from '../domain/published-value.ts'
import { callIpnsup, ipnsupRpc } from '../rpc.ts'
import { checkKeyName } from './check-key-name.ts'
import { placeJson, placesText, recordJson, untilText } from './record-json.ts'

export interface PublishArgs {
  readonly value: string
  readonly key: string
  readonly lifetime: number
  readonly ttl: number
  readonly sequence: string | undefined
  readonly v2Only: boolean
}

const NS_PER_MS = 1_000_000n
const MAX_SEQUENCE = (1n << 64n) - 1n

/** `ipnsup publish <value>`: signs a record and keeps it; that nobody is in reach is no failure. */
export async function publish (io: Io, args: PublishArgs): Promise<Outcome> {
  checkKeyName(args.key)
  const ttlNs = String(BigInt(args.ttl) * NS_PER_MS)
  const made = await callIpnsup(io.node, ipnsupRpc.publish, {
    value: publishedValue(args.value), key: args.key, lifetimeMs: args.lifetime, ttlNs, sequence: readSequence(args.sequence), v2Only: args.v2Only,
  })
  const { name, state, places, healedFork } = made
  const { note } = io.report
  note(`names ${made.value}`)
  note(`sequence ${made.sequence}, ${untilText(made.validUntil, io.clock.now())}`)
  if (healedFork) note('this heals a fork: what either side had published is older now')
  note(placesText(state, places))
  return document({ name, ...recordJson(made), state, places: places.map(placeJson), healedFork, key: args.key }, name)
}

function readSequence (text: string | undefined): string | null {
  if (text === undefined) return null
  if (!/^(?:0|[1-9]\d{0,19})$/.test(text) || BigInt(text) > MAX_SEQUENCE) throw new AppError('USAGE', `--sequence: '${text}' is not a whole number from 0 to ${MAX_SEQUENCE}`, { exit: 'usage' })
  return text
}
