import { formatDuration, formatTime } from '@ipkit/core/cli/duration'
import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { formatBytes } from '@ipkit/core/cli/size'
import { AppError } from '@ipkit/core/errors/app-error'
import type { LinkAddress } from '@ipkit/core/link/content-link'
import { formatPeerAddress } from '@ipkit/core/link/peer-address'
import type { BurnDeps } from './deps.ts'
import { keysForNode, linkOf, makeSecrets, sealMessage, webLinkOf } from '../domain/outgoing-message.ts'
import { idText } from '../domain/message-record.ts'
import { linkAddresses, ownRelays, reachText, reachWarning, RELAY_WARN_BYTES } from '../domain/reach.ts'
import { burnRpc, callBurn } from '../rpc.ts'
import { addPlain } from './add-plain.ts'
import { newPassphrase } from './ask-passphrase.ts'
import { beforeTyping, countBytes, openContent } from './content-source.ts'
import { parseExpiry } from './expiry.ts'
import { isoTime } from './message-json.ts'
import { webBaseUrl, warnAboutWeb } from './web-address.ts'

export interface AddArgs {
  readonly file: string
  readonly expires: string
  readonly passphrase: boolean
  readonly noPad: boolean
  readonly reads: number
  readonly to: string | undefined
  readonly address: readonly string[]
  readonly strict: boolean
  readonly volatile: boolean
  readonly web: boolean
  readonly plain: boolean
  readonly name: string | undefined
}

/** `burn add <file|->`: encrypts here, leaves the ciphertext with the node, prints the link. */
export async function add (deps: BurnDeps, io: Io, args: AddArgs): Promise<Outcome> {
  if (args.plain) return await addPlain(io, args)
  if (args.web && args.to !== undefined) throw new AppError('USAGE', '--to names a peer, and a browser is none: it does not go with --web', { exit: 'usage', hints: ['leave one of the two out'] })
  const lifeMs = parseExpiry(args.expires, io.clock.now())
  const to = args.to === undefined ? null : await addressee(deps, io, args.to)
  await beforeTyping(io, args.file)
  const askedFirst = args.passphrase && args.file === '-' && io.stdin.isTTY ? await newPassphrase(deps, io) : undefined // the text is typed at the same terminal, up to its end
  await using content = await openContent(io, { file: args.file, name: args.name, pad: !args.noPad, web: args.web })

  const here = await callBurn(io.node, burnRpc.whereAmI, {})
  const addresses = linkAddresses(here.addresses, here.peerId, args.address)
  if (to === here.peerId) io.report.warn('TO_SELF', '--to names this very node: only a reader that uses it can read the message')

  const webBase = args.web ? await webBaseUrl(io, addresses) : undefined
  const passphrase = askedFirst ?? (args.passphrase ? await newPassphrase(deps, io) : undefined)
  const secrets = await makeSecrets(io.randomBytes, deps.argon2id, passphrase)
  const { id, ...keys } = keysForNode(secrets)
  const counted = countBytes(io, content.bytes, content.sizeBytes, 'encrypting')
  const upload = sealMessage(await deps.bulkCrypto(), secrets, counted.bytes, { name: content.name, pad: !args.noPad })
  const message = await callBurn(io.node, burnRpc.create, {
    id: idText(id), ...keys, lifeMs, reads: args.reads, to, web: args.web, strict: args.strict, volatile: args.volatile, name: content.name,
  }, { signal: io.signal, upload })

  const where = { addresses, sender: here.peerId, cid: message.cid, addressed: to !== null }
  const link = linkOf(secrets, where)
  const webLink = webBase === undefined ? undefined : webLinkOf(secrets, where, webBase)
  say(io, { sizeBytes: counted.doneBytes(), payloadBytes: message.sizeBytes, expiresAt: message.expiresAt, lifeMs, addresses, relays: ownRelays(here.addresses).length, args })
  if (webLink !== undefined) warnAboutWeb(io, webLink)
  return document({
    id: message.id,
    link,
    ...webLink === undefined ? {} : { webLink },
    cid: message.cid,
    sizeBytes: counted.doneBytes(),
    payloadBytes: message.sizeBytes,
    expiresAt: isoTime(message.expiresAt),
    name: message.name,
    addresses: addresses.map(formatPeerAddress),
  }, webLink === undefined ? link : `${link}\n${webLink}`)
}

async function addressee (deps: BurnDeps, io: Io, peer: string): Promise<string> {
  const peerId = await deps.peerId(io, peer)
  if (peerId === undefined) throw new AppError('USAGE', '--to: the address names no peer id, so anybody there could be meant', { exit: 'usage', hints: ['end it in /p2p/<peer id>', "the reader sees its own with 'ipkit id'"] })
  return peerId
}

interface Said { readonly sizeBytes: number, readonly payloadBytes: number, readonly expiresAt: number, readonly lifeMs: number, readonly addresses: readonly LinkAddress[], readonly relays: number, readonly args: AddArgs }

function say (io: Io, { sizeBytes, payloadBytes, expiresAt, lifeMs, addresses, relays, args }: Said): void {
  const { note, warn } = io.report
  note(`${formatBytes(sizeBytes)}, kept here for ${args.reads === 1 ? 'one reader' : `${args.reads} readers`} until ${formatTime(expiresAt)} (in ${formatDuration(lifeMs)})`)
  for (const address of addresses) note(`the link names ${formatPeerAddress(address)}  (${reachText(address)})`)
  const warning = reachWarning(addresses)
  if (warning !== undefined) {
    warn(warning.code, warning.message)
    if (warning.cure !== undefined) note(warning.cure)
    if (relays > 0) note("this node's relay reaches further: add --address relay")
  }
  if (addresses.some(({ relay }) => relay !== undefined) && payloadBytes > RELAY_WARN_BYTES) warn('RELAY_LIMIT', `a relay may break off before ${formatBytes(payloadBytes)} are through (often after 128 KiB or 2 minutes): readers then need one of the other addresses`)
  if (args.volatile) note('--volatile: it is lost when the node stops')
  if (args.strict) note('--strict: an answer that gets lost on the way is lost for good')
  note('keep this machine on until it is read')
  note('the link is a secret and cannot be shown again')
}
