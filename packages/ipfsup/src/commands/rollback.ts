import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { rollback as rollBack } from '../domain/switch-release.ts'
import { formatVersion } from '../domain/version.ts'
import type { IpfsupDeps } from './deps.ts'
import { defaultJson } from './default.ts'
import { switchDeps, switchedText, tellNext, tellSwitched } from './switch-default.ts'

/** `ipfsup rollback`: back to what was the default before; again: to what was before that. */
export async function rollback (deps: IpfsupDeps, io: Io): Promise<Outcome> {
  const state = await deps.state(io)
  const rolled = await rollBack(await switchDeps(deps, io), io.signal)
  tellSwitched(io, rolled)
  const left = await state.left()
  if (left !== undefined && await state.auto()) io.report.note(`automatic updates wait for a version above ${formatVersion(left)}`)
  if (rolled.previous !== undefined) io.report.note(`forward again: 'ipfsup default ${formatVersion(rolled.previous)}'`)
  await tellNext(deps, io, rolled.version)
  return document(defaultJson(rolled.version, rolled), switchedText(rolled.version, rolled.previous))
}
