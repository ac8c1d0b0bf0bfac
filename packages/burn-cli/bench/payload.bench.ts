// How fast a payload is made and opened, with both ciphers, beside the bare cipher without any layout; and Argon2id both ways. Prints JSON lines.
import { createCipheriv, randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { nobleArgon2id } from '../src/adapters/noble-argon2id.ts'
import { nobleBulkCrypto } from '../src/adapters/noble-bulk-crypto.ts'
import { nodeBulkCrypto } from '../src/adapters/node-bulk-crypto.ts'
import { wasmArgon2id } from '../src/adapters/wasm-argon2id.ts'
import type { BulkCrypto } from '../src/domain/bulk-crypto.ts'
import { decryptPayload, encryptPayload } from '../src/domain/payload.ts'

const MIB = 1024 * 1024
const ROUNDS = 5
const block = randomBytes(MIB)
const [L, D, salt] = [randomBytes(32), randomBytes(32), randomBytes(32)] as const

async function * content (mebibytes: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < mebibytes; i++) yield block
}

const encrypt = (bulk: BulkCrypto, mebibytes: number): AsyncIterable<Uint8Array> => encryptPayload(bulk, { secrets: { L, D }, salt, name: null, content: content(mebibytes), pad: true })

function bare (mebibytes: number): void {
  for (let i = 0; i < mebibytes * 16; i++) {
    const cipher = createCipheriv('chacha20-poly1305', L, salt.subarray(0, 12), { authTagLength: 16 })
    cipher.update(block.subarray(0, 65_536))
    cipher.final()
  }
}

async function drain (source: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of source) { /* its speed is what counts */ }
}

async function median (work: () => Promise<void> | void): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < ROUNDS; i++) {
    const start = performance.now()
    await work()
    times.push(performance.now() - start)
  }
  return times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]!
}

const print = (fields: object): void => { process.stdout.write(`${JSON.stringify({ bench: 'payload', ...fields, node: process.version })}\n`) }
const speed = (name: string, mebibytes: number, ms: number): void => { print({ name, medianMs: Math.round(ms), megabytesPerSecond: Math.round(mebibytes * MIB / 1e3 / ms) }) }

speed('chacha20-poly1305 of 64 KiB, nothing else', 256, await median(() => { bare(256) }))
for (const [name, bulk, mebibytes] of [['node:crypto', nodeBulkCrypto, 256], ['noble', nobleBulkCrypto, 16]] as const) {
  const pieces: Uint8Array[] = []
  for await (const piece of encrypt(bulk, mebibytes)) pieces.push(piece)
  async function * payload (): AsyncGenerator<Uint8Array> { yield * pieces }
  speed(`encrypt, ${name}`, mebibytes, await median(async () => { await drain(encrypt(bulk, mebibytes)) }))
  speed(`decrypt, ${name}`, mebibytes, await median(async () => { await drain((await decryptPayload(bulk, { L, D }, payload())).content) }))
}
for (const [name, argon2id] of [['hash-wasm', wasmArgon2id], ['noble', nobleArgon2id]] as const) {
  print({ name: `Argon2id, ${name}`, medianMs: Math.round(await median(async () => { await argon2id(L, salt) })) })
}
