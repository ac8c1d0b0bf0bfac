/** `ipfsup self update|uninstall`: ipfsup's own program, and what it put into this machine. */
import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { AppError } from '@ipkit/core/errors/app-error'
import type { IpfsupDeps } from './deps.ts'

/** @param before the version of this program */
export async function selfUpdate (deps: IpfsupDeps, io: Io, before: string): Promise<Outcome> {
  const setup = await deps.setup(io)
  io.report.progress({ step: 'npm updates ipfsup' })
  const version = await setup.updateSelf(io.signal)
  if (version !== before) io.report.note("to renew the command ipfs with it: 'ipfsup init'")
  return document({ version, previous: before }, version === before ? `ipfsup ${version} is the newest` : `ipfsup is ${version} now; it was ${before}`)
}

export async function selfUninstall (deps: IpfsupDeps, io: Io, { yes }: { readonly yes: boolean }): Promise<Outcome> {
  const [setup, { home, releases, ipfsPath }] = [await deps.setup(io), deps.place(io)]
  if (!yes) await confirm(io, home)
  await (await deps.auto(io)).schedule(false)
  const files = await setup.removeFromPath()
  await setup.removeHome()
  for (const file of files) io.report.note(`the lines of ipfsup are out of ${file}`)
  io.report.note(`your repo in ${ipfsPath} stays, and the versions in ${releases}`)
  const own = await setup.ownInstall()
  io.report.note(own.kind === 'npm-global' ? "the program itself goes with: 'npm uninstall -g ipfsup'" : `the program itself stays in ${own.folder}`)
  return document({ home, shellFiles: files, releases }, `removed ${home}`)
}

async function confirm (io: Io, home: string): Promise<void> {
  const gone = `${home}: the command ipfs, the default, overrides, settings, and the hashes of versions seen so far`
  if (!io.prompt.canAsk) throw new AppError('NOT_CONFIRMED', `nothing was removed: that cannot be undone`, { exit: 'refused', hints: [`it removes ${gone}`, 'to do it: --yes'] })
  io.report.note(`this removes ${gone}`)
  if (await io.prompt.confirm('remove it?', false)) return
  throw new AppError('NOT_CONFIRMED', 'nothing was removed', { exit: 'refused' })
}
