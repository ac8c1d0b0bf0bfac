// pnpm test:nodes [version…]: the unit tests and the smoke run on every Node we support, the oldest first. The binaries come from
// npm packages, through npm, into node_modules/.cache/nodes.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './find-scripts.mjs'

const OLDEST = '20.19.0'
const versions = process.argv.length > 2 ? process.argv.slice(2) : [OLDEST, '22', '24']
const jest = path.join(root, 'tools/jest.mjs')
const rows = versions.map(version => {
  const node = fetchNode(version)
  const env = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}` }
  const run = spawnSync(node, [jest, 'packages/', 'e2e/test/smoke', 'e2e/test/compile-cache'], { cwd: root, stdio: 'inherit', env })
  return { version: spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim(), ok: run.status === 0 }
})
for (const { version, ok } of rows) process.stdout.write(`${version} ${ok ? 'passed' : 'failed'}\n`)
if (rows.some(row => !row.ok)) process.exitCode = 1

/** @returns absolute path of a node binary, in a folder that holds it under the name `node` */
function fetchNode (version) {
  const name = `node-${process.platform}-${process.arch}`
  const folder = path.join(root, 'node_modules/.cache/nodes', version)
  const binary = path.join(folder, 'node_modules', name, 'bin/node')
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, 'package.json'), '{"private":true}\n')
    const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error', `${name}@${version}`]
    const npm = spawnSync('npm', args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] })
    if (npm.status !== 0 || !existsSync(binary)) throw new Error(`npm could not fetch ${name}@${version}`)
  }
  return binary
}
