import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parseArgs } from '@ipkit/core/cli/parse-args'
import type { CommandTable } from '@ipkit/core/cli/command-table'

const root = path.resolve(import.meta.dirname, '../..')
const toolFolders = { burn: 'burn-cli', 'ipfs-dedup-sync': 'ipfs-dedup-sync', ipfsup: 'ipfsup', ipkit: 'ipkit', ipnsup: 'ipnsup' } as const

const documents = ['.', 'packages/burn-cli', 'packages/ipfs-dedup-sync', 'packages/ipfsup', 'packages/ipkit', 'packages/ipnsup', 'docs', 'docs/protocols', 'docs/formats', 'docs/decisions']
  .flatMap(folder => existsSync(path.join(root, folder)) ? readdirSync(path.join(root, folder)).filter(name => name.endsWith('.md')).map(name => path.join(folder, name)) : [])
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')

/** Lines of code: indented or fenced blocks, and what stands between backticks. */
function codeIn (text: string): string[] {
  const blocks = [...text.matchAll(/^```[a-z]*\n([\s\S]*?)^```$/gm)].flatMap(m => m[1]!.split('\n'))
  const indented = text.split('\n').filter(line => line.startsWith('    '))
  const spans = [...text.matchAll(/`([^`\n]+)`/g)].map(m => m[1]!)
  return [...blocks, ...indented, ...spans].map(line => line.replace(/\s+#.*$/, '').trim())
}

test('the documents were found', () => { expect(documents).toContain('README.md') })

describe.each(documents)('%s', file => {
  const text = read(file)

  test('links to what is there', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)[^)]*\)/g)].map(m => m[1]!)
    expect(links.filter(link => !existsSync(path.join(root, path.dirname(file), link)))).toEqual([])
  })

  test('names scripts that package.json has', () => {
    const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts
    const builtIn = new Set(['install', 'pack'])
    const named = codeIn(text).flatMap(line => [...line.matchAll(/\bpnpm(?:@[\d.]+)? ([a-z][a-z:]*)/g)].map(m => m[1]!))
    expect(named.filter(name => !(name in scripts) && !builtIn.has(name))).toEqual([])
  })
})

test('decisions carry the number of their file, each its own', () => {
  const decisions = documents.filter(file => file.startsWith('docs/decisions'))
  const numbers = decisions.map(file => path.basename(file).slice(0, 4))
  expect(decisions.map(file => /^# (\d{4}) /.exec(read(file))?.[1])).toEqual(numbers)
  expect(new Set(numbers).size).toBe(numbers.length)
})

/** Where a reader copies commands from: each line that begins with a tool's name must be one that the tool understands. */
describe.each(['README.md', 'packages/burn-cli/README.md', 'packages/ipfs-dedup-sync/README.md', 'packages/ipfsup/README.md', 'packages/ipkit/README.md', 'packages/ipnsup/README.md'])('the commands in %s', file => {
  const blocks = read(file).split('\n').filter(line => line.startsWith('    ')).map(line => line.replace(/\s+#.*$/, '').trim())
  const lines = blocks.flatMap(line => line.split(/ \| | && /)).filter(line => /^(burn|ipfs-dedup-sync|ipfsup|ipkit|ipnsup) /.test(line))

  test.each(lines)('%s', async line => {
    const [tool, ...argv] = words(line)
    const { cli } = await import(path.join(root, 'packages', toolFolders[tool as keyof typeof toolFolders], 'src/cli.ts')) as { cli: (deps: unknown) => CommandTable }
    await expect(parseArgs(cli({}), argv)).resolves.toMatchObject({ kind: expect.stringMatching(/run|answer/) as unknown })
  })
})

/** Splits like a shell, for quotes and nothing else; drops redirections. */
const words = (line: string): string[] =>
  [...line.replace(/\s[<>]+\s*\S+/g, '').matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(m => m[1] ?? m[2] ?? m[3]!)
