import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'

/**
 * `assembly/<name>/index.ts` -> dist/<name>.wasm, for each folder there. A module imports nothing, and asks for its memory itself.
 * @returns names of the files in dist
 */
export function buildWasm (folder, dist) {
  const assembly = path.join(folder, 'assembly')
  if (!existsSync(assembly)) return []
  const compiler = path.join(folder, 'node_modules/assemblyscript/bin/asc.js')
  const names = readdirSync(assembly, { withFileTypes: true }).filter(entry => entry.isDirectory()).map(entry => entry.name)
  for (const name of names) {
    const outFile = path.join(path.relative(folder, dist), `${name}.wasm`)
    const flags = ['--outFile', outFile, '-O3', '--converge', '--enable', 'simd', '--runtime', 'stub', '--noAssert', '--use', 'abort=']
    const run = spawnSync(process.execPath, [compiler, `assembly/${name}/index.ts`, ...flags], { cwd: folder, encoding: 'utf8' })
    if (run.status !== 0) throw new Error(`assembly/${name} does not compile: ${run.error ?? ''}${run.stderr}${run.stdout}`)
  }
  return names.map(name => `${name}.wasm`)
}
