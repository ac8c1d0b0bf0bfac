import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { nodeBundle, resolveFrom } from './esbuild-options.mjs'
import { heavyImports } from './heavy-imports.mjs'

/** In front of dist/bin.cjs: answers --help and --version, which need nothing of it. */
const START = `
  import path from 'node:path'
  import { runKept } from '@ipkit/core/cli/compile-cache'
  import { printFastHelp } from '@ipkit/core/cli/fast-help'
  const argv = process.argv.slice(2)
  if (!printFastHelp(argv, path.join(__dirname, 'help.json'))) {
    // a name from our own list, since any other word may be a secret
    const command = COMMANDS.find(name => argv.includes(name)) ?? 'none'
    runKept({ file: path.join(__dirname, 'bin.cjs'), name: TOOL + '-' + command, hash: BIN_HASH }, process.env, { require, __import: async specifier => await import(specifier) })
  }`

/** CommonJS has another name for it. No file of a command may need `import.meta.url`: loading `node:url` costs each start. */
const OWN_FOLDER = { define: { 'import.meta.dirname': '__dirname' }, banner: {} }

/**
 * `src/bin.ts` -> dist/bin.cjs, one file with the commands in it, because each module that node finds and links costs every command; the
 * shared node's composition root -> dist/node-main.js. What is heavy and imported lazily lies in ES modules beside them, which bin.cjs
 * and the node share (docs/decisions/0017-one-file-for-a-command.md).
 * @param dist holds help.json already: it names the commands
 * @returns esbuild's metafiles, for the licences
 */
export async function bundleCli (folder, dist, manifest) {
  const bin = path.join(folder, 'src/bin.ts')
  const nodeMain = resolveFrom(folder, '@ipkit/core/daemon/node-main')
  for (const [name, file] of [['bin.cjs', bin], ['node-main.js', nodeMain]]) {
    if (file === undefined || !existsSync(file)) throw new Error(`${manifest.name}: there is no source for dist/${name} (${file ?? '@ipkit/core/daemon/node-main'})`)
  }
  const heavy = await heavyImports(bin, manifest)
  const modules = await build({
    ...nodeBundle(manifest),
    splitting: true,
    entryPoints: { 'node-main': nodeMain, ...Object.fromEntries([...heavy].map(([file, name]) => [name, file])) },
    outdir: dist,
    chunkNames: '[name]-[hash]', // flat, so that code in a chunk finds the other files of dist/ beside itself
  })
  const cjs = { ...nodeBundle(manifest), ...OWN_FOLDER, format: 'cjs' }
  const command = await build({ ...cjs, entryPoints: { bin }, outdir: dist, outExtension: { '.js': '.cjs' }, plugins: [heavyStayOutside(heavy)] })
  linkBuiltins(path.join(dist, 'bin.cjs'))
  handImportIn(path.join(dist, 'bin.cjs'), command.metafile)
  const { pages } = JSON.parse(readFileSync(path.join(dist, 'help.json'), 'utf8'))
  const define = {
    TOOL: JSON.stringify(Object.keys(manifest.bin)[0]),
    COMMANDS: JSON.stringify(Object.keys(pages).filter(page => /^[a-z-]+$/.test(page))),
    BIN_HASH: JSON.stringify(createHash('sha256').update(readFileSync(path.join(dist, 'bin.cjs'))).digest('hex').slice(0, 16)),
  }
  const start = await build({ ...cjs, define, stdin: { contents: START, resolveDir: folder }, outfile: path.join(dist, 'start.cjs') })
  linkBuiltins(path.join(dist, 'start.cjs'))
  return [modules.metafile, command.metafile, start.metafile]
}

/** Where a module of node's is imported by `default`, esbuild copies it, a getter for each name and file, at each start. */
function linkBuiltins (file) {
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/[\w$]+\((require\("node:[a-z/]+"\)),1\)/g, '{__proto__:$1,default:$1}'))
}

/** core/cli/compile-cache.ts says why bin.cjs is a function, and gets its `import` as `__import`. */
function handImportIn (file, { outputs }) {
  const text = readFileSync(file, 'utf8')
  const parts = text.split(/\bimport\((?=["'])/)
  const expected = Object.values(outputs).flatMap(o => o.imports).filter(i => i.kind === 'dynamic-import').length
  if (parts.length - 1 !== expected) throw new Error(`${file} has ${parts.length - 1} imports, and not ${expected}`)
  writeFileSync(file, `(function(exports,require,module,__filename,__dirname,__import){${parts.join('__import(')}\n})`)
}

const heavyStayOutside = heavy => ({
  name: 'heavy-stay-outside',
  setup (hooks) {
    hooks.onResolve({ filter: /./ }, async ({ path: specifier, kind, pluginData, ...from }) => {
      if (kind !== 'dynamic-import' || pluginData === 'resolving') return undefined
      const found = await hooks.resolve(specifier, { kind, importer: from.importer, resolveDir: from.resolveDir, pluginData: 'resolving' })
      const name = heavy.get(found.path)
      return name === undefined ? found : { path: `./${name}.js`, external: true }
    })
  },
})
