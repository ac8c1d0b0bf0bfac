/** How much is read at once where records are asked for one after the other, as they were written. */
const WINDOW_BYTES = 256 * 1024
const WINDOWS = 4
/** A request so little behind the last one's end goes on with it. */
const NEAR_BYTES = 64 * 1024

interface Window { readonly pack: number, readonly at: number, readonly bytes: Promise<Uint8Array> }

/** Ranges of files that never change where they were written. Many small reads in order become few large ones; any other read is what it was. */
export class ReadAhead {
  readonly #read: (pack: number, offset: number, length: number) => Promise<Uint8Array>
  readonly #windows: Window[] = []
  #pack = 0
  #end = 0

  /** @param read gives fewer bytes at the end of the file */
  constructor (read: (pack: number, offset: number, length: number) => Promise<Uint8Array>) { this.#read = read }

  /** @returns a copy; fewer bytes at the end of the file @throws what `read` throws */
  async read (pack: number, offset: number, length: number): Promise<Uint8Array> {
    const isNext = pack === this.#pack && offset >= this.#end && offset <= this.#end + NEAR_BYTES
    this.#pack = pack
    this.#end = offset + length
    const known = this.#windows.find(({ at, ...window }) => window.pack === pack && at <= offset && offset + length <= at + WINDOW_BYTES)
    const window = known ?? (isNext && length <= NEAR_BYTES ? this.#open(pack, offset) : undefined)
    if (window !== undefined) {
      const bytes = await window.bytes.catch(() => new Uint8Array(0))
      const from = offset - window.at
      if (from + length <= bytes.length) return bytes.slice(from, from + length)
    }
    return await this.#read(pack, offset, length) // what was not there then may be there now
  }

  #open (pack: number, at: number): Window {
    const window = { pack, at, bytes: this.#read(pack, at, WINDOW_BYTES) }
    window.bytes.catch(() => {})
    this.#windows.push(window)
    if (this.#windows.length > WINDOWS) this.#windows.shift()
    return window
  }
}
