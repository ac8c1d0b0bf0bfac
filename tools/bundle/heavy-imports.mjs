import path from 'node:path'
import { build } from 'esbuild'
import { nodeBundle, resolveFrom } from './esbuild-options.mjs'

/** Source text behind one lazy import, beyond what a command loads that asks the node. All of a file is read and looked through at each start. */
const HEAVY_BYTES = 26 * 1024
/** The client of the node: a lazy import, but most commands have it. */
const CLIENT = '@ipkit/core/daemon/open-node'

/**
 * The lazy imports of a command line that bring too much to lie in one file with the rest. What `ipkit.always` in package.json names (files of the
 * package) is never too much: most commands of that tool have it.
 * @returns absolute path of the module -> a name for its bundle
 */
export async function heavyImports (entry, manifest) {
  const { metafile: { inputs } } = await build({ ...nodeBundle(manifest), entryPoints: [entry], write: false, outdir: 'none', splitting: true, minify: false })
  const inputOf = file => Object.keys(inputs).find(input => path.resolve(input) === file)
  const always = staticClosure(inputs, inputOf(entry))
  staticClosure(inputs, inputOf(resolveFrom(path.dirname(entry), CLIENT)), always)
  for (const file of manifest.ipkit?.always ?? []) staticClosure(inputs, inputOf(path.resolve(file)), always)
  const lazy = new Set(Object.values(inputs).flatMap(({ imports }) => imports.filter(i => i.kind === 'dynamic-import' && !i.external).map(i => i.path)))
  const heavy = [...lazy].filter(file => {
    const more = [...staticClosure(inputs, file)].filter(input => !always.has(input))
    return more.reduce((sum, input) => sum + inputs[input].bytes, 0) > HEAVY_BYTES
  })
  const names = heavy.map(file => path.basename(file).replace(/\.[a-z]+$/, ''))
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw new Error(`${manifest.name}: two lazy imports are called ${twice}; rename one`)
  return new Map(heavy.map((file, at) => [path.resolve(file), names[at]]))
}

function staticClosure (inputs, from, seen = new Set()) {
  if (seen.has(from) || inputs[from] === undefined) return seen
  seen.add(from)
  for (const { path: to, kind } of inputs[from].imports) if (kind !== 'dynamic-import') staticClosure(inputs, to, seen)
  return seen
}
