import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { GLOBAL_OPTIONS } from '@ipkit/core/cli/global-flags'
import { CONFIG_KEYS } from '@ipkit/core/config/config-keys'
import { NODE_ENV_ALLOWED } from '@ipkit/core/daemon/spawn-node'
import { EXIT } from '@ipkit/core/errors/exit-codes'

const root = path.resolve(import.meta.dirname, '../../../..')
const page = readFileSync(path.join(root, 'docs/cli.md'), 'utf8')

/** Rows of the first table under a heading, cells without backticks. */
function tableUnder (heading: string): string[][] {
  const section = page.slice(page.indexOf(`\n## ${heading}\n`)).split('\n## ')[1]!
  return section.split('\n').filter(line => line.startsWith('| ')).slice(2).map(line => line.slice(1, -1).split('|').map(cell => cell.trim().replaceAll('`', '')))
}

test('exit codes', () => {
  expect(tableUnder('Exit codes').map(([code, name]) => [name, Number(code)])).toEqual(Object.entries(EXIT))
})

test('settings', () => {
  expect(tableUnder('Settings')).toEqual(Object.entries(CONFIG_KEYS).map(([key, spec]) => [key, 'env' in spec ? spec.env : '', spec.about]))
})

test('flags of every command', () => {
  const documented = tableUnder('Flags of every command').map(([flag]) => flag)
  expect(documented).toEqual([...Object.entries(GLOBAL_OPTIONS).map(([name, spec]) => 'alias' in spec ? `--${name}, -${spec.alias}` : `--${name}`), '--verbose, -v', '--help, -h'])
})

test('what a node inherits', () => {
  const block = /<!-- node-environment -->([^]*?)<!-- end -->/u.exec(page)![1]!
  expect([...block.matchAll(/`(\w+)`/gu)].map(m => m[1])).toEqual(NODE_ENV_ALLOWED)
})

test('every variable that the code reads is documented', () => {
  const documented = new Set(tableUnder('Environment').flatMap(([names]) => names!.split(', ')))
  const read = sources().flatMap(file => [...readFileSync(file, 'utf8').matchAll(/env\['([A-Z_]+)'\]/gu)].map(m => m[1]!))
  expect(read).toContain('IPKIT_HOME')
  expect([...new Set(read)].filter(name => !documented.has(name))).toEqual([])
})

function sources (): string[] {
  return readdirSync(path.join(root, 'packages')).filter(name => name !== 'testkit').flatMap(name => {
    const folder = path.join(root, 'packages', name, 'src')
    try { return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts')).map(file => path.join(folder, file)) } catch { return [] }
  })
}
