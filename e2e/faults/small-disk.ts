import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, closeSync, rmdirSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** A tmpfs over a folder. Needs the right to mount. */
export class SmallDisk implements Disposable {
  readonly folder: string
  readonly #filler: string

  /** @param size as mount takes it, such as '8m' */
  constructor (folder: string, size: string) {
    this.folder = folder
    this.#filler = path.join(folder, '.filler')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', folder])
  }

  /** Until not one byte more fits. */
  fill (): void {
    const file = openSync(this.#filler, 'w')
    try {
      for (;;) if (writeSync(file, Buffer.alloc(4096)) < 4096) break
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== 'ENOSPC') throw e
    } finally {
      closeSync(file)
    }
  }

  /** Gives back what `fill` took, or so many bytes of it. */
  free (sizeBytes?: number): void {
    if (sizeBytes === undefined) rmSync(this.#filler)
    else truncateSync(this.#filler, statSync(this.#filler).size - sizeBytes)
  }

  [Symbol.dispose] (): void { execFileSync('umount', ['-l', this.folder]) }

  /** What is missing for it, in words. */
  static lacking (): string | undefined {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'ipkit-m-'))
    try {
      const mounted = process.getuid?.() === 0 && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir]).status === 0
      if (mounted) execFileSync('umount', [dir])
      return mounted ? undefined : 'right to mount'
    } finally {
      rmdirSync(dir)
    }
  }
}
