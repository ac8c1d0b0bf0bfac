import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

/** Builds the page as the package's build does, into `folder`. In a process of its own: esbuild does not work inside jest's. */
export function buildPage (folder: string): URL {
  const tool = path.join(import.meta.dirname, '../..')
  const bundler = pathToFileURL(path.join(tool, '../../tools/bundle/bundle-page.mjs')).href
  execFileSync(process.execPath, ['--input-type=module', '-e', `import { bundlePage } from '${bundler}'\nawait bundlePage(...process.argv.slice(1))`, tool, folder], { stdio: ['ignore', 'inherit', 'inherit'] })
  return pathToFileURL(`${folder}/`)
}
