/** `ipnsup key new|ls|rm`: names of one's own besides that of the home. */
import type { Io } from '@ipkit/core/cli/io'
import { document, list, type Outcome } from '@ipkit/core/cli/outcome'
import { tableText } from '@ipkit/core/cli/table'
import { AppError } from '@ipkit/core/errors/app-error'
import { callIpnsup, ipnsupRpc, listIpnsup, type KeyItem } from '../rpc.ts'
import { checkKeyName } from './check-key-name.ts'
import { checkNewKeyName } from './check-new-key-name.ts'

const table = tableText([{ title: 'NAME', width: 62 }, { title: 'KEY', width: 16 }]) // the last column is never cut

export const keyJson = ({ key, name, peerId }: KeyItem): object => ({ key, name, peerId })

export async function keyNew (io: Io, args: { readonly key: string }): Promise<Outcome> {
  checkNewKeyName(args.key)
  const made = await callIpnsup(io.node, ipnsupRpc.keyNew, { key: args.key })
  io.report.note(`keep a copy: 'ipnsup key export ${made.key} -o FILE'`)
  io.report.note('without its key nobody can publish under a name again')
  return document(keyJson(made), made.name)
}

export async function keyList (io: Io): Promise<Outcome> {
  const items = listIpnsup(io.node, ipnsupRpc.keys, {}, { repeatable: true })
  if (io.flags.json) return list(jsonItems(items), { toText: () => '' })
  return list(items, { header: table.header, toText: ({ key, name }) => table.row([name, key]) })
}

async function * jsonItems (items: AsyncIterable<KeyItem>): AsyncGenerator<object> {
  for await (const item of items) yield keyJson(item)
}

/** Asks; where nobody can be asked it takes `--yes`. */
export async function keyRemove (io: Io, args: { readonly key: string, readonly yes: boolean }): Promise<Outcome> {
  checkKeyName(args.key)
  if (!args.yes) await confirm(io, args.key)
  const removed = await callIpnsup(io.node, ipnsupRpc.keyRemove, { key: args.key })
  io.report.note('what was published under it stays remembered')
  return document(keyJson(removed), `removed ${removed.key}\n  ${removed.name}`)
}

async function confirm (io: Io, key: string): Promise<void> {
  const copy = `keep a copy first: 'ipnsup key export ${key} -o FILE'`
  if (!io.prompt.canAsk) throw new AppError('NOT_CONFIRMED', `the key ${key} was not removed: that cannot be undone`, { exit: 'refused', hints: [copy, 'then say --yes'] })
  if (await io.prompt.confirm(`remove the key ${key} for good? without a copy its name is lost`, false)) return
  throw new AppError('NOT_CONFIRMED', `the key ${key} was not removed`, { exit: 'refused', hints: [copy] })
}
