import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'

/** How the bytes of a known answer are made; see `description` in docs/formats/vectors/chunking.json. */
export interface Part { readonly hex?: string, readonly stream?: string, readonly chain?: string, readonly bytes: number }
export interface Answer { readonly parts: readonly Part[], readonly lengths: readonly number[], readonly levels: readonly number[], readonly root: string, readonly tsize: number }
export interface Vectors {
  readonly gear: { readonly public: readonly string[], readonly key: string, readonly keyed: readonly string[] }
  readonly fastcdc: ReadonlyArray<Answer & { readonly name: string, readonly forced: readonly number[], readonly key?: string }>
  readonly kubo: ReadonlyArray<Answer & { readonly chunker: string }>
  readonly trees: ReadonlyArray<{ readonly leaves: number, readonly byNumber: boolean, readonly levels: readonly number[], readonly root: string, readonly size: number, readonly tsize: number }>
  readonly node: { readonly children: readonly string[], readonly block: string, readonly cid: string }
}

export const vectors = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../../../docs/formats/vectors/chunking.json'), 'utf8')) as Vectors
export const wasmFile = path.resolve(import.meta.dirname, '../../dist/chunker.wasm')

export function makeBytes (parts: readonly Part[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts.map(part => {
    if (part.stream !== undefined) return streamBytes(part.stream, part.bytes)
    if (part.chain !== undefined) return chainBytes(part.chain, part.bytes)
    return Buffer.alloc(part.bytes, Buffer.from(part.hex!, 'hex'))
  })))
}

/** Looks random, is the same everywhere: SHA-256 of the seed and a counter. */
export function streamBytes (seed: string, sizeBytes: number): Uint8Array {
  const out = Buffer.alloc(Math.ceil(sizeBytes / 32) * 32)
  const start = Buffer.from(seed)
  const block = Buffer.concat([start, Buffer.alloc(4)])
  for (let at = 0; at < out.length; at += 32) {
    block.writeUInt32BE(at / 32, start.length)
    out.write(hash('sha256', block, 'hex'), at, 'hex') // makes no object for each: several times as fast
  }
  return Uint8Array.from(out.subarray(0, sizeBytes))
}

function chainBytes (seed: string, sizeBytes: number): Uint8Array {
  const out: Buffer[] = []
  let block: Buffer = Buffer.from(seed)
  for (let made = 0; made < sizeBytes; made += 32) {
    block = hash('sha256', block, 'buffer')
    out.push(block)
  }
  return Buffer.concat(out).subarray(0, sizeBytes)
}
