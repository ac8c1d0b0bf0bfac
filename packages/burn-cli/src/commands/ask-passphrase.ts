/** Passphrases come from the terminal without echo, or from the file (or pipe) that IPKIT_BURN_PASSPHRASE_FILE names; never from argv. */
import type { Io } from '@ipkit/core/cli/io'
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import type { BurnDeps } from './deps.ts'
import { MAX_PASSPHRASE_BYTES } from '../domain/limits.ts'

export const PASSPHRASE_VARIABLE = 'IPKIT_BURN_PASSPHRASE_FILE'

/** For a new message: asked twice. @throws AppError PASSPHRASE_DIFFERS, PASSPHRASE_INVALID, NO_TERMINAL */
export async function newPassphrase (deps: BurnDeps, io: Io): Promise<string> {
  const stored = await storedPassphrase(deps, io)
  if (stored !== undefined) return stored
  const first = await asked(io, 'passphrase')
  if (first === '') throw empty()
  if (await asked(io, 'the same again') !== first) throw new AppError('PASSPHRASE_DIFFERS', 'the two passphrases are not the same', { exit: 'usage', hints: ['run the command again; nothing was sent'] })
  return first
}

/** For a message that has one. @throws AppError PASSPHRASE_INVALID, NO_TERMINAL */
export async function knownPassphrase (deps: BurnDeps, io: Io): Promise<string> {
  const passphrase = await storedPassphrase(deps, io) ?? await asked(io, 'passphrase')
  if (passphrase === '') throw empty()
  return passphrase
}

/** Whether asking once more can change anything. */
export const canAskAgain = (io: Io): boolean => io.prompt.canAsk && nameOf(io) === undefined

const nameOf = (io: Io): string | undefined => io.env[PASSPHRASE_VARIABLE] === '' ? undefined : io.env[PASSPHRASE_VARIABLE]

async function storedPassphrase (deps: BurnDeps, io: Io): Promise<string | undefined> {
  const file = nameOf(io)
  if (file === undefined) return undefined
  const read = await deps.readSecret(io, file, MAX_PASSPHRASE_BYTES + 2).catch((e: unknown) => {
    throw isAppError(e) ? new AppError(e.code, `${PASSPHRASE_VARIABLE}: ${e.message}`, { exit: e.exit, hints: e.hints, cause: e }) : e
  })
  const passphrase = read.replace(/\r?\n$/, '')
  if (passphrase === '') throw empty()
  return passphrase
}

async function asked (io: Io, question: string): Promise<string> {
  try {
    return await io.prompt.secret(question)
  } catch (e) {
    if (codeOf(e) !== 'NO_TERMINAL') throw e
    throw new AppError('NO_TERMINAL', 'there is no terminal to ask the passphrase on', { exit: 'usage', hints: [`put it into a file and name that: ${PASSPHRASE_VARIABLE}=FILE (also /dev/fd/3)`] })
  }
}

const empty = (): AppError => new AppError('PASSPHRASE_INVALID', 'the passphrase is empty', { exit: 'usage' })
