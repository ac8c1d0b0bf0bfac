/** Gets one archive, whole and verified, from whoever has it: resumed where it broke off, hashed while it comes, in constant memory. */
import { createHash } from 'node:crypto'
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import { fileError } from '@ipkit/core/errors/file-error'
import type { StorageFs } from '@ipkit/core/storage/storage-fs'
import type { Clock } from '@ipkit/core/time/clock'
import type { Download, Downloaded, DownloadOptions } from '../domain/install-release.ts'
import type { DownloadSource } from '../domain/origin.ts'
import type { Expected } from '../domain/trust.ts'
import { MAX_DOWNLOAD_ROUNDS, ROUND_PAUSE_MS, SLOW_BYTES_PER_SECOND, SLOW_SPAN_MS } from '../domain/wire-limits.ts'
import { cidHashers } from './cid-hasher.ts'
import { PartFile } from './part-file.ts'

export interface DownloadDeps {
  readonly fs: StorageFs
  readonly clock: Clock
}

/**
 * What came before an interruption stays in the part file; what is wrong does not.
 * @throws AppError HASH_MISMATCH, CID_MISMATCH, ARCHIVE_REFUSED (too large; exit refused), ORIGIN_UNREACHABLE, ORIGIN_ANSWER_INVALID of the last that was
 * asked; DISK_FULL, FILE_NOT_WRITABLE; the signal's reason
 */
export async function downloadArchive (deps: DownloadDeps, input: Download, options: DownloadOptions): Promise<Downloaded> {
  const { partFile, expected, from, maxBytes } = input
  const [first] = from
  if (first === undefined) throw nobody()
  try {
    const part = await PartFile.open(deps.fs, partFile, { ...expected, fileName: first.claim.fileName }, maxBytes)
    try {
      return await new Downloading(deps, input, options, part).run()
    } finally {
      await part.close()
    }
  } catch (e) {
    options.signal.throwIfAborted()
    throw fileError(e, partFile, 'write')
  }
}

/** Bytes of an earlier run, of which nobody knows any more who gave them. */
const EARLIER = Symbol('earlier')

class Downloading {
  readonly #deps: DownloadDeps
  readonly #input: Download
  readonly #options: DownloadOptions
  readonly #part: PartFile
  #hashes: ArchiveHashes
  /** Who has given wrong bytes is not asked again. */
  #left: readonly DownloadSource[]
  readonly #givers = new Set<DownloadSource | typeof EARLIER>()
  #hasStartedOver = false

  constructor (deps: DownloadDeps, input: Download, options: DownloadOptions, part: PartFile) {
    this.#deps = deps
    this.#input = input
    this.#options = options
    this.#part = part
    this.#hashes = new ArchiveHashes(input.expected)
    this.#left = input.from
  }

  async run (): Promise<Downloaded> {
    try {
      let resumedBytes = await this.#takeUp()
      for (;;) {
        const last = this.#hashes.isWhole() ? this.#left[0] : await this.#gather()
        if (last === undefined) throw nobody()
        const { sha512, cid, wrong } = this.#hashes.digest()
        if (wrong === undefined) {
          await this.#part.finish()
          return { file: this.#input.partFile, sizeBytes: this.#part.sizeBytes, sha512, cid, resumedBytes, claim: last.claim }
        }
        await this.#startOver(wrong, last)
        resumedBytes = 0
      }
    } catch (e) {
      if (ARE_WRONG.has(codeOf(e) ?? '')) await this.#part.remove()
      throw e
    }
  }

  /** @returns how many bytes were there */
  async #takeUp (): Promise<number> {
    const { sizeBytes } = this.#part
    if (sizeBytes === 0) return 0
    for await (const piece of this.#part.read()) {
      this.#options.signal.throwIfAborted()
      this.#hashes.update(piece)
    }
    this.#givers.add(EARLIER)
    this.#options.onProgress(sizeBytes, undefined)
    return sizeBytes
  }

  /** Goes through the origins until one of them comes to its end. @returns that one */
  async #gather (): Promise<DownloadSource> {
    const { signal } = this.#options
    for (let round = 1; ; round++) {
      const before = this.#part.sizeBytes
      let failure: unknown = nobody()
      for (const [i, source] of this.#left.entries()) {
        try {
          if (await this.#pull(source, i < this.#left.length - 1)) return source
        } catch (e) {
          signal.throwIfAborted()
          if (!isAppError(e) || !BREAKS_OFF.has(e.code)) throw e
          failure = e
        }
      }
      if (this.#part.sizeBytes <= before || round === MAX_DOWNLOAD_ROUNDS) throw failure
      await this.#deps.clock.sleep(ROUND_PAUSE_MS, signal)
    }
  }

  /** @param mayLeave whether there is another to ask, if this one is slow @returns whether it came to its end */
  async #pull (source: DownloadSource, mayLeave: boolean): Promise<boolean> {
    const { origin, claim } = source
    const stream = await origin.open(claim, this.#part.sizeBytes, this.#options.signal)
    const total = stream.totalBytes
    if (total !== undefined && total > this.#input.maxBytes) throw tooLarge(source, this.#input.maxBytes)
    let skipBytes = this.#part.sizeBytes - stream.fromByte // it does not know ranges: what is there already is passed over
    const pace = new Pace(this.#deps.clock)
    for await (const bytes of stream.source) {
      const fresh = bytes.subarray(skipBytes)
      skipBytes = Math.max(0, skipBytes - bytes.length)
      if (fresh.length > 0) await this.#take(source, fresh, total)
      if (pace.isSlow(bytes.length) && mayLeave) return false
    }
    if (total !== undefined && this.#part.sizeBytes < total) throw new AppError('ORIGIN_UNREACHABLE', `${origin.name} broke off after ${this.#part.sizeBytes} of ${total} bytes`, { exit: 'unreachable', hints: AGAIN })
    this.#givers.add(source)
    return true
  }

  async #take (source: DownloadSource, bytes: Uint8Array, totalBytes: number | undefined): Promise<void> {
    if (this.#part.sizeBytes + bytes.length > this.#input.maxBytes) throw tooLarge(source, this.#input.maxBytes)
    this.#givers.add(source)
    this.#hashes.update(bytes)
    await this.#part.append(bytes)
    this.#options.onProgress(this.#part.sizeBytes, totalBytes)
  }

  /**
   * Where several gave parts nobody knows whose is wrong: all of it is asked for once more. Who gave wrong bytes alone is out.
   * @param last who came to its end @throws AppError when nobody is left, or the right bytes have another CID
   */
  async #startOver (wrong: Wrong, last: DownloadSource): Promise<void> {
    const givers = [...this.#givers]
    this.#givers.clear()
    await this.#part.empty()
    this.#hashes = new ArchiveHashes(this.#input.expected)
    const error = mismatch(wrong, this.#input, givers)
    if (wrong.isFinal) throw error
    if ((givers.length > 1 || givers.includes(EARLIER)) && !this.#hasStartedOver) {
      this.#hasStartedOver = true
      this.#left = [last, ...this.#left.filter(source => source !== last)] // it can give all of it, and then alone
      return
    }
    this.#left = this.#left.filter(source => !givers.includes(source))
    if (this.#left.length === 0) throw error
  }
}

interface Wrong {
  readonly code: 'HASH_MISMATCH' | 'CID_MISMATCH'
  readonly is: string
  readonly shouldBe: string
  /** Other bytes will not mend it. */
  readonly isFinal: boolean
}

class ArchiveHashes {
  readonly #expected: Expected
  readonly #sha512 = createHash('sha512')
  readonly #cid: ReturnType<typeof cidHashers>

  constructor (expected: Expected) {
    this.#expected = expected
    this.#cid = cidHashers(expected.cid)
  }

  update (bytes: Uint8Array): void {
    this.#sha512.update(bytes)
    this.#cid.update(bytes)
  }

  /** Whether nothing more need come. */
  isWhole (): boolean { return this.#expected.sha512 !== undefined && this.#sha512.copy().digest('hex') === this.#expected.sha512 }

  digest (): { readonly sha512: string, readonly cid: string, readonly wrong: Wrong | undefined } {
    const { sha512: shouldBe, cid: wanted } = this.#expected
    const sha512 = this.#sha512.digest('hex')
    const { cid, matches } = this.#cid.digest()
    const wrong: Wrong | undefined = shouldBe !== undefined && sha512 !== shouldBe ? { code: 'HASH_MISMATCH', is: sha512, shouldBe, isFinal: false }
      : matches === false ? { code: 'CID_MISMATCH', is: cid, shouldBe: wanted!, isFinal: shouldBe !== undefined } : undefined
    return { sha512, cid, wrong }
  }
}

class Pace {
  readonly #clock: Clock
  #sinceMs: number
  #bytes = 0

  constructor (clock: Clock) {
    this.#clock = clock
    this.#sinceMs = clock.now()
  }

  /** @param sizeBytes that came now @returns whether less than the least came over a span that ends now */
  isSlow (sizeBytes: number): boolean {
    this.#bytes += sizeBytes
    const spanMs = this.#clock.now() - this.#sinceMs
    if (spanMs < SLOW_SPAN_MS) return false
    const isSlow = this.#bytes * 1000 < SLOW_BYTES_PER_SECOND * spanMs
    this.#sinceMs += spanMs
    this.#bytes = 0
    return isSlow
  }
}

/** One of these is no reason not to ask the next. */
const BREAKS_OFF = new Set(['ORIGIN_UNREACHABLE', 'ORIGIN_ANSWER_INVALID', 'ARCHIVE_REFUSED'])
/** After one of these what is there is of no use. */
const ARE_WRONG = new Set(['HASH_MISMATCH', 'CID_MISMATCH', 'ARCHIVE_REFUSED'])
const AGAIN = ['run it again: what came so far is kept']

const nobody = (): AppError => new AppError('ORIGIN_UNREACHABLE', 'no origin is left that has the archive', { exit: 'unreachable', hints: AGAIN })

const tooLarge = ({ origin }: DownloadSource, maxBytes: number): AppError => new AppError('ARCHIVE_REFUSED', `what ${origin.name} gives has over ${maxBytes} bytes`, { exit: 'refused' })

function mismatch ({ code, is, shouldBe }: Wrong, { from }: Download, givers: ReadonlyArray<DownloadSource | typeof EARLIER>): AppError {
  const who = givers.flatMap(giver => giver === EARLIER ? [] : [giver.origin.name]).join(' and ')
  const kind = code === 'HASH_MISMATCH' ? 'hash' : 'CID'
  return new AppError(code, `${from[0]!.claim.fileName}${who === '' ? '' : ` of ${who}`} has another ${kind} than it must: ${is.slice(0, 16)}…, not ${shouldBe.slice(0, 16)}…`, { exit: 'refused', hints: ['it was damaged or changed on its way; nothing of it is kept', 'try another origin: IPFSUP_ORIGINS=<url>,<url>'] })
}
