/** Where an archive is unpacked to: its single top folder becomes `folder`. What comes is checked against what came before. */
import { chmod, mkdir, open, symlink } from 'node:fs/promises'
import path from 'node:path'
import { fileError } from '@ipkit/core/errors/file-error'
import { writeFully } from '@ipkit/core/storage/storage-fs'
import { archiveRefused, checkLink, entryNames, foldedPath } from '../domain/archive-entry.ts'
import { MAX_ENTRIES, MAX_ENTRY_BYTES, MAX_UNPACKED_BYTES } from '../domain/archive-limits.ts'

/** What is run; nothing else may have its name. */
const PROGRAM = 'ipfs'
/** These are ipfsup's own. */
const RESERVED: ReadonlySet<string> = new Set(['release.json', 'sha256sums'])

export class UnpackedTree {
  readonly #folder: string
  /** By folded path. */
  readonly #made = new Map<string, 'folder' | 'file' | 'link'>([['', 'folder']])
  readonly #links: Array<{ readonly names: readonly string[], readonly target: string, readonly entry: string }> = []
  #top: string | undefined
  #hasProgram = false
  #entries = 0
  #sizeBytes = 0

  /** @param folder empty */
  constructor (folder: string) { this.#folder = folder }

  async addFolder (entry: string): Promise<void> {
    await this.#makeFolders(this.#place(entry))
  }

  /** @param mode of which only counts whether anybody may run it @throws AppError ARCHIVE_REFUSED, DISK_FULL, FILE_NOT_WRITABLE; what `source` throws */
  async addFile (entry: string, { mode, sizeBytes, source }: { readonly mode: number, readonly sizeBytes: number, readonly source: AsyncIterable<Uint8Array> }): Promise<void> {
    if (!(sizeBytes <= MAX_ENTRY_BYTES)) throw archiveRefused(`a file of ${sizeBytes} bytes; the limit is ${MAX_ENTRY_BYTES}`, entry)
    this.#sizeBytes += sizeBytes
    if (this.#sizeBytes > MAX_UNPACKED_BYTES) throw archiveRefused(`it unpacks to over ${MAX_UNPACKED_BYTES} bytes; that is the limit`)
    const names = this.#place(entry)
    const file = await this.#claim(names, 'file', entry)
    const runnable = (mode & 0o111) !== 0 && foldedPath(names) !== PROGRAM // that one only when all is there
    this.#hasProgram ||= names.join('/') === PROGRAM
    await writeFile(file, runnable ? 0o755 : 0o644, sizeBytes, source, entry)
  }

  addLink (entry: string, target: string): void {
    const names = this.#place(entry)
    checkLink(names, target)
    this.#links.push({ names, target, entry })
  }

  /** Links come last, so that nothing is written through one. @throws AppError ARCHIVE_REFUSED */
  async finish (): Promise<void> {
    if (!this.#hasProgram) throw archiveRefused(`it has no file '${PROGRAM}' in its top folder`)
    const links: Array<readonly [file: string, target: string]> = []
    for (const { names, target, entry } of this.#links) links.push([await this.#claim(names, 'link', entry), target])
    for (const [file, target] of links) await onDisk(file, async () => { await symlink(target, file) })
    const program = path.join(this.#folder, PROGRAM)
    await onDisk(program, async () => { await chmod(program, 0o755) })
  }

  /** @returns names below the top folder; none: it is that folder */
  #place (entry: string): readonly string[] {
    if (++this.#entries > MAX_ENTRIES) throw archiveRefused(`it has over ${MAX_ENTRIES} entries; that is the limit`)
    const [top, ...names] = entryNames(entry)
    this.#top ??= top!
    if (this.#top !== top) throw archiveRefused(`it has more than one top folder: '${this.#top}' and another`, entry)
    if (names.length === 1 && RESERVED.has(foldedPath(names))) throw archiveRefused('a file that ipfsup writes itself', entry)
    return names
  }

  async #claim (names: readonly string[], kind: 'file' | 'link', entry: string): Promise<string> {
    if (names.length === 0) throw archiveRefused('its top is no folder', entry)
    await this.#makeFolders(names.slice(0, -1))
    const folded = foldedPath(names)
    if (this.#made.has(folded)) throw archiveRefused('a path that comes twice', entry)
    this.#made.set(folded, kind)
    return path.join(this.#folder, ...names)
  }

  async #makeFolders (names: readonly string[]): Promise<void> {
    for (let depth = 1; depth <= names.length; depth++) {
      const folded = foldedPath(names.slice(0, depth))
      const made = this.#made.get(folded)
      if (made === 'folder') continue
      if (made !== undefined) throw archiveRefused(`a ${made} that is also a folder`, folded)
      this.#made.set(folded, 'folder')
      const folder = path.join(this.#folder, ...names.slice(0, depth))
      await onDisk(folder, async () => {
        await mkdir(folder)
        await chmod(folder, 0o755) // whatever the umask is
      })
    }
  }
}

async function writeFile (file: string, mode: number, sizeBytes: number, source: AsyncIterable<Uint8Array>, entry: string): Promise<void> {
  const handle = await onDisk(file, async () => await open(file, 'wx', 0o600))
  try {
    let at = 0
    for await (const chunk of source) {
      if (at + chunk.length > sizeBytes) throw archiveRefused(`a file of more than the ${sizeBytes} bytes that it tells`, entry)
      await onDisk(file, async () => { await writeFully(handle, chunk, at) })
      at += chunk.length
    }
    if (at !== sizeBytes) throw archiveRefused(`a file of ${at} bytes that tells ${sizeBytes}`, entry)
    await handle.chmod(mode)
  } finally {
    await handle.close()
  }
}

/** @throws AppError DISK_FULL, FILE_NOT_WRITABLE, as file-error.ts says it */
async function onDisk<T> (file: string, work: () => Promise<T>): Promise<T> {
  try { return await work() } catch (e) { throw fileError(e, file, 'write') }
}
