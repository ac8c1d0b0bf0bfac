// Builds one command-line tool, or what there is of it before it has a command. Run in its package folder (its `build` script); writes dist/ as docs/decisions/0010-bundles.md says.
import { readFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { buildWasm } from './bundle/build-wasm.mjs'
import { bundleCli } from './bundle/bundle-cli.mjs'
import { bundleService } from './bundle/bundle-service.mjs'
import { bundleWorkers } from './bundle/bundle-workers.mjs'
import { writeHelp } from './bundle/write-help.mjs'
import { writeLicences } from './bundle/write-licences.mjs'

const folder = process.cwd()
const dist = path.join(folder, 'dist')
const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))

await rm(dist, { recursive: true, force: true })
await mkdir(dist, { recursive: true })
const modules = buildWasm(folder, dist)
const workers = await bundleWorkers(folder, dist, manifest)
const metafiles = workers.metafiles
if (manifest.bin !== undefined) {
  await writeHelp(folder, dist, manifest)
  metafiles.push(...await bundleCli(folder, dist, manifest), ...await bundleService(folder, dist, manifest, [...modules, ...workers.files]))
}
await writeLicences(dist, manifest, metafiles)
