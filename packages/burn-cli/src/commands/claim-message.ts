import type { Io } from '@ipkit/core/cli/io'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import type { BurnDeps } from './deps.ts'
import { openMessage, preparePassphrase, type NodeTarget, type Passphrase } from '../domain/incoming-message.ts'
import type { BurnLink } from '../domain/link.ts'
import { PAYLOAD_HEADER_BYTES } from '../domain/payload-header.ts'
import type { OpenedRecord } from '../domain/record.ts'
import { burnRpc, callBurn, readBurn } from '../rpc.ts'
import { canAskAgain, knownPassphrase } from './ask-passphrase.ts'

/** A message that this reader has claimed, open at its first byte. */
export interface ClaimedMessage extends OpenedRecord {
  readonly id: string
  /** The content is durable or shown: wipes what is kept here and tells the sender. Never throws. */
  finish(): Promise<void>
  /** Lets go of the content when it is not read to its end; what was claimed stays claimed. */
  abandon(): void
}

/**
 * Claims and decrypts. A wrong passphrase uses nothing up: on a terminal it is asked again.
 * @throws AppError of a refusal, KEY_WRONG, CONTENT_ALTERED
 */
export async function claimMessage (deps: BurnDeps, io: Io, link: BurnLink, target: NodeTarget): Promise<ClaimedMessage> {
  for (;;) {
    const passphrase = link.passphrase ? await passphraseOf(deps, io, link, target.id) : undefined
    try {
      return await claimOnce(deps, io, link, target, passphrase)
    } catch (e) {
      if (codeOf(e) !== 'PASSPHRASE_WRONG' || !canAskAgain(io)) throw e
      io.report.note('wrong passphrase; nothing is used up')
    }
  }
}

async function claimOnce (deps: BurnDeps, io: Io, link: BurnLink, target: NodeTarget, passphrase: Passphrase | undefined): Promise<ClaimedMessage> {
  const options = { signal: io.signal, onProgress: io.report.progress }
  io.report.progress({ step: 'claiming' })
  const { D } = await callBurn(io.node, burnRpc.claim, { ...target, passProofKey: passphrase?.proofKey ?? null }, options)
  const stop = new AbortController()
  const abandon = (): void => { stop.abort(new AppError('ABANDONED', 'the content is not read to its end')) }
  try {
    const payload = readBurn(io.node, burnRpc.content, { id: target.id }, { signal: AbortSignal.any([io.signal, stop.signal]) })
    const opened = await openMessage(await deps.bulkCrypto(), link, D, passphrase, payload)
    return { id: target.id, ...opened, finish: async () => { await confirmRead(io, target) }, abandon }
  } catch (e) {
    abandon()
    // A message that was claimed before is not asked of the sender again, so the mistake shows only here.
    if (passphrase !== undefined && codeOf(e) === 'KEY_WRONG') throw new AppError('PASSPHRASE_WRONG', 'wrong passphrase', { exit: 'refused', hints: ['nothing is lost: run the same command again'] })
    throw e
  } finally {
    D.fill(0)
  }
}

async function passphraseOf (deps: BurnDeps, io: Io, link: BurnLink, id: string): Promise<Passphrase> {
  const passphrase = await knownPassphrase(deps, io)
  const header = new Uint8Array(PAYLOAD_HEADER_BYTES)
  let filled = 0
  for await (const piece of readBurn(io.node, burnRpc.content, { id, sizeBytes: PAYLOAD_HEADER_BYTES }, { signal: io.signal })) {
    header.set(piece.subarray(0, PAYLOAD_HEADER_BYTES - filled), filled)
    filled += piece.length
  }
  return await preparePassphrase(await deps.argon2id(), passphrase, link, header)
}

/** The content is safe here, so nothing that goes wrong now is an error of the command. */
async function confirmRead (io: Io, target: NodeTarget): Promise<void> {
  try {
    const { confirmed } = await callBurn(io.node, burnRpc.finish, target)
    if (!confirmed) io.report.warn('NOT_CONFIRMED', 'the sender could not be told yet that the message arrived; the node keeps trying')
  } catch {
    io.report.warn('NOT_CONFIRMED', 'the sender could not be told that the message arrived')
  }
}
