import { decodePointedFile, encodePointedFile, FILE_PREFIX, fileKey } from '../domain/keeping/pointed-file.ts'
import type { PointedFile } from '../domain/keeping/shelf.ts'
import type { ShelfParts } from './shelf-parts.ts'

/** The files of the user's own that blocks stand in, by number: few, so all of them are known. */
export class PointedFiles {
  readonly #files: Map<number, PointedFile>
  #parts: ShelfParts | undefined

  private constructor (files: Map<number, PointedFile>) { this.#files = files }

  /** @throws AppError SHELF_DAMAGED */
  static async read (store: ShelfParts['store']): Promise<PointedFiles> {
    const files = new Map<number, PointedFile>()
    for await (const { key, value } of store.list(FILE_PREFIX)) files.set(Number(key.slice(FILE_PREFIX.length)), decodePointedFile(value, key))
    return new PointedFiles(files)
  }

  attach (parts: ShelfParts): void { this.#parts = parts }

  pathOf (file: number): string | undefined { return this.#files.get(file)?.path }

  get (file: number): PointedFile | undefined { return this.#files.get(file) }

  /** @param last the number of the last one that is durable */
  rolledBack (last: number): void {
    for (const number of this.#files.keys()) if (number > last) this.#files.delete(number)
  }

  /** Where a file changed, what stood in it stays under its number, and counts as lost where its bytes are others. */
  async number (file: PointedFile): Promise<number> {
    for (const [number, known] of this.#files) {
      if (known.path === file.path && known.sizeBytes === file.sizeBytes && known.mtimeNs === file.mtimeNs) return number
    }
    const { index } = this.#parts!
    const number = index.state.files + 1
    index.setState({ files: number })
    index.setOther(fileKey(number), encodePointedFile(file))
    this.#files.set(number, file)
    return number
  }
}
