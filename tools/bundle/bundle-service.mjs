import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'esbuild'
import { bundlePage } from './bundle-page.mjs'
import { nodeBundle } from './esbuild-options.mjs'

/**
 * `src/service.ts` -> dist/service.js, one file that carries everything it uses: the node copies it away from here before it
 * imports it. dist/service.json lists what is copied, with hashes; its other values stand in package.json under ipkit.service.
 * @param beside names of files that are in dist already and are to lie beside the copy: WASM modules, worker threads
 * @returns esbuild's metafiles; none for a tool without a service
 */
export async function bundleService (folder, dist, manifest, beside) {
  const declared = manifest.ipkit?.service
  const entry = path.join(folder, 'src/service.ts')
  if (declared === undefined) {
    if (existsSync(entry)) throw new Error(`${manifest.name} has src/service.ts but package.json says nothing under ipkit.service`)
    return []
  }
  check(manifest.name, declared)
  const page = await bundlePage(folder, dist)
  const result = await build({ ...nodeBundle(manifest), external: [], entryPoints: { service: entry }, outdir: dist })
  for (const { path: imported } of Object.values(result.metafile.outputs).flatMap(o => o.imports)) {
    // a native addon is loaded once a process and belongs to the node
    if (Object.keys(manifest.dependencies ?? {}).includes(imported)) throw new Error(`${manifest.name}: service.js must not import ${imported}`)
  }
  // beside the copy stands no package.json of ours that says what a .js file is
  await writeFile(path.join(dist, 'package.json'), '{ "type": "module" }\n')
  const files = {}
  for (const name of ['package.json', ...page.files, ...beside, 'service.js']) {
    files[name] = createHash('sha256').update(await readFile(path.join(dist, name))).digest('hex')
  }
  await writeFile(path.join(dist, 'service.json'), `${JSON.stringify({ ...declared, entry: 'service.js', files }, undefined, 2)}\n`)
  return [result.metafile, ...page.metafiles]
}

function check (packageName, { name, build: integer, contract, needs, protocols }) {
  const bad = [
    [typeof name === 'string' && /^[a-z][a-z0-9-]*$/.test(name), 'name'],
    [Number.isInteger(integer) && integer > 0, 'build'],
    [contract === 1, 'contract'],
    [Array.isArray(needs), 'needs'],
    [Array.isArray(protocols), 'protocols'],
  ].filter(([ok]) => !ok).map(([, key]) => key)
  if (bad.length > 0) throw new Error(`${packageName}: package.json's ipkit.service has no valid ${bad.join(', ')}`)
}
