import { MAX_TAR_EXTENSION_BYTES } from './looking-limits.ts'
import { paxSize, readTarHeader, TAR_BLOCK_BYTES } from './tar-header.ts'

type State = 'header' | 'extension' | 'sparse' | 'data' | 'padding' | 'off'

/** Where `TarWatch` saw a header it knows cuts from there on; what is no tar, or no more, has none. */
export class TarWatch {
  #state: State = 'header'
  /** Of the block or the extension that is being gathered. */
  #gathered = new Uint8Array(TAR_BLOCK_BYTES)
  #filled = 0
  /** Of the data or the padding that passes. */
  #left = 0
  #sizeBytes = 0
  #type = ''
  #toldSize: number | undefined
  #members = 0

  /** Headers seen so far, extensions too. */
  get members (): number { return this.#members }

  /** Nothing more is looked for. */
  stop (): void { this.#state = 'off' }

  fork (): TarWatch {
    const other = new TarWatch()
    other.#state = this.#state
    other.#gathered = this.#gathered.slice()
    other.#filled = this.#filled
    other.#left = this.#left
    other.#sizeBytes = this.#sizeBytes
    other.#type = this.#type
    other.#toldSize = this.#toldSize
    other.#members = this.#members
    return other
  }

  /** The next bytes pass. @returns where in them, rising, a cut is forced: docs/formats/recipe.md, "Cuts" */
  pass (bytes: Uint8Array): number[] {
    const cuts: number[] = []
    for (let at = 0; at < bytes.length && this.#state !== 'off';) {
      if (this.#state === 'data' || this.#state === 'padding') {
        const passed = Math.min(this.#left, bytes.length - at)
        at += passed
        this.#left -= passed
        if (this.#left > 0) continue
        cuts.push(at)
        if (this.#state === 'data') this.#pad()
        else this.#state = 'header'
        continue
      }
      const part = bytes.subarray(at, at + this.#gathered.length - this.#filled)
      this.#gathered.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
      if (this.#filled < this.#gathered.length) continue
      this.#filled = 0
      const isKnown = this.#state === 'header' ? this.#readHeader() : this.#state === 'sparse' ? this.#readSparse() : this.#readExtension()
      if (isKnown) cuts.push(at)
    }
    return cuts
  }

  #readHeader (): boolean {
    const header = readTarHeader(this.#gathered)
    if (header === undefined || header === 'empty') {
      this.#state = 'off'
      return false
    }
    this.#members++
    this.#type = header.type
    const isExtension = header.type === 'x' || header.type === 'g'
    this.#sizeBytes = isExtension || header.sizeBytes === 0 && '123456'.includes(header.type) ? header.sizeBytes : this.#toldSize ?? header.sizeBytes
    if (!isExtension && header.type !== 'L' && header.type !== 'K') this.#toldSize = undefined
    if (header.goesOn) this.#state = 'sparse'
    else this.#begin()
    return true
  }

  /** After a GNU sparse header: more of them, until one says that it is the last. */
  #readSparse (): boolean {
    if (this.#gathered[504] === 0) this.#begin()
    return this.#state !== 'sparse'
  }

  #readExtension (): boolean {
    if (this.#type === 'x') this.#toldSize = paxSize(this.#gathered)
    this.#gathered = new Uint8Array(TAR_BLOCK_BYTES)
    this.#pad()
    return true
  }

  /** What the header told of begins. */
  #begin (): void {
    this.#left = this.#sizeBytes
    if (this.#sizeBytes === 0) this.#state = 'header'
    else if (this.#type !== 'x' && this.#type !== 'g') this.#state = 'data'
    else if (this.#sizeBytes > MAX_TAR_EXTENSION_BYTES) this.#state = 'off'
    else {
      this.#gathered = new Uint8Array(this.#sizeBytes)
      this.#state = 'extension'
    }
  }

  #pad (): void {
    this.#left = (TAR_BLOCK_BYTES - this.#sizeBytes % TAR_BLOCK_BYTES) % TAR_BLOCK_BYTES
    this.#state = this.#left === 0 ? 'header' : 'padding'
  }
}
