// Runs a TypeScript script with our sources, on every Node we support: node tools/run-ts.mjs bench/startup.bench.ts [arguments]
// Our own files are put together by esbuild; packages stay where they are and are imported by their absolute path, so that
// each finds what it depends on.
import { readFile, mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

const packagesByPath = {
  name: 'packages-by-path',
  setup (hooks) {
    hooks.onResolve({ filter: /^[^./]/ }, async ({ path: specifier, pluginData, ...from }) => {
      if (pluginData === 'resolving' || from.kind === 'entry-point' || specifier.startsWith('@ipkit/') || specifier.startsWith('node:')) return undefined
      const found = await hooks.resolve(specifier, { importer: from.importer, resolveDir: from.resolveDir, kind: from.kind, pluginData: 'resolving' })
      if (found.errors.length > 0 || found.external) return found
      return { path: pathToFileURL(found.path).href, external: true }
    })
  },
}

/** A script finds files beside itself, so each module keeps its own address. */
const ownAddress = {
  name: 'own-address',
  setup (hooks) {
    hooks.onLoad({ filter: /\.ts$/ }, async ({ path: file }) => ({
      loader: 'ts',
      contents: `const importMetaUrl = ${JSON.stringify(pathToFileURL(file).href)}, importMetaDirname = ${JSON.stringify(path.dirname(file))};${await readFile(file, 'utf8')}`,
    }))
  },
}

export async function runTs (file) {
  const folder = path.join(root, 'node_modules/.cache/run-ts')
  const outfile = path.join(folder, `${path.basename(file, '.ts')}-${process.pid}.mjs`)
  await mkdir(folder, { recursive: true })
  await build({
    entryPoints: [path.resolve(file)], outfile, bundle: true, platform: 'node', target: 'node20', format: 'esm', sourcemap: 'inline',
    logLevel: 'warning', plugins: [packagesByPath, ownAddress], define: { 'import.meta.url': 'importMetaUrl', 'import.meta.dirname': 'importMetaDirname' },
  })
  try {
    return await import(pathToFileURL(outfile).href)
  } finally {
    await rm(outfile, { force: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.argv.splice(1, 1)
  process.argv[1] = path.resolve(process.argv[1])
  await runTs(process.argv[1])
}
