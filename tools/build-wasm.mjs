// Compiles a package's AssemblyScript. Run in its folder (its `build` script): assembly/<name>/kernel.ts becomes dist/<name>.wasm.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'

rmSync('dist', { recursive: true, force: true })
mkdirSync('dist')
for (const name of readdirSync('assembly')) {
  // no runtime and no imports: everything lies where the kernel put it, and it can only compute
  const run = spawnSync('node_modules/.bin/asc', [
    `assembly/${name}/kernel.ts`, '--outFile', `dist/${name}.wasm`, '--runtime', 'stub', '--use', 'abort=',
    '--optimizeLevel', '3', '--shrinkLevel', '0', '--converge', '--noAssert', '--enable', 'simd',
  ], { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`${name}: ${run.error ?? ''}${run.stdout}${run.stderr}`)
}
