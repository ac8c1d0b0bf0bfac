import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, realpathSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'

interface Manifest { readonly name: string, readonly dependencies?: Readonly<Record<string, string>> }

const manifestIn = (folder: string): Manifest => JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest

/**
 * Packs a tool as it would be published and installs it with npm into an empty folder. What it depends on comes from the workspace's own
 * copies, so npm needs no network; a dependency that package.json does not name is not there.
 * @param tool folder of the package, absolute @param into an empty folder, absolute
 * @returns the path of its packed file
 */
export function installPacked (tool: string, into: string): string {
  const answer = execFileSync('pnpm', ['pack', '--json', '--pack-destination', into], { cwd: tool, encoding: 'utf8', env: { ...process.env, npm_config_loglevel: 'error' } })
  const packed = path.resolve(into, (JSON.parse(answer) as { filename: string }).filename)
  const folder = path.join(into, 'installed')
  mkdirSync(folder)
  writeFileSync(path.join(folder, 'package.json'), '{"private":true}\n')
  const npmCache = path.join(into, 'npm-cache')
  execFileSync('npm', ['install', '--offline', '--install-links', '--no-audit', '--no-fund', '--cache', npmCache, packed, ...dependenciesOf(tool)], {
    cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], env: withoutPnpm(process.env),
  })
  return packed
}

/** Folders of everything a package needs at run time, with what those need. pnpm keeps a package beside its dependencies. */
function dependenciesOf (tool: string): string[] {
  const found = new Set<string>()
  const add = (beside: string, manifest: Manifest): void => {
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      const folder = realpathSync(path.join(beside, name))
      if (found.has(folder)) continue
      found.add(folder)
      add(path.resolve(folder, ...name.split('/').map(() => '..')), manifestIn(folder))
    }
  }
  add(path.join(tool, 'node_modules'), manifestIn(tool))
  return [...found]
}

/** pnpm hands its own settings to what it starts; npm would warn about each of them. */
const withoutPnpm = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^(npm|pnpm)_/i.test(name)))

/** Sum of the sizes of all files below a folder, links not followed. */
export function sizeBelow (folder: string): number {
  let bytes = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name)
    if (entry.isDirectory()) bytes += sizeBelow(at)
    else if (entry.isFile()) bytes += statSync(at).size
  }
  return bytes
}
