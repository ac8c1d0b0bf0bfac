/** `burn get` with the link of a plain message: fetching is reading, so it asks before. */
import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { formatBytes } from '@ipkit/core/cli/size'
import { AppError } from '@ipkit/core/errors/app-error'
import { formatPeerAddress } from '@ipkit/core/link/peer-address'
import type { PlainLink } from '../domain/plain-link.ts'
import type { OpenedPlain } from '../domain/plain-reading.ts'
import { decodePlainStream } from '../domain/plain-stream.ts'
import { savedName } from '../domain/saved-name.ts'
import { burnRpc, readBurn } from '../rpc.ts'
import type { GetArgs } from './get.ts'
import { dialAddresses } from './reader-hints.ts'
import { chooseTarget, openFile, openInFolder, tryFolder, type OpenedFile, type Target } from './receive-target.ts'

/** For a name that cannot be saved under here. */
const NAMELESS = 'burn-file'

export async function getPlain (io: Io, args: GetArgs, link: PlainLink): Promise<Outcome> {
  const chosen = await chooseTarget(io, args.output, args.force)
  const target: Target = chosen.kind === 'terminal' || chosen.kind === 'json' ? { kind: 'folder', path: '.' } : chosen
  if (target.kind === 'folder') await tryFolder(io, target.path)
  io.report.note(`a plain message, not encrypted, from ${link.peerId}; fetching it is reading it`)
  if (!args.yes && io.prompt.canAsk && !await io.prompt.confirm('fetch it now? after that nobody else can', false)) {
    throw new AppError('NOT_OPENED', 'not fetched, and nothing was used up', { exit: 'failed', hints: ['run the same command again when you want to read it'] })
  }
  const given = dialAddresses({ addresses: link.addresses, sender: link.peerId }, args.address)
  const addresses = given.length > 0 ? given : link.addresses.map(address => formatPeerAddress({ ...address, peerId: link.peerId }))
  const message = await decodePlainStream(readBurn(io.node, burnRpc.plainContent, { cid: link.cid, sender: link.peerId, addresses }, { signal: io.signal }))
  const { name, sizeBytes } = message
  const content = counted(io, message)
  if (target.kind === 'stdout') return { kind: 'bytes', showable: true, source: content }
  const opened = target.kind === 'file' ? await openFile(io, target.path, target.overwrite) : await openInFolder(io, target.path, savedName(name) ?? NAMELESS)
  await save(io, opened, content)
  io.report.note(`saved ${formatBytes(sizeBytes)}`)
  return document({ id: link.cid, file: opened.path, sizeBytes, name, kind: 'plain' }, opened.path)
}

async function save (io: Io, opened: OpenedFile, content: AsyncIterable<Uint8Array>): Promise<void> {
  await using file = opened.file
  for await (const piece of content) {
    io.signal.throwIfAborted()
    await file.write(piece)
  }
  await file.commit()
}

async function * counted (io: Io, { content, sizeBytes: totalBytes }: OpenedPlain): AsyncGenerator<Uint8Array> {
  let doneBytes = 0
  for await (const piece of content) {
    yield piece
    doneBytes += piece.length
    io.report.progress({ step: 'fetching', doneBytes, totalBytes })
  }
}
