import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { verifyWithKey } from '@ipkit/core/identity/verify-with-key'
import { PeerKey } from '@ipkit/core/identity/peer-key'
import fc from 'fast-check'
import { createCommit, readCommit, requireParent, type CommitFields, type VerifySignature } from '../../src/domain/versions/commit.ts'
import { MAX_COMMIT_BYTES, MAX_FILE_CHARACTERS, MAX_NOTE_CHARACTERS } from '../../src/domain/versions/commit-limits.ts'

interface Fields { number: number, root: string, parent: string | null, at: number, note: string, author: string, file: string | null, sizeBytes: number, sha256: string | null, newBytes: number }
interface Vectors {
  readonly valid: ReadonlyArray<{ what: string, seed: string, fields: Fields, block: string, cid: string }>
  readonly invalid: ReadonlyArray<{ what: string, code: string, block: string }>
}
const vectors = JSON.parse(readFileSync(new URL('../../../../docs/formats/vectors/sync-commit.json', import.meta.url), 'utf8')) as Vectors

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const verify: VerifySignature = (key, message, signature) => verifyWithKey({ type: 'ed25519', key }, message, signature)
const fieldsOf = ({ at, parent, file, sha256, ...rest }: Fields): CommitFields =>
  ({ ...rest, atMs: at, parent: parent ?? undefined, file: file ?? undefined, sha256: sha256 === null ? undefined : hex(sha256) })
const codeOf = (work: () => unknown): string => {
  try { work() } catch (e) { return (e as { code?: string }).code ?? String(e) }
  return 'ok'
}

test.each(vectors.valid)('$what', ({ seed, fields, block, cid }) => {
  const key = new PeerKey(hex(seed))
  const made = createCommit(key, fieldsOf(fields))
  expect([Buffer.from(made.bytes).toString('hex'), made.cid]).toEqual([block, cid])
  const read = readCommit(hex(block), verify)
  expect(read).toEqual(made)
  expect(read).toMatchObject(fieldsOf(fields))
})

test.each(vectors.invalid)('rejects $what', ({ code, block }) => {
  expect(codeOf(() => readCommit(hex(block), verify))).toBe(code)
})

const BASE = fieldsOf(vectors.valid[0]!.fields)
const KEY = new PeerKey(hex(vectors.valid[0]!.seed))

test('whatever is within the limits fits into a block and comes back as it was', () => {
  const text = (maxLength: number): fc.Arbitrary<string> => fc.string({ unit: 'binary', maxLength }).map(s => s.toWellFormed().slice(0, maxLength).toWellFormed())
  fc.assert(fc.property(text(MAX_NOTE_CHARACTERS), text(MAX_FILE_CHARACTERS), fc.nat(), fc.nat(), (note, file, sizeBytes, newBytes) => {
    const fields = { ...BASE, note, file: file === '' ? undefined : file, sizeBytes, newBytes }
    const made = createCommit(KEY, fields)
    expect(readCommit(made.bytes, verify)).toEqual(made)
  }))
  const widest = createCommit(KEY, { ...BASE, note: '\uffff'.repeat(MAX_NOTE_CHARACTERS), file: '\uffff'.repeat(MAX_FILE_CHARACTERS), author: '\uffff'.repeat(64), sizeBytes: Number.MAX_SAFE_INTEGER })
  expect(widest.bytes.length).toBeLessThanOrEqual(MAX_COMMIT_BYTES)
})

test('garbage throws our errors and nothing else', () => {
  const block = createCommit(KEY, BASE).bytes
  fc.assert(fc.property(fc.nat(block.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
    const altered = block.map((byte, i) => i === at ? byte ^ change : byte)
    expect(['COMMIT_INVALID', 'COMMIT_SIGNATURE_INVALID']).toContain(codeOf(() => readCommit(altered, verify)))
  }))
})

test('a version follows on the one before it, of its own name, and on no other', () => {
  const first = createCommit(KEY, BASE)
  const second = createCommit(KEY, { ...BASE, number: 2, parent: first.cid })
  const third = createCommit(KEY, { ...BASE, number: 3, parent: second.cid })
  const foreign = createCommit(new PeerKey(new Uint8Array(32).fill(9)), { ...BASE, number: 2, parent: first.cid })
  expect([[second, first], [third, second], [third, first], [second, third], [foreign, first]].map(([child, parent]) => codeOf(() => { requireParent(child!, parent!) })))
    .toEqual(['ok', 'ok', 'COMMIT_INVALID', 'COMMIT_INVALID', 'COMMIT_INVALID'])
})
