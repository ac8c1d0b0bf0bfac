import type { Io } from '@ipkit/core/cli/io'
import { list, type Outcome } from '@ipkit/core/cli/outcome'
import { tableText } from '@ipkit/core/cli/table'
import { readApp, type App } from '../domain/node-control.ts'
import type { IpkitDeps } from './deps.ts'

const table = tableText([{ title: 'APP', width: 20 }, { title: 'BUILD', width: 5, align: 'right' }, { title: 'LEASES', width: 6, align: 'right' }, { title: 'PINS', width: 5, align: 'right' }, { title: 'STATE', width: 20 }])

/** `ipkit apps`: the tools that the running node has loaded. Starts nothing. */
export async function apps (deps: IpkitDeps, io: Io): Promise<Outcome> {
  const items = await (await deps.node(io)).ask('node.apps', readApp)
  if (items === undefined) io.report.note('no node is running')
  return list<App>(items ?? none(), {
    header: table.header,
    toText: app => table.row([app.name, `${app.build}`, `${app.leases.length}`, `${app.pins}`, app.error === undefined ? app.state : `${app.state}: ${app.error}`]),
    ...items === undefined ? {} : { emptyText: 'no tool has asked for anything yet' },
  })
}

async function * none (): AsyncGenerator<never> { /* a list without items */ }
