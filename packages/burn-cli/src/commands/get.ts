import { formatDuration, formatTime } from '@ipkit/core/cli/duration'
import type { Io } from '@ipkit/core/cli/io'
import type { Outcome } from '@ipkit/core/cli/outcome'
import { formatBytes } from '@ipkit/core/cli/size'
import { AppError } from '@ipkit/core/errors/app-error'
import type { BurnDeps } from './deps.ts'
import { nodeTarget } from '../domain/incoming-message.ts'
import type { BurnLink } from '../domain/link.ts'
import { LEAF_BYTES } from '../domain/limits.ts'
import { asPlainLink } from '../domain/plain-link.ts'
import type { ReaderInfo } from '../rpc.ts'
import { claimMessage } from './claim-message.ts'
import { deliver } from './deliver.ts'
import { fetchMessage } from './fetch-message.ts'
import { dialAddresses, withReaderHints } from './reader-hints.ts'
import { getPlain } from './get-plain.ts'
import { bareLink, linkText, readLink } from './read-link.ts'
import { chooseTarget, tryFolder } from './receive-target.ts'

export interface GetArgs {
  readonly link: string
  readonly output: string | undefined
  readonly yes: boolean
  readonly force: boolean
  readonly address: readonly string[]
}

/** What is shown, or put into JSON, is held in memory. */
const MAX_SHOWN_BYTES = LEAF_BYTES

/** `burn get <link>`: fetches, checks, asks, and only then opens. Whatever can fail is tried before. */
export async function get (deps: BurnDeps, io: Io, args: GetArgs): Promise<Outcome> {
  const text = args.link === '-' ? await linkText(io) : bareLink(args.link)
  const plain = /^https?:/.test(text) ? undefined : asPlainLink(text)
  if (plain !== undefined) return await getPlain(io, args, plain)
  const link = await readLink(io, text)
  const target = await chooseTarget(io, args.output, args.force)
  const ask = nodeTarget(link, dialAddresses(link, args.address))
  return await withReaderHints(async () => {
    const fetched = await fetchMessage(io, ask)
    const large = fetched.sizeBytes > MAX_SHOWN_BYTES + LEAF_BYTES / 8
    if (target.kind === 'json' && large) {
      throw new AppError('TOO_LARGE_TO_SHOW', `the message has about ${formatBytes(fetched.sizeBytes)}, too much for one line of JSON; it was not opened`, { exit: 'refused', hints: ['save it: -o FILE or -o FOLDER', 'or pass it on: -o - | other-command'] })
    }
    if (target.kind === 'terminal') {
      await tryFolder(io, '.') // whatever is not shown is saved here
      if (large) io.report.note('it is too large to show; it will be saved in this folder')
    }
    if (fetched.info === null) io.report.note('this message was claimed here before; going on')
    // No read is left, and yet it was fetched: with the key of an earlier claim, which this person had agreed to.
    else if (fetched.info.readsLeft === 0) io.report.note('an earlier try from here asked to open it, and no answer came; asking again')
    else await confirmOpening(io, args, link, fetched.sizeBytes, fetched.info)
    const claimed = await claimMessage(deps, io, link, ask)
    return await deliver(io, target.kind === 'terminal' && large ? { kind: 'folder', path: '.' } : target, claimed)
  })
}

async function confirmOpening (io: Io, args: GetArgs, link: BurnLink, sizeBytes: number, info: ReaderInfo): Promise<void> {
  const left = info.expiresAt - io.clock.now()
  io.report.note(`ready: about ${formatBytes(sizeBytes)}, whole and verified; nothing is used up yet`)
  io.report.note(`it is from ${link.sender}`)
  io.report.note(`it expires at ${formatTime(info.expiresAt)}${left > 0 ? `, in ${formatDuration(left)}` : ''}; it can be opened ${info.readsLeft === 1 ? 'once' : `${info.readsLeft} times`}${link.passphrase ? ', with a passphrase' : ''}`)
  if (info.strict) io.report.note('the sender chose --strict: if the connection breaks while it is opened, it is lost')
  if (args.yes || !io.prompt.canAsk) return
  // Opening cannot be undone, so a stray Enter does not open.
  if (await io.prompt.confirm(info.readsLeft === 1 ? 'open it now? after that nobody can open it again' : 'open it now? that uses up one of its reads', false)) return
  throw new AppError('NOT_OPENED', 'not opened, and nothing was used up', { exit: 'failed', hints: ['run the same command again to read it; it is fetched already'] })
}

