import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { readModule, type Module } from '../architecture/read-module.ts'
import { readWorkspace } from '../architecture/read-workspace.ts'
import { RULES } from '../architecture/rules.ts'

const workspace = readWorkspace(path.resolve(import.meta.dirname, '../..'))

describe('the workspace keeps the rules of ARCHITECTURE.md', () => {
  test('it was found', () => {
    expect(workspace.map(m => m.file)).toContain('packages/core/src/cli/io.ts')
  })

  test.each(Object.entries(RULES))('%s', (_name, rule) => {
    expect(rule(workspace)).toEqual([])
  })
})

const file = (name: string, source: string): Module => readModule(name, source)
const tool = file('packages/mail/src/domain/letter.ts', 'export const letter = 1\n')

describe('each rule sees a breach', () => {
  const breaches: ReadonlyArray<readonly [rule: keyof typeof RULES, what: string, modules: Module[], fault: RegExp]> = [
    ['importTable', 'node in the domain', [file('packages/burn/src/domain/a.ts', "import { readFile } from 'node:fs'")], /domain\/a\.ts imports node:fs: the rules run anywhere/],
    ['importTable', 'a type of node in the domain', [file('packages/burn/src/domain/a.ts', "let s: import('node:net').Socket")], /imports node:net/],
    ['importTable', 'node in the wire format', [file('packages/burn/src/wire.ts', "export { randomBytes } from 'node:crypto'")], /imports node:crypto/],
    ['importTable', 'node in a command, lazily', [file('packages/burn/src/commands/get.ts', "const fs = await import('node:fs')")], /imports node:fs: a command sees files/],
    ['importTable', 'yargs in a command', [file('packages/burn/src/commands/get.ts', "import yargs from 'yargs'")], /imports yargs/],
    ['importTable', 'an adapter in a command', [file('packages/burn/src/commands/get.ts', "import { a } from '../adapters/level-store.ts'")], /imports burn\/src\/adapters\/level-store/],
    ['importTable', 'libp2p in the protocol', [file('packages/burn/src/protocol.ts', "import type { Stream } from '@libp2p/interface'")], /imports @libp2p\/interface/],
    ['importTable', 'libp2p in the daemon', [file('packages/core/src/daemon/a.ts', "import { createLibp2p } from 'libp2p'")], /imports libp2p: core imports core only/],
    ['importTable', 'Helia in the command-line frame', [file('packages/core/src/cli/a.ts', "export * from 'helia'")], /imports helia/],
    ['importTable', 'hashes in a name', [file('packages/core/src/names/ipns-name.ts', "import { sha256 } from '@noble/hashes/sha2.js'")], /imports @noble\/hashes: any command may read a name/],
    ['importTable', 'ipns beside the file for it', [file('packages/core/src/names/ipns-record.ts', "import { validate } from 'ipns/validator'")], /imports ipns: errors, schema/],
    ['importTable', 'node in a link', [file('packages/core/src/link/a.ts', "import 'node:path'")], /imports node:path/],
    ['importTable', 'the domain in bin.ts', [file('packages/burn/src/bin.ts', "import { a } from './domain/a.ts'")], /bin\.ts imports burn\/src\/domain\/a/],
    ['importTable', 'a folder that is not in the plan', [file('packages/burn/src/stuff/a.ts', '')], /has no row in the import table/],
    ['importTable', 'the domain in a WASM module', [file('packages/sync/assembly/chunker/index.ts', "import { a } from '../../src/domain/a.ts'")], /assembly\/chunker\/index\.ts imports sync\/src\/domain\/a: a WASM module is compiled alone/],
    ['noToolImportsAnother', 'a tool in a tool', [tool, file('packages/burn/src/service.ts', "import '../../mail/src/domain/letter.ts'")], /burn\/src\/service\.ts imports mail/],
    ['noToolImportsAnother', 'a tool in core', [tool, file('packages/core/src/cli/a.ts', "import '../../../mail/src/domain/letter.ts'")], /core\/src\/cli\/a\.ts imports mail/],
    ['noToolImportsAnother', 'the testkit in a tool', [file('packages/testkit/src/a.ts', ''), file('packages/burn/src/domain/a.ts', "import '@ipkit/testkit/a'")], /imports testkit/],
    ['noImportCycles', 'a circle of three', [
      file('packages/core/src/a.ts', "import './b.ts'"), file('packages/core/src/b.ts', "import '@ipkit/core/c'"), file('packages/core/src/c.ts', "export * from './a.ts'"),
    ], /core\/src\/a -> core\/src\/b -> core\/src\/c -> core\/src\/a/],
    ['noAmbientWorld', 'the clock', [file('packages/burn/src/domain/a.ts', 'Date.now()')], /uses Date\.now/],
    ['noAmbientWorld', 'the clock by a date', [file('packages/burn/src/domain/a.ts', 'const now = new Date()')], /uses new Date\(\)/],
    ['noAmbientWorld', 'chance', [file('packages/core/src/daemon/a.ts', 'const r = Math.random')], /uses Math\.random/],
    ['noAmbientWorld', 'a timer', [file('packages/core/src/net/a.ts', 'setTimeout(() => {}, 1)')], /uses setTimeout/],
    ['noAmbientWorld', 'the environment', [file('packages/burn/src/commands/a.ts', 'const home = process.env.HOME')], /uses process\.env/],
    ['noAmbientWorld', 'the console', [file('packages/burn/src/service.ts', "console.log('x')")], /uses console\.log/],
    ['shortFiles', '301 lines', [file('packages/burn/src/wire.ts', '\n'.repeat(301))], /has 301 lines/],
    ['noVagueNames', 'utils', [file('packages/burn/src/domain/utils.ts', '')], /utils\.ts says nothing/],
    ['noVagueNames', 'index, where it is no WASM module', [file('packages/burn/src/index.ts', '')], /index\.ts says nothing/],
    ['nothingLeftOpen', 'a mark', [file('packages/burn/src/domain/a.ts', '// TO'.concat('DO: later'))], /finish it or leave it out/],
    ['nothingLeftOpen', 'a test alone', [file('packages/burn/test/a.test.ts', "test.only('x', () => {})")], /has test\.only/],
    ['nothingLeftOpen', 'a table of tests switched off', [file('packages/burn/test/a.test.ts', "describe.skip.each([1])('x', () => {})")], /has describe\.skip/],
    ['nothingLeftOpen', 'the short way to switch off', [file('packages/burn/test/a.test.ts', "xit('x', () => {})")], /has xit/],
    ['testsHaveSubjects', 'a test without an expectation', [file('packages/burn/test/a.test.ts', "test('x', () => {})")], /expects nothing/],
  ]

  test.each(breaches)('%s: %s', (rule, _what, modules, fault) => {
    expect(RULES[rule]!(modules).join('\n')).toMatch(fault)
  })

  test('every rule is tried', () => {
    expect([...new Set(breaches.map(([rule]) => rule))].sort()).toEqual(Object.keys(RULES).sort())
  })

  test('what is allowed is left alone', () => {
    const modules = [
      file('packages/core/src/a.ts', "import type { B } from './b.ts'\nconst b = await import('./b.ts')\n// Date.now() is only named here, and 'process.env' in a string"),
      file('packages/core/src/b.ts', "import './a.ts'\nimport { AppError } from './errors/app-error.ts'"),
      file('packages/burn/assembly/chunker/index.ts', 'export function find (): u64 { return 0 }'),
      file('packages/burn/src/bin.ts', "import './cli.ts'\nprocess.exitCode = 1"),
    ]
    for (const [name, rule] of Object.entries(RULES)) expect([name, ...rule(modules)]).toEqual([name])
  })
})
