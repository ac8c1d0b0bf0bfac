import { execFileSync } from 'node:child_process'
import { createCipheriv, createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Person } from '@ipkit/testkit/person'
import { sourceText } from '@ipkit/testkit/source-text'

export interface Added { root: string, sizeBytes: number, sha256: string, newBytes: number, newBlocks: number, reusedBytes: number, layers: Array<{ format: string, encoder?: string, level?: number, exact: boolean }> }
export interface Published extends Added { name: string, version: number }
export interface Pulled { root: string, file?: string, sizeBytes: number, sha256: string, receivedBytes: number, sentBytes: number, roundTrips: number, ms: number }

/** A folder of source-like files, and the same with three characters more in the largest: small, but of every part that a large one has. */
export class PackedFolder {
  readonly folder: string

  /** @param folder is made @param dataBytes of the largest file @param files beside it, of 20 kB each */
  constructor (folder: string, { dataBytes = 600_000, files = 12, seed = 1 }: { readonly dataBytes?: number, readonly files?: number, readonly seed?: number } = {}) {
    this.folder = folder
    mkdirSync(path.join(folder, 'tree/src'), { recursive: true })
    for (let i = 0; i < files; i++) writeFileSync(path.join(folder, `tree/src/file${i}.ts`), sourceText(15_000 + (i * 7919) % 10_000, seed * 1000 + i))
    writeFileSync(this.data, sourceText(dataBytes, seed))
    this.#setTimes('2026-01-01 00:00:00Z')
  }

  get data (): string { return path.join(this.folder, 'tree/data.txt') }

  /** A character at the beginning, one in the middle, one at the end, and a new time. */
  edit (): void {
    const text = readFileSync(this.data)
    const middle = Math.floor(text.length / 2)
    writeFileSync(this.data, Buffer.concat([Buffer.from('x'), text.subarray(0, middle), Buffer.from('y'), text.subarray(middle), Buffer.from('z')]))
    execFileSync('touch', ['-d', '2026-02-01 12:34:56Z', this.data])
  }

  /** @param how a shell command that packs the tar on its standard input to its standard output */
  packTar (file: string, how: string): void {
    execFileSync('sh', ['-ec', `tar --sort=name --owner=0 --group=0 --numeric-owner -C "$1" -cf - tree | ${how} >"$2"`, 'sh', this.folder, file])
  }

  packZip (file: string): void {
    execFileSync('sh', ['-ec', 'cd "$1" && rm -f "$2" && zip -qrX "$2" tree', 'sh', this.folder, file])
  }

  #setTimes (time: string): void { execFileSync('find', [this.folder, '-exec', 'touch', '-h', '-d', time, '{}', '+']) }
}

export const addressOf = async (who: Person): Promise<string> => (await who.json<{ addresses: string[] }>('ipkit', ['id'])).addresses[0]!

export const sha256Of = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')

/** What nothing can make smaller, the same for the same seed. */
export const noise = (sizeBytes: number, seed: number): Buffer => createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(sizeBytes))
