/** The README against the code: commands, flags, keys of `--json`. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { flagName, type LeafCommand } from '@ipkit/core/cli/command-table'
import { cli } from '../src/cli.ts'
import type { IpfsupDeps } from '../src/commands/deps.ts'
import { MemoryWorld, usedWorld } from './memory-world.ts'

const readme = readFileSync(path.join(import.meta.dirname, '../README.md'), 'utf8')
const table = cli({} as IpfsupDeps)
const leaves = table.commands.flatMap((c): ReadonlyArray<readonly [string, LeafCommand]> => 'commands' in c ? c.commands.map(leaf => [`${c.name} ${leaf.name}`, leaf] as const) : [[c.name, c] as const])

/** Rows of the table under a heading, split into cells; a `\|` is none of their ends. */
const rowsUnder = (heading: string): string[][] =>
  readme.slice(readme.indexOf(`\n## ${heading}\n`)).split('\n## ')[1]!.split('\n').filter(line => line.startsWith('| `')).map(line => line.split(/(?<!\\)\|/).slice(1, -1).map(cell => cell.trim()))

test('names every command', () => {
  const named = rowsUnder('Commands').map(([cell]) => cell!)
  const missing = leaves.map(([name]) => name).filter(name => {
    const [group, leaf] = name.split(' ')
    return !named.some(cell => cell.startsWith(`\`ipfsup ${group!}`) && (leaf === undefined || group === 'node' || cell.includes(leaf)))
  })
  expect(missing).toEqual(['auto run']) // told beside `auto`
  expect(readme).toContain('`auto run`')
})

test('names every flag', () => {
  const flags = leaves.filter(([name]) => name !== 'which').flatMap(([, leaf]) => Object.keys(leaf.options).map(key => `--${flagName(key)}`))
  expect([...new Set(flags)].filter(flag => !readme.includes(`\`${flag}`))).toEqual([])
})

test('names every key of --json', async () => {
  const rows = rowsUnder('JSON')
  const named = (command: string): string[] => {
    const row = rows.find(([cell]) => cell!.split(', ').includes(`\`ipfsup ${command}\``))
    return [...(row?.[1] ?? '').replace(/\([^)]*\)/g, '').matchAll(/`([a-zA-Z0-9]+)`/g)].map(m => m[1]!).sort()
  }
  const keys = async (line: string, world = usedWorld()): Promise<string[]> => {
    world.findings = [{ check: 'shim', ok: true, message: 'fine', cure: undefined }]
    const { stdout, stderr } = await world.run([...line.split(' '), '--json'])
    if (stdout === '') throw new Error(`${line}: ${stderr}`)
    return Object.keys(JSON.parse(stdout.split('\n')[0]!) as object).sort()
  }
  for (const line of ['update', 'rollback', 'default', 'unuse', 'ls', 'ls --remote', 'show', 'which', 'gc', 'verify', 'auto on', 'auto off', 'auto status', 'auto run', 'init', 'self update', 'doctor']) {
    expect([line, await keys(line)]).toEqual([line, named(line)])
  }
  expect(await keys('install v0.41.0')).toEqual(named('install'))
  expect(await keys('default v0.42.0')).toEqual(named('default <version>'))
  expect(await keys('use v0.42.0')).toEqual(named('use'))
  expect(await keys('uninstall v0.42.0')).toEqual(named('uninstall'))
  expect(await keys('self uninstall --yes')).toEqual(named('self uninstall'))
  expect(await keys('node status')).toEqual(expect.arrayContaining(['running']))
  expect(await keys('show', new MemoryWorld())).toEqual(named('show'))
})

test('what scripts rely on stands as it was asked for', async () => {
  const answer = async (line: string): Promise<unknown> => JSON.parse((await usedWorld().run([...line.split(' '), '--json'])).stdout)
  expect(Object.keys(await answer('update') as object)).toEqual(['version', 'previous', 'transport', 'path', 'sha512', 'cid', 'resumedBytes'])
  const listed = await answer('ls') as { installed: object[] }
  expect([Object.keys(listed), Object.keys(listed.installed[0]!)]).toEqual([['installed', 'default'], ['version', 'path', 'sizeBytes', 'default']])
})
