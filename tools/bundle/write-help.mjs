import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { nodeBundle } from './esbuild-options.mjs'

/** Has yargs set the help page of every command in src/cli.ts, and keeps them in dist/help.json: core/cli/fast-help.ts prints from there. */
export async function writeHelp (folder, dist, manifest) {
  const scratch = await mkdtemp(path.join(dist, '.help-'))
  try {
    const outfile = path.join(scratch, 'help.mjs')
    await build({
      ...nodeBundle(manifest),
      outfile,
      stdin: {
        resolveDir: folder,
        contents: `
          import { helpFile } from '@ipkit/core/cli/help-pages'
          import { cli } from './src/cli.ts'
          export const help = await helpFile(cli({}))`,
      },
    })
    const { help } = await import(pathToFileURL(outfile).href)
    if (help.version !== manifest.version) throw new Error(`${manifest.name}: its command line says version ${help.version}, package.json ${manifest.version}`)
    await writeFile(path.join(dist, 'help.json'), `${JSON.stringify(help)}\n`)
  } finally {
    await rm(scratch, { recursive: true })
  }
}
