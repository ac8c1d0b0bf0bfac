import { invalidRecipe } from './recipe-error.ts'

const SLASH = 0x2f
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Sees to it that paths rise, stay below the folder and go through nothing but folders that were told: docs/formats/recipe.md, "Folders". */
export class PathOrder {
  #last: Uint8Array = new Uint8Array(0)
  /** Folders above the last entry, and it, if it is one: the outermost first. */
  #above: string[] = []

  /** @returns the path as text @throws AppError RECIPE_INVALID */
  next (path: Uint8Array, kind: 'folder' | 'file' | 'symlink'): string {
    const text = this.text(path)
    if (text.split('/').some(part => part === '' || part === '.' || part === '..')) throw invalidRecipe(`'${text}' is no path below a folder`)
    if (comparePaths(this.#last, path) >= 0) throw invalidRecipe(`'${text}' does not come after the path before it`)
    this.#last = path
    const parent = text.slice(0, Math.max(0, text.lastIndexOf('/')))
    while (this.#above.length > 0 && this.#above.at(-1) !== parent) this.#above.pop()
    if (parent !== '' && this.#above.length === 0) throw invalidRecipe(`'${text}' is in a folder that was not told`)
    if (kind === 'folder') this.#above.push(text)
    return text
  }

  text (bytes: Uint8Array): string {
    let text
    try { text = decoder.decode(bytes) } catch (e) { throw invalidRecipe('a path is not UTF-8', e) }
    if (text.includes('\0')) throw invalidRecipe('a path has a zero byte')
    return text
  }
}

/** By bytes, with '/' before all others: what is in a folder comes right after it. */
export function comparePaths (a: Uint8Array, b: Uint8Array): number {
  const size = Math.min(a.length, b.length)
  for (let i = 0; i < size; i++) {
    if (a[i] === b[i]) continue
    return (a[i] === SLASH ? 0 : a[i]!) - (b[i] === SLASH ? 0 : b[i]!)
  }
  return a.length - b.length
}
