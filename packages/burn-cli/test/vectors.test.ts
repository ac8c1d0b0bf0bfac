import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { build } from 'esbuild'
import { CID } from 'multiformats/cid'
import { nobleBulkCrypto } from '../src/adapters/noble-bulk-crypto.ts'
import { nodeBulkCrypto } from '../src/adapters/node-bulk-crypto.ts'
import { wasmArgon2id } from '../src/adapters/wasm-argon2id.ts'
import { ackKey, linkProofKey, messageId, passProofKey, payloadKeys, stretchPassphrase, type MessageSecrets } from '../src/domain/keys.ts'
import { httpNonces } from '../src/domain/nonce.ts'
import { padmeSize } from '../src/domain/padme.ts'
import { HASH_BYTES, leafCount, rootCid } from '../src/domain/payload-layout.ts'
import { decryptPayload, encryptPayload } from '../src/domain/payload.ts'
import { makeProof } from '../src/domain/proofs.ts'
import { ackRequest, claimRequest, openRequest, targetOf } from '../src/domain/requests.ts'
import { openSecret, readerPublicKey } from '../src/domain/sealed-key.ts'
import { claimStatement, decodeClaimStatement, openStatement } from '../src/domain/statement.ts'
import { collect, hex, inPieces, unhex } from './hex.ts'
import { cryptoVectors, D, L, pattern, SALT } from './vectors.ts'

const bulks = [['node:crypto', nodeBulkCrypto], ['noble', nobleBulkCrypto]] as const

describe('keys', () => {
  test.each(cryptoVectors.keys)('passphrase $passphrase', async vector => {
    const stretched = vector.passphrase === null ? undefined : await stretchPassphrase(wasmArgon2id, vector.passphrase, L, SALT)
    const keys = payloadKeys({ L, D, ...(stretched === undefined ? {} : { stretched }) }, SALT)
    expect({ passphrase: vector.passphrase, id: hex(messageId(L)), linkProofKey: hex(linkProofKey(L)), ackKey: hex(ackKey(D)),
      ...(stretched === undefined ? {} : { stretched: hex(stretched), passProofKey: hex(passProofKey(stretched)) }), headerKey: hex(keys.headerKey), streamKey: hex(keys.streamKey) }).toEqual(vector)
  })
})

// In a process of its own: inside jest's vm noble's Argon2id takes twenty times as long.
test('Argon2id of the page gives the same, bundled as it is there', async () => {
  const vector = cryptoVectors.keys[1]!
  const contents = `
    import { nobleArgon2id } from './src/adapters/noble-argon2id.ts'
    import { stretchPassphrase } from './src/domain/keys.ts'
    const bytes = text => Uint8Array.from(text.split(','), Number)
    const [passphrase, L, salt] = process.argv.slice(1)
    console.log((await stretchPassphrase(nobleArgon2id, passphrase, bytes(L), bytes(salt))).join())`
  const bundle = await build({ stdin: { contents, resolveDir: fileURLToPath(new URL('..', import.meta.url)) }, bundle: true, platform: 'browser', format: 'esm', write: false, logLevel: 'silent' })
  const script = bundle.outputFiles[0]!.text
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script, vector.passphrase!, L.join(), SALT.join()], { encoding: 'utf8' })
  expect(hex(Uint8Array.from(printed.trim().split(','), Number))).toBe(vector['stretched'])
})

test('a passphrase is the same however its letters were composed; empty, over-long or broken ones are refused', async () => {
  const [composed, decomposed] = await Promise.all(['p\u00e4ssword \u00e9', 'pa\u0308ssword e\u0301'].map(p => stretchPassphrase(wasmArgon2id, p, L, SALT)))
  expect(composed).toEqual(decomposed)
  for (const bad of ['', 'x'.repeat(1025), 'half \ud800']) await expect(stretchPassphrase(wasmArgon2id, bad, L, SALT)).rejects.toMatchObject({ code: 'PASSPHRASE_INVALID', exit: 'usage' })
})

test.each(cryptoVectors.padme)('PADME of %i is %i', (size, padded) => { expect(padmeSize(size)).toBe(padded) })

describe.each(bulks)('payloads with %s', (_name, bulk) => {
  test.each(cryptoVectors.payloads)('$title, name $name, padded: $pad', async vector => {
    const content = vector.content === undefined ? pattern(vector.contentBytes!) : unhex(vector.content)
    const secrets: MessageSecrets = { L, D, ...(vector.passphrase === null ? {} : { stretched: await stretchPassphrase(wasmArgon2id, vector.passphrase, L, SALT) }) }
    const payload = await collect(encryptPayload(bulk, { secrets, salt: SALT, name: vector.name, content: inPieces(content, 1000, 1, 70_000), pad: vector.pad }))
    if (vector.payload !== undefined) expect(hex(payload)).toBe(vector.payload)
    else expect([payload.length, hex(bulk.sha256(payload))]).toEqual([vector.payloadBytes, vector.payloadSha256])
    const hashes = Array.from({ length: leafCount(payload.length) }, (_, i) => bulk.sha256(payload.subarray(i << 20, (i + 1) << 20)))
    expect(rootCid(bulk.sha256, payload.length, Uint8Array.from(Buffer.concat(hashes))).toString()).toBe(vector.root)
    const opened = await decryptPayload(bulk, secrets, inPieces(payload, 65_552, 73, 1))
    expect(opened.name).toBe(vector.name)
    expect(Buffer.compare(await collect(opened.content), content)).toBe(0)
  })
})

test.each(cryptoVectors.roots)('root of $sizeBytes bytes', ({ sizeBytes, root }) => {
  const hashes = new Uint8Array(leafCount(sizeBytes) * HASH_BYTES)
  for (let i = 0; i < leafCount(sizeBytes); i++) { const index = Buffer.alloc(4); index.writeUInt32BE(i); hashes.set(nodeBulkCrypto.sha256(index), i * HASH_BYTES) }
  expect(rootCid(nodeBulkCrypto.sha256, sizeBytes, hashes).toString()).toBe(root)
})

describe('statements, proofs and answers', () => {
  test.each(cryptoVectors.claims)('$title', async vector => {
    const stretched = await stretchPassphrase(wasmArgon2id, 'correct horse', L, SALT)
    const target = targetOf({ L, root: CID.parse(vector.root), sender: vector.sender, addressed: vector.addressed, passphrase: true }, vector.reader)
    const parties = { id: messageId(L), root: target.root, sender: vector.sender, reader: vector.reader, to: vector.addressed ? vector.reader : null }
    const nonce = unhex(vector.nonce)
    const privateKey = unhex(vector.readerPrivateKey)
    expect(hex(readerPublicKey(privateKey))).toBe(vector.readerKey)
    expect(hex(openStatement(parties, nonce))).toBe(vector.openStatement)
    expect(hex(claimStatement(parties, unhex(vector.readerKey), nonce))).toBe(vector.claimStatement)
    expect(decodeClaimStatement(unhex(vector.claimStatement))).toEqual({ parties, readerKey: unhex(vector.readerKey), nonce })
    expect(hex(openRequest(target, nonce).proof)).toBe(vector.openProof)
    const { request, statement } = claimRequest(target, nonce, unhex(vector.readerKey), passProofKey(stretched))
    expect([hex(request.link), hex(request.pass!), hex(statement)]).toEqual([vector.linkProof, vector.passProof, vector.claimStatement])
    expect(hex(ackRequest(D, statement).proof)).toBe(vector.ackProof)
    expect(hex(makeProof(ackKey(D), statement))).toBe(vector.ackProof)
    expect(hex(await openSecret({ enc: unhex(vector.enc), sealed: unhex(vector.sealed) }, privateKey, statement))).toBe(hex(D))
  })
})

test('a nonce over HTTP is recognised for ten minutes, by its maker only', () => {
  const { timeMs, random, processKey, nonce } = cryptoVectors.httpNonce
  let now = timeMs
  const clock = { now: () => now, sleep: async () => {} }
  const rule = httpNonces(clock, () => unhex(random), unhex(processKey))
  expect(hex(rule.issue())).toBe(nonce)
  const other = httpNonces(clock, () => unhex(random), new Uint8Array(32))
  const forged = unhex(nonce).fill(0, 0, 8)
  const ages: Array<[number, boolean]> = [[0, true], [600_000, true], [600_001, false], [-1, false]]
  for (const [age, good] of ages) { now = timeMs + age; expect(rule.accepts!(unhex(nonce))).toBe(good) }
  now = timeMs
  expect([other.accepts!(unhex(nonce)), rule.accepts!(forged)]).toEqual([false, false])
})
