/** `ipfsup auto on|off|status|run`: updates that happen by themselves. */
import { formatTime } from '@ipkit/core/cli/duration'
import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { factsText } from '@ipkit/core/cli/table'
import { isAppError } from '@ipkit/core/errors/app-error'
import { autoUpdate, type AutoResult } from '../domain/auto-update.ts'
import { switchTo } from '../domain/switch-release.ts'
import { formatVersion } from '../domain/version.ts'
import type { IpfsupDeps } from './deps.ts'
import { switchDeps } from './switch-default.ts'

export async function autoOn (deps: IpfsupDeps, io: Io): Promise<Outcome> {
  await (await deps.state(io)).setAuto(true)
  const scheduled = await (await deps.auto(io)).schedule(true)
  if (scheduled === undefined) io.report.note('there is no scheduler here: newer versions are looked for when ipfsup is used, at most once a day')
  io.report.note("what a pin file names is from now on installed without a question; all of it off again: 'ipfsup auto off'")
  return document(await autoJson(deps, io), `on: newer versions are installed by themselves${scheduled === undefined ? '' : ` (${scheduled.scheduler})`}`)
}

export async function autoOff (deps: IpfsupDeps, io: Io): Promise<Outcome> {
  await (await deps.state(io)).setAuto(false)
  await (await deps.auto(io)).schedule(false)
  return document(await autoJson(deps, io), "off: newer versions come with 'ipfsup update'")
}

export async function autoStatus (deps: IpfsupDeps, io: Io): Promise<Outcome> {
  const json = await autoJson(deps, io)
  const { checkedAt } = json
  return document(json, factsText([
    ['automatic updates', json.auto ? 'on' : "off; 'ipfsup auto on' turns them on"],
    ['looked for', checkedAt === null ? 'never yet' : formatTime(Date.parse(checkedAt))],
    ['started by', json.scheduler === null ? json.auto ? 'commands of ipfsup; there is no scheduler here' : undefined : `${json.scheduler}\n${stripControl(json.file!)}`],
  ]))
}

interface AutoJson { readonly auto: boolean, readonly scheduler: string | null, readonly file: string | null, readonly checkedAt: string | null }

async function autoJson (deps: IpfsupDeps, io: Io): Promise<AutoJson> {
  const state = await deps.state(io)
  const [scheduled, checkedMs] = [await (await deps.auto(io)).scheduled(), await state.checkedMs()]
  return { auto: await state.auto(), scheduler: scheduled?.scheduler ?? null, file: scheduled?.file ?? null, checkedAt: checkedMs === undefined ? null : new Date(checkedMs).toISOString() }
}

/** What the scheduler starts; a person may too. */
export async function autoRun (deps: IpfsupDeps, io: Io, { now }: { readonly now: boolean }): Promise<Outcome> {
  const result = await autoUpdate({
    state: await deps.state(io),
    latest: await deps.latest(io, 'auto'),
    installer: await deps.installer(io),
    repo: await deps.repo(io),
    switchTo: async version => { await switchTo(await switchDeps(deps, io), version, io.signal) },
    nowMs: io.clock.now(),
  }, { now }, io.signal)
  return document(resultJson(result), resultText(result))
}

function resultText (result: AutoResult): string {
  switch (result.did) {
    case 'off': return "automatic updates are off; to look once: 'ipfsup auto run --now'"
    case 'no-default': return "there is no default to update; 'ipfsup update' installs the latest"
    case 'waited': return `looked for at ${formatTime(result.checkedMs)}, less than a day ago; to look again: 'ipfsup auto run --now'`
    case 'nothing': return `there is nothing newer; the latest is ${formatVersion(result.latest)}`
    case 'switched': return `ipfs is ${formatVersion(result.to)} now; it was ${formatVersion(result.from)}`
    case 'installed': return `${formatVersion(result.to)} is installed; ipfs stays ${formatVersion(result.from)}: ${result.because}`
  }
}

const resultJson = (result: AutoResult): object => ({
  did: result.did,
  from: 'from' in result ? formatVersion(result.from) : null,
  to: 'to' in result ? formatVersion(result.to) : null,
})

/** After a command of a person: where no scheduler does it, that is when newer versions are looked for. Its trouble is not this command's. */
export async function lookBehind (deps: IpfsupDeps, io: Io): Promise<void> {
  try {
    if (await (await deps.state(io)).auto()) await (await deps.auto(io)).runBehind()
  } catch (e) {
    if (!isAppError(e)) throw e
    io.log.info('auto', { failed: e.message })
  }
}
