import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { formatBytes } from '@ipkit/core/cli/size'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { tableText } from '@ipkit/core/cli/table'
import { compareVersions, formatVersion, isPrerelease, sameVersion, type Lang, type Version } from '../domain/version.ts'
import type { IpfsupDeps } from './deps.ts'

export interface LsArgs { readonly remote: boolean, readonly pre: boolean }

/** `ipfsup ls [--remote]`: what is installed, or what there is. Lowest first: the newest stands beside the prompt. */
export async function ls (deps: IpfsupDeps, io: Io, args: LsArgs): Promise<Outcome> {
  return args.remote ? await lsRemote(deps, io, args.pre) : await lsHere(deps, io)
}

async function lsHere (deps: IpfsupDeps, io: Io): Promise<Outcome> {
  const releases = await deps.releases(io)
  const byDefault = await (await deps.state(io)).default()
  const found = [...await releases.list()].sort((a, b) => compareVersions(a.version, b.version))
  const rows = await Promise.all(found.map(async release => {
    const { version, path, transport, origin } = release
    const installed = { version: formatVersion(version), path, sizeBytes: await releases.sizeBytes(release), default: byDefault !== undefined && sameVersion(version, byDefault) }
    return { installed, from: transport === 'npm' ? 'npm' : origin }
  }))
  if (byDefault !== undefined && !rows.some(({ installed }) => installed.default)) io.report.warn('NOT_INSTALLED', `the default, ${formatVersion(byDefault)}, is not installed; get it: 'ipfsup install ${formatVersion(byDefault)}'`)
  const json = { installed: rows.map(({ installed }) => installed), default: byDefault === undefined ? null : formatVersion(byDefault) }
  if (rows.length === 0) return document(json, "nothing is installed; 'ipfsup update' installs the latest")
  const shown = rows.map(({ installed: { version, sizeBytes, default: isDefault }, from }) => [`${version}${isDefault ? ' (default)' : ''}`, formatBytes(sizeBytes), stripControl(from)] as const)
  const table = tableText([{ title: 'VERSION', width: Math.max(...shown.map(([version]) => version.length)) }, { title: 'SIZE', width: 7, align: 'right' }, { title: 'FROM', width: 20 }])
  return document(json, [table.header, ...shown.map(row => table.row(row))].join('\n'))
}

async function lsRemote (deps: IpfsupDeps, io: Io, pre: boolean): Promise<Outcome> {
  io.report.progress({ step: 'asking which versions there are' })
  const [source, installed, byDefault] = [await deps.latest(io, 'auto'), await (await deps.releases(io)).list(), await (await deps.state(io)).default()]
  const isIn = (all: ReadonlyArray<Version | undefined>, version: Version): boolean => all.some(v => v !== undefined && sameVersion(v, version))
  const ofLang = async (lang: Lang): Promise<readonly Version[]> => (await source.versions(lang, io.signal)).filter(v => pre || !isPrerelease(v))
  const go = await ofLang('go')
  const all = [...await ofLang('js'), ...go]
  const rows = all.map(version => ({ version: formatVersion(version), installed: isIn(installed.map(r => r.version), version), default: isIn([byDefault], version) }))
  const marks = ({ installed, default: isDefault }: typeof rows[number]): string => isDefault ? ' (default)' : installed ? ' (installed)' : ''
  if (!pre) io.report.note('prereleases are left out; to see them: --pre')
  return document({ available: rows }, rows.map(row => `${row.version}${marks(row)}`).join('\n'))
}
