import type { Io } from '@ipkit/core/cli/io'
import { AppError } from '@ipkit/core/errors/app-error'
import { holdingVersion, type Holding } from '../domain/holding-version.ts'
import type { IpfsupDeps } from './deps.ts'

/** What `ipfs` means in the working folder; warns of pin files that do not count. @throws AppError VERSION_INVALID, LANGUAGE_UNKNOWN */
export async function findHolding (deps: IpfsupDeps, io: Io): Promise<Holding | undefined> {
  return await holdingVersion({
    state: await deps.state(io),
    pins: await deps.pins(io),
    env: io.env['IPFSUP_VERSION'],
    onPassedOver: ({ file, passedOver }) => { io.report.warn('PIN_PASSED_OVER', `${file} does not count: ${passedOver!}`) },
  }, io.cwd)
}

export const noDefault = (): AppError => new AppError('NO_DEFAULT', 'nothing says which version to use: there is no default yet', { exit: 'notFound', hints: ["install the latest and make it the default: 'ipfsup update'"] })
