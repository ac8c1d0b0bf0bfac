import path from 'node:path'
import { mayImport, rowFor } from './import-table.ts'
import type { Import, Module } from './read-module.ts'

/** Each rule answers with one line for each fault: the file, what is wrong, and why that is a rule. */
export type Rule = (modules: readonly Module[]) => string[]

export const MAX_LINES = 300

/** Files of the packages that ship. */
const isSource = (m: Module): boolean => /^packages\/[a-z-]+\/(src|web|assembly)\//.test(m.file)
const isTest = (m: Module): boolean => /\.(test|soak|bench)\.ts$|^e2e\/|\/test\/|^packages\/testkit\//.test(m.file)
/** 'packages/core/src/cli/io.ts' -> 'core/src/cli/io' */
const short = (file: string): string => file.replace(/^packages\//, '').replace(/\.ts$/, '')

export const importTable: Rule = modules => modules.filter(isSource).flatMap(m => {
  const row = rowFor(short(m.file))
  if (row === undefined) return [`${m.file} has no row in the import table: put it where ARCHITECTURE.md has a place for it`]
  return m.imports
    .map(i => target(m, i))
    .filter(to => !mayImport(row, short(m.file), to))
    .map(to => `${m.file} imports ${to}: ${row.why}`)
})

export const noToolImportsAnother: Rule = modules => modules.filter(isSource).flatMap(m => {
  const own = m.file.split('/')[1]!
  return m.imports
    .map(i => target(m, i).split('/')[0]!)
    .filter(to => to !== own && to !== 'core' && modules.some(other => other.file.startsWith(`packages/${to}/src/`)) && own !== 'testkit')
    .map(to => `${m.file} imports ${to}: what two tools really share moves to core, and the testkit is for tests`)
})

/** Type-only imports vanish, and lazy ones run after their file is loaded: neither can see a half-loaded module. */
export const noImportCycles: Rule = modules => {
  const edges = new Map(modules.filter(isSource).map(m => [short(m.file), m.imports.filter(i => !i.typeOnly && !i.lazy).map(i => target(m, i))]))
  const faults: string[] = []
  const done = new Set<string>()
  const walk = (file: string, above: readonly string[]): void => {
    const at = above.indexOf(file)
    if (at >= 0) faults.push(`import cycle: ${[...above.slice(at), file].join(' -> ')}`)
    if (at >= 0 || done.has(file)) return
    for (const to of edges.get(file) ?? []) if (edges.has(to)) walk(to, [...above, file])
    done.add(file)
  }
  for (const file of edges.keys()) walk(file, [])
  return faults
}

/** Composition roots, core/cli and core/time, and adapters; in core those are named after what they adapt. */
const TOUCHES_THE_PROCESS = /^packages\/([a-z-]+\/src\/(bin|main)\.ts|core\/src\/(cli|time|storage)\/|core\/src\/(config\/host-facts|identity\/key-file|daemon\/(node-main|node-root|spawn-node))\.ts|core\/src\/(net\/libp2p|blocks\/helia)-[a-z-]+\.ts|[a-z-]+\/src\/adapters\/|testkit\/|[a-z-]+\/web\/)/

export const noAmbientWorld: Rule = modules => modules.filter(m => isSource(m) && !TOUCHES_THE_PROCESS.test(m.file)).flatMap(m =>
  [...new Set(m.globals)].map(name => `${m.file} uses ${name}: time, chance and the process are passed in, so that a test can hold them`))

export const shortFiles: Rule = modules => modules.filter(m => !m.file.endsWith('.test.ts') && m.lineCount > MAX_LINES).map(m =>
  `${m.file} has ${m.lineCount} lines, the limit is ${MAX_LINES}: it holds two concepts`)

/** assembly/<name>/index.ts becomes <name>.wasm: its folder is named after it. */
const isWasmEntry = (m: Module): boolean => /^packages\/[a-z-]+\/assembly\/[a-z-]+\/index\.ts$/.test(m.file)

export const noVagueNames: Rule = modules => modules
  .filter(m => !isWasmEntry(m) && /^(utils?|helpers?|common|types|manager|misc|index)$/.test(path.basename(m.file, '.ts')))
  .map(m => `${m.file} says nothing by its name: a file is named after its main export`)

export const nothingLeftOpen: Rule = modules => modules.flatMap(m => [
  ...[...m.source.matchAll(new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'HA' + 'CK', 'X' + 'XX'].join('|')})\\b`, 'g'))].map(found => `${m.file} says ${found[0]}: finish it or leave it out`),
  // the one place that skips says why and fails where everything is required
  ...(m.file === 'packages/testkit/src/test-with-program.ts' ? [] : m.switchedTests.map(name => `${m.file} has ${name}: every test runs`)),
])

export const testsHaveSubjects: Rule = modules => modules
  .filter(m => isTest(m) && m.file.endsWith('.test.ts') && !/\bexpect\b/.test(m.source))
  .map(m => `${m.file} expects nothing`)

export const RULES: Readonly<Record<string, Rule>> = {
  importTable, noToolImportsAnother, noImportCycles, noAmbientWorld, shortFiles, noVagueNames, nothingLeftOpen, testsHaveSubjects,
}

/** Relative and @ipkit imports as a file of the workspace; packages by their name alone. */
function target (m: Module, { specifier }: Import): string {
  if (specifier.startsWith('.')) return short(path.posix.join(path.posix.dirname(m.file), specifier))
  if (specifier.startsWith('node:')) return specifier
  const [first, second, ...rest] = specifier.split('/')
  if (first === '@ipkit') return `${second}/src/${rest.join('/')}`
  return first!.startsWith('@') ? `${first}/${second}` : first!
}
