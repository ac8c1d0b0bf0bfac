import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { inspectKey, loadOrCreateKey, readPassphraseFile, type KeyFileDeps } from '../../src/identity/key-file.ts'
import { changeHomePassphrase } from '../../src/identity/keychain.ts'
import { toLibp2pKey } from '../../src/identity/libp2p-key.ts'
import { PeerKey, verifySignature } from '../../src/identity/peer-key.ts'

let dir: string
let file: string
beforeEach(async () => { dir = await fs.mkdtemp(path.join(os.tmpdir(), 'key-')); file = path.join(dir, 'identity.key') })
afterEach(async () => { await fs.rm(dir, { recursive: true }) })
const never: KeyFileDeps = { randomBytes, passphrase: async () => { throw new Error('must not be asked') } }
const changePassphrase = async (next: string | undefined, deps: KeyFileDeps): Promise<void> => { await changeHomePassphrase({ identityKey: file, keys: path.join(dir, 'keys') }, next, deps) }
const withPassphrase = (passphrase: string): KeyFileDeps => ({ randomBytes, passphrase: async () => passphrase })

test('the first use makes a key, private and for good', async () => {
  expect(await inspectKey(file)).toBeUndefined()
  const key = await loadOrCreateKey(file, never)
  expect((await loadOrCreateKey(file, never)).peerId).toBe(key.peerId)
  expect((await fs.stat(file)).mode & 0o777).toBe(0o600)
  expect(await fs.readdir(dir)).toEqual(['identity.key'])
  expect(await inspectKey(file)).toEqual({ peerId: key.peerId, sealed: false })
})

test('twenty that start at once get the same key, and leave no temp file', async () => {
  const keys = await Promise.all(Array.from({ length: 20 }, async () => await loadOrCreateKey(file, never)))
  expect(new Set(keys.map(key => key.peerId)).size).toBe(1)
  expect(await fs.readdir(dir)).toEqual(['identity.key'])
})

test('a passphrase seals it; the peer id stays readable; a wrong one is refused', async () => {
  const key = await loadOrCreateKey(file, never)
  const seed = Buffer.from(key.exportSeed()).toString('base64url')
  await changePassphrase('correct horse', never)
  expect(await fs.readFile(file, 'utf8')).not.toContain(seed)
  expect(await inspectKey(file)).toEqual({ peerId: key.peerId, sealed: true })
  expect((await loadOrCreateKey(file, withPassphrase('correct horse'))).peerId).toBe(key.peerId)
  await expect(loadOrCreateKey(file, withPassphrase('wrong horse'))).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG', exit: 'refused' })
  await changePassphrase(undefined, withPassphrase('correct horse'))
  expect((await loadOrCreateKey(file, never)).peerId).toBe(key.peerId)
})

test('a new key is sealed at once under a passphrase that is there already', async () => {
  const key = await loadOrCreateKey(file, { ...never, newPassphrase: async () => 'correct horse' })
  expect(await fs.readFile(file, 'utf8')).not.toContain(Buffer.from(key.exportSeed()).toString('base64url'))
  expect(await inspectKey(file)).toEqual({ peerId: key.peerId, sealed: true })
  expect((await loadOrCreateKey(file, withPassphrase('correct horse'))).peerId).toBe(key.peerId)
})

test('one spelling of a passphrase typed in two ways opens it', async () => {
  await loadOrCreateKey(file, never)
  await changePassphrase('caf\u00e9', never)
  await loadOrCreateKey(file, withPassphrase('cafe\u0301'))
})

test('every changed line of a sealed file is noticed', async () => {
  const key = await loadOrCreateKey(file, never)
  await changePassphrase('x', never)
  const lines = (await fs.readFile(file, 'utf8')).split('\n')
  const other = new PeerKey(randomBytes(32)).peerId
  for (const [at, line] of [[0, 'ipkit identity key 2'], [1, `peer ${other}`], [2, lines[2]!.replace('17 8 1', '30 8 1')], [3, `nonce ${randomBytes(12).toString('base64url')}`], [4, `sealed ${randomBytes(48).toString('base64url')}`]] as const) {
    await fs.writeFile(file, lines.map((old, i) => i === at ? line : old).join('\n'))
    await expect(loadOrCreateKey(file, withPassphrase('x'))).rejects.toMatchObject({ code: expect.stringMatching(/^(KEY_FILE_DAMAGED|PASSPHRASE_WRONG)$/) })
  }
  expect(key.peerId).not.toBe(other)
})

test.each([['empty', ''], ['cut', 'ipkit identity key 1\npeer 12D3'], ['not text', '\0\0\0']])('a file that is %s is damaged, and stays', async (_name, text) => {
  await fs.writeFile(file, text, { mode: 0o600 })
  await expect(loadOrCreateKey(file, never)).rejects.toMatchObject({ code: 'KEY_FILE_DAMAGED' })
  expect(await fs.readFile(file, 'utf8')).toBe(text)
})

test('a key of another peer id is not taken', async () => {
  const key = await loadOrCreateKey(file, never)
  await fs.writeFile(file, (await fs.readFile(file, 'utf8')).replace(key.peerId, new PeerKey(randomBytes(32)).peerId))
  await expect(loadOrCreateKey(file, never)).rejects.toMatchObject({ code: 'KEY_FILE_DAMAGED' })
})

test('a key that others can read, or that is a link, is refused', async () => {
  await loadOrCreateKey(file, never)
  await fs.chmod(file, 0o640)
  await expect(loadOrCreateKey(file, never)).rejects.toMatchObject({ code: 'KEY_FILE_EXPOSED', hints: [`chmod 600 ${file}`] })
  await fs.chmod(file, 0o600)
  await fs.rename(file, path.join(dir, 'real'))
  await fs.symlink('real', file)
  await expect(loadOrCreateKey(file, never)).rejects.toMatchObject({ code: 'KEY_FILE_EXPOSED' })
})

test('the passphrase file gives its first line', async () => {
  await fs.writeFile(path.join(dir, 'p'), 'secret words\nnot this\n')
  expect(await readPassphraseFile(path.join(dir, 'p'))).toBe('secret words')
  await fs.writeFile(path.join(dir, 'p'), '\n')
  await expect(readPassphraseFile(path.join(dir, 'p'))).rejects.toMatchObject({ code: 'PASSPHRASE_FILE_UNREADABLE' })
  await expect(readPassphraseFile(path.join(dir, 'none'))).rejects.toMatchObject({ code: 'PASSPHRASE_FILE_UNREADABLE' })
})

test('signatures: RFC 8032 test 2, libp2p agrees on the key, and nothing else verifies', async () => {
  const key = new PeerKey(Buffer.from('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', 'hex'))
  const signature = key.sign(Uint8Array.of(0x72))
  expect(Buffer.from(signature).toString('hex')).toBe('92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00')
  expect(toLibp2pKey(key).publicKey.toString()).toBe(key.peerId)
  expect(Buffer.from(await toLibp2pKey(key).sign(Uint8Array.of(0x72))).equals(signature)).toBe(true)
  expect(verifySignature(key.peerId, Uint8Array.of(0x72), signature)).toBe(true)
  expect(verifySignature(key.peerId, Uint8Array.of(0x73), signature)).toBe(false)
  expect(verifySignature(new PeerKey(randomBytes(32)).peerId, Uint8Array.of(0x72), signature)).toBe(false)
  expect(verifySignature('bob', Uint8Array.of(0x72), signature)).toBe(false)
  expect(verifySignature(key.peerId, Uint8Array.of(0x72), signature.subarray(1))).toBe(false)
})
