import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { helpFile } from '@ipkit/core/cli/help-pages'
import type { CommandTable } from '@ipkit/core/cli/command-table'
import { isAllowed, writeLicences } from '../../tools/bundle/write-licences.mjs'

const root = path.resolve(import.meta.dirname, '../..')
/** node's own typings leave it out. */
const { instantiate } = (globalThis as unknown as { WebAssembly: { instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: object } }> } }).WebAssembly

describe.each(['burn-cli', 'ipfs-dedup-sync', 'ipfsup', 'ipkit', 'ipnsup'])('the build of %s', name => {
  const folder = path.join(root, 'packages', name)
  const inDist = (file: string): string => path.join(folder, 'dist', file)
  const read = (file: string): string => readFileSync(inDist(file), 'utf8')
  const readJson = (file: string): unknown => JSON.parse(read(file))

  test('keeps the help pages as yargs sets them', async () => {
    const { cli } = await import(path.join(folder, 'src/cli.ts')) as { cli: (deps: unknown) => CommandTable }
    expect(readJson('help.json')).toEqual(await helpFile(cli({})))
  })

  const requiredBy = (file: string): string[] => [...new Set([...read(file).matchAll(/require\("([^"]+)"\)/g)].map(m => m[1]!))]
  const isOfNode = (specifier: string): boolean => builtinModules.includes(specifier.replace('node:', ''))

  test('answers help from a file that loads nothing but node', () => {
    expect(requiredBy('start.cjs').filter(r => !isOfNode(r))).toEqual([])
    const code = `require(${JSON.stringify(inDist('start.cjs'))}); process.on('exit', () => { console.error(JSON.stringify(Object.keys(require.cache))) })`
    const run = spawnSync(process.execPath, ['-e', code, 'tool', '--help'], { encoding: 'utf8' })
    expect(run.stdout).toContain('Commands:')
    expect(JSON.parse(run.stderr)).toEqual([inDist('start.cjs')])
  })

  test('has the command line in one file, apart from what is heavy', () => {
    expect(requiredBy('bin.cjs').filter(r => !isOfNode(r) && r !== 'classic-level')).toEqual([])
    const lazy = [...read('bin.cjs').matchAll(/\b__import\("([^"]+)"\)/g)].map(m => m[1]!)
    expect(lazy).toEqual(expect.arrayContaining(['./help-pages.js', './pino.js']))
    expect(lazy.filter(l => !isOfNode(l) && l !== 'classic-level' && !existsSync(inDist(l)))).toEqual([])
    // An ES module more costs a warm command as much as all else it does.
    expect(lazy.filter(l => ['ls', 'status', 'id', 'resolve', 'watch'].some(command => l === `./${command}.js`))).toEqual([])
  })

  test('brings the shared node, and one native package', () => {
    expect(existsSync(inDist('node-main.js'))).toBe(true)
    const imported = readdirSync(path.join(folder, 'dist')).filter(f => f.endsWith('.js'))
      .flatMap(f => [...read(f).matchAll(/(?:(?:^|[;\n])import(?:[\w$*{},\s]+from)?|\bimport\()["']([\w@][^"']*)["']/g)].map(m => m[1]!))
    expect([...new Set(imported)].filter(i => !i.startsWith('node:') && !builtinModules.includes(i))).toEqual(['classic-level'])
  })

  test('declares its service as package.json does, with the hash of each file', () => {
    const declared = (JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { ipkit?: { service: object } }).ipkit?.service
    expect(existsSync(inDist('service.json'))).toBe(declared !== undefined)
    if (declared === undefined) return
    const service = readJson('service.json') as { files: Record<string, string> }
    expect(service).toMatchObject(declared)
    expect(Object.keys(service.files)).toEqual(expect.arrayContaining(['package.json', 'service.js']))
    for (const [file, hash] of Object.entries(service.files)) expect(createHash('sha256').update(readFileSync(inDist(file))).digest('hex')).toBe(hash)
  })

  test('names the licence of everything it holds', () => {
    const licences = [...read('THIRD_PARTY_LICENSES.txt').matchAll(/^-{80}\n\S+ \S+ \((.*)\)$/gm)].map(m => m[1]!)
    expect(licences.length).toBeGreaterThan(3)
    expect(licences.filter(l => !isAllowed(l))).toEqual([])
  })
})

describe('the build of WASM and of worker threads', () => {
  const dist = path.join(root, 'packages/ipfs-dedup-sync/dist')

  test('makes a module of each folder of assembly/, alone in its world', async () => {
    const names = readdirSync(path.join(dist, '../assembly'))
    expect(names).toContain('chunker')
    for (const name of names) {
      const { instance } = await instantiate(readFileSync(path.join(dist, `${name}.wasm`)), {})
      expect(Object.keys(instance.exports)).toContain('memory')
    }
  })

  test('makes one file of each worker, that needs nothing but node', () => {
    const workers = readdirSync(dist).filter(f => f.endsWith('-worker.js'))
    expect(workers.sort()).toEqual(['chunk-worker.js', 'deflate-worker.js'])
    const imported = workers.flatMap(f => [...readFileSync(path.join(dist, f), 'utf8').matchAll(/(?:import[^"']*from|import)\s*["']([^"']+)["']/g)].map(m => m[1]!))
    expect(imported.length).toBeGreaterThan(0)
    expect(imported.filter(i => !i.startsWith('node:'))).toEqual([])
  })
})

describe('a bundle is refused', () => {
  let folder: string
  beforeEach(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-licences-')) })
  afterEach(() => { rmSync(folder, { recursive: true, force: true }) })

  const write = async (license: string, text: boolean): Promise<void> => {
    const at = path.join(folder, 'node_modules/left')
    mkdirSync(at, { recursive: true })
    writeFileSync(path.join(at, 'package.json'), JSON.stringify({ name: 'left', version: '1.0.0', license }))
    if (text) writeFileSync(path.join(at, 'LICENSE'), 'do as you like')
    const outputs = { 'bin.js': { inputs: { [path.join(at, 'index.js')]: { bytesInOutput: 9 } } } }
    await writeLicences(folder, { name: 'tool', version: '1.0.0' }, [{ outputs }])
  }

  test.each(['GPL-3.0', 'MIT AND GPL-3.0', '(WTFPL)', 'unknown', 'UNLICENSED'])('when it holds code under %s', async license => {
    await expect(write(license, true)).rejects.toThrow(/left 1\.0\.0/)
  })

  test('when the text of a licence is missing', async () => {
    await expect(write('MIT', false)).rejects.toThrow(/left 1\.0\.0 is bundled and brings no licence text/)
  })

  test.each(['MIT', '(MIT OR GPL-3.0)', 'ISC AND BSD-3-Clause'])('but not when it holds code under %s', async license => {
    await write(license, true)
    expect(readFileSync(path.join(folder, 'THIRD_PARTY_LICENSES.txt'), 'utf8')).toContain(`left 1.0.0 (${license})\n\ndo as you like\n`)
  })
})
