import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { AppError } from '@ipkit/core/errors/app-error'
import type { IpkitDeps } from './deps.ts'

const current = (io: Io) => async (): Promise<string> => await io.prompt.secret('the passphrase as it is now')

/** `ipkit passphrase set`: the key is kept encrypted from then on; a node asks for it when it starts. */
export async function setPassphrase (deps: IpkitDeps, io: Io): Promise<Outcome> {
  const identity = await deps.identity(io)
  const sealed = (await identity.inspect())?.sealed ?? false
  const old = sealed ? await current(io)() : ''
  const next = await io.prompt.secret('the new passphrase')
  if (next === '') throw new AppError('PASSPHRASE_EMPTY', 'the new passphrase is empty', { exit: 'usage', hints: ["to take it off: 'ipkit passphrase clear'"] })
  if (await io.prompt.secret('the new passphrase once more') !== next) throw new AppError('PASSPHRASE_DIFFERS', 'the two passphrases are not the same', { exit: 'usage', hints: ['nothing has changed; try again'] })
  await identity.changePassphrase(next, async () => old)
  io.report.note('nobody can recover it; a node that starts without a terminal reads it from the file that IPKIT_PASSPHRASE_FILE names')
  return document({ sealed: true }, 'the key is under the new passphrase')
}

/** `ipkit passphrase clear` */
export async function clearPassphrase (deps: IpkitDeps, io: Io): Promise<Outcome> {
  await (await deps.identity(io)).changePassphrase(undefined, current(io))
  return document({ sealed: false }, 'the key has no passphrase; file permissions alone protect it')
}
