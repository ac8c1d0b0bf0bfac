import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { nodeBundle } from './esbuild-options.mjs'

/**
 * `src/adapters/<name>-worker.ts` -> dist/<name>-worker.js, the entry of a worker thread: one file each, since a thread finds no TypeScript.
 * @returns names of the files in dist, and esbuild's metafiles
 */
export async function bundleWorkers (folder, dist, manifest) {
  const adapters = path.join(folder, 'src/adapters')
  const entries = existsSync(adapters) ? readdirSync(adapters).filter(name => name.endsWith('-worker.ts')) : []
  if (entries.length === 0) return { files: [], metafiles: [] }
  const result = await build({ ...nodeBundle(manifest), entryPoints: entries.map(name => path.join(adapters, name)), outdir: dist })
  return { files: entries.map(name => name.replace(/\.ts$/, '.js')), metafiles: [result.metafile] }
}
