/** `burn add --plain <file>`: leaves a file for any IPFS client, not encrypted, and prints its link. */
import { AppError } from '@ipkit/core/errors/app-error'
import { formatDuration, formatTime } from '@ipkit/core/cli/duration'
import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { formatBytes } from '@ipkit/core/cli/size'
import { formatLink } from '@ipkit/core/link/content-link'
import { formatPeerAddress } from '@ipkit/core/link/peer-address'
import { requirePlainOptions } from '../domain/plain-link.ts'
import { requirePlainName } from '../domain/plain-layout.ts'
import { kuboCommand, linkAddresses, namesRelay, reachText, reachWarning } from '../domain/reach.ts'
import { burnRpc, callBurn } from '../rpc.ts'
import type { AddArgs } from './add.ts'
import { beforeTyping, countBytes, openContent } from './content-source.ts'
import { parseExpiry } from './expiry.ts'
import { isoTime } from './message-json.ts'

/** What comes from standard input needs some name in the folder. */
const NAMELESS = 'message'

export async function addPlain (io: Io, args: AddArgs): Promise<Outcome> {
  requirePlainOptions({
    '--passphrase': args.passphrase, '--to': args.to !== undefined, '--web': args.web, '--reads': args.reads !== 1,
    '--strict': args.strict, '--volatile': args.volatile, '--no-pad': args.noPad,
  })
  if (args.address.some(namesRelay)) throw new AppError('USAGE', '--address: a plain message is served by a peer of its own, which no relay knows', { exit: 'usage', hints: ['leave the relay out, or leave --plain out'] })
  const lifeMs = parseExpiry(args.expires, io.clock.now())
  await beforeTyping(io, args.file)
  await using content = await openContent(io, { file: args.file, name: args.name, pad: false, web: false })
  const name = content.name ?? NAMELESS
  requirePlainName(name)
  const here = await callBurn(io.node, burnRpc.whereAmI, {})
  linkAddresses(here.addresses, here.peerId, args.address) // a bad --address is told before anything is kept

  const counted = countBytes(io, content.bytes, content.sizeBytes, 'storing')
  const { message, peerId, addresses: own } = await callBurn(io.node, burnRpc.createPlain, { name, lifeMs }, { signal: io.signal, upload: counted.bytes })
  const addresses = linkAddresses(own, peerId, args.address)
  const link = formatLink({ addresses, peerId, cid: message.cid })

  const { note, warn } = io.report
  warn('NOT_ENCRYPTED', '--plain: the message is not encrypted')
  note('the first client that asks for it gets it, and may keep it and hand it on')
  note(`${formatBytes(message.sizeBytes)}, kept here for one reader until ${formatTime(message.expiresAt)} (in ${formatDuration(lifeMs)})`)
  for (const address of addresses) note(`the link names ${formatPeerAddress(address)}  (${reachText(address)})`)
  const reach = reachWarning(addresses)
  if (reach !== undefined) warn(reach.code, reach.message)
  if (reach?.cure !== undefined) note(reach.cure)
  note(`with Kubo: ${kuboCommand({ ...addresses[0]!, peerId })}`)
  note(`     then: ipfs get ${message.cid}`)
  note('keep this machine on until it is read')
  note('opening the link in a gateway or a previewer is reading it')
  return document({
    id: message.id,
    link,
    cid: message.cid,
    sizeBytes: message.sizeBytes,
    expiresAt: isoTime(message.expiresAt),
    name: message.name,
    kind: message.kind,
    addresses: addresses.map(formatPeerAddress),
  }, link)
}
