import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { AppError } from '@ipkit/core/errors/app-error'
import type { Setup, SetupPlan } from '../domain/setup.ts'
import { shimForeign } from '../domain/shim-script.ts'
import type { IpfsupDeps } from './deps.ts'

export interface InitArgs { readonly noModifyPath: boolean, readonly yes: boolean }

/** `ipfsup init`: makes the command `ipfs`, and puts it into PATH once that was shown and agreed to. */
export async function init (deps: IpfsupDeps, io: Io, { noModifyPath, yes }: InitArgs): Promise<Outcome> {
  const setup = await deps.setup(io)
  const plan = await setup.plan()
  if (plan.shimState === 'foreign') throw shimForeign(plan.shim)
  const adds = !noModifyPath && plan.blockState !== 'current' && await mayAdd(io, plan, yes)
  await setup.writeShim()
  if (adds) await setup.addToPath(plan)
  await tellNext(deps, io, plan, adds)
  return document({ shim: plan.shim, shell: plan.shell, shellFile: plan.shellFile, pathModified: adds }, doneText(plan, adds))
}

/** Shows the lines first. @throws AppError NOT_CONFIRMED (exit refused) where nobody can be asked */
async function mayAdd (io: Io, { shellFile, block, blockState }: SetupPlan, yes: boolean): Promise<boolean> {
  io.report.note(`${blockState === 'outdated' ? 'these lines take the place of older ones in' : 'these lines go to the end of'} ${shellFile}:`)
  for (const line of block.trimEnd().split('\n')) io.report.note(`  ${line}`)
  if (yes) return true
  if (!io.prompt.canAsk) throw new AppError('NOT_CONFIRMED', `${shellFile} was not changed: nobody can be asked`, { exit: 'refused', hints: ['to have the lines written: --yes', 'to leave the file alone: --no-modify-path'] })
  return await io.prompt.confirm('write them?', true)
}

function doneText ({ shim, shimState, shellFile, blockState }: SetupPlan, added: boolean): string {
  const made = { missing: `made ${shim}`, outdated: `renewed ${shim}`, current: `${shim} is there already`, foreign: shim }[shimState]
  return `${made}${added ? `\n${blockState === 'outdated' ? 'renewed its lines in' : 'added its folder to PATH in'} ${shellFile}` : ''}`
}

async function tellNext (deps: IpfsupDeps, io: Io, plan: Awaited<ReturnType<Setup['plan']>>, added: boolean): Promise<void> {
  const folder = plan.shim.slice(0, plan.shim.lastIndexOf('/'))
  if (added || (plan.blockState === 'current' && plan.found !== plan.shim)) io.report.note(`a new shell knows it; for this one: . ${plan.shellFile}`)
  else if (plan.found !== plan.shim) io.report.note(`put it into PATH, before other folders: ${folder}`)
  if (plan.found !== undefined && plan.found !== plan.shim) io.report.note(`${plan.found} is what ipfs means until then`)
  if (await (await deps.state(io)).default() === undefined) io.report.note("next: 'ipfsup update' installs the latest IPFS")
}
