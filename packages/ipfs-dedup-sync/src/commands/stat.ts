import { formatTime } from '@ipkit/core/cli/duration'
import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { formatBytes } from '@ipkit/core/cli/size'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { factsText } from '@ipkit/core/cli/table'
import { callSync, listSync, syncRpc, type NameItem, type RootItem, type RuleState } from '../rpc.ts'
import { ruleText } from './rule-text.ts'

const repeatable = { repeatable: true }

/** `ipfs-dedup-sync stat`: what is kept, under which names, who may have it, and the room it takes. */
export async function stat (io: Io): Promise<Outcome> {
  const facts = await callSync(io.node, syncRpc.stat, {}, repeatable)
  const names = await all(listSync(io.node, syncRpc.names, {}, repeatable))
  const roots = await all(listSync(io.node, syncRpc.roots, {}, repeatable))
  const rules = await all(listSync(io.node, syncRpc.rules, {}, repeatable))
  const { blocks, blockBytes, diskBytes, looseBytes } = facts
  const json = { roots: roots.map(rootJson), names: names.map(nameJson), rules, blocks, blockBytes, diskBytes, looseBytes }
  const totals = factsText([
    ['kept', roots.length === 0 ? 'nothing yet' : `${roots.length} root${roots.length === 1 ? '' : 's'}, ${formatBytes(roots.reduce((sum, root) => sum + root.sizeBytes, 0))} of files`],
    ['blocks', `${blocks}, ${formatBytes(blockBytes)}`],
    ['on disk', formatBytes(diskBytes)],
    ['to free', looseBytes === 0 ? undefined : `${formatBytes(looseBytes)}, with 'ipfs-dedup-sync gc'`],
  ])
  const rule = rules.map(r => `${r.scope === '*' ? 'what is served' : r.scope}: ${ruleText(r)}`)
  return document(json, [totals, ...names.length > 0 ? ['', ...names.map(nameText)] : [], ...roots.length > 0 ? ['', ...roots.map(rootText)] : [], ...rule.length > 0 ? ['', ...rule] : []].join('\n'))
}

const isoOrNull = (ms: number | null): string | null => ms === null ? null : new Date(ms).toISOString()
const rootJson = ({ at, ...root }: RootItem): object => ({ ...root, at: isoOrNull(at) })
const nameJson = ({ validUntil, ...name }: NameItem): object => ({ ...name, validUntil: isoOrNull(validUntil) })

function nameText ({ name, key, file, version, own, served, expired, forked }: NameItem): string {
  const called = [...own ? [`key ${key ?? 'gone'}`] : ['followed'], ...served ? ['served'] : [], ...expired ? ['expired'] : [], ...forked ? ['fork'] : []]
  return `${name}\n  ${version === null ? 'no version yet' : `version ${version}`}${file === null ? '' : ` of ${stripControl(file)}`} (${called.join(', ')})`
}

function rootText ({ root, file, sizeBytes, served, at, versions }: RootItem): string {
  const of = versions.map(({ name, version }) => `\n  version ${version} of ${name}`).join('')
  return `${root}\n  ${file === null ? '' : `${stripControl(file)}, `}${formatBytes(sizeBytes)}, ${formatTime(at)}${served ? ', served' : ''}${of}`
}

async function all<T extends NameItem | RootItem | RuleState> (items: AsyncIterable<T>): Promise<T[]> {
  const got: T[] = []
  for await (const item of items) got.push(item)
  return got
}
