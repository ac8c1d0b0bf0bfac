import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** Files of one kind (`bench`, `soak`) in the folders for them, as paths from the root. @param wanted part of a file's name; none: all */
export function findScripts (kind, wanted) {
  const packages = readdirSync(path.join(root, 'packages')).map(name => `packages/${name}/${kind}`)
  const found = [kind, `e2e/${kind}`, ...packages]
    .filter(folder => existsSync(path.join(root, folder)))
    .flatMap(folder => readdirSync(path.join(root, folder)).filter(name => name.endsWith(`.${kind}.ts`)).map(name => `${folder}/${name}`))
    .sort()
  const chosen = found.filter(file => wanted === undefined || path.basename(file, `.${kind}.ts`).includes(wanted))
  if (chosen.length === 0) throw new Error(`no ${kind} is called ${wanted}; there are: ${found.map(f => path.basename(f, `.${kind}.ts`)).join(', ')}`)
  return chosen
}
