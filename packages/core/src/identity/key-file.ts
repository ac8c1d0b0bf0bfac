import { constants, type BigIntStats } from 'node:fs'
import * as nodeFs from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../errors/app-error.ts'
import { atomicCreate } from '../storage/atomic-create.ts'
import { atomicWrite } from '../storage/atomic-write.ts'
import { diskFs, type StorageFs } from '../storage/storage-fs.ts'
import { PeerKey, SEED_BYTES } from './peer-key.ts'
import { formatKeyFile, inspectKeyFile, openKeyText, type StoredKey } from './sealed-seed.ts'

const MAX_FILE_BYTES = 1024

export interface KeyFileDeps {
  randomBytes(sizeBytes: number): Uint8Array
  /** Asked only when the key is sealed. Throws PASSPHRASE_NEEDED where nobody can be asked. */
  passphrase(): Promise<string>
  /** What a key that is made now is sealed under; undefined stores it in the clear. */
  newPassphrase?(): Promise<string | undefined>
}

/**
 * The key in `file`; made when there is none. Of any number of processes that do this at once, all get the same key.
 * @throws AppError KEY_FILE_DAMAGED, KEY_FILE_EXPOSED, PASSPHRASE_WRONG, and what `passphrase` throws
 */
export async function loadOrCreateKey (file: string, deps: KeyFileDeps): Promise<PeerKey> {
  const existing = await loadKey(file, deps)
  if (existing !== undefined) return existing
  const key = new PeerKey(deps.randomBytes(SEED_BYTES))
  if (await storeNewKey(file, key, await deps.newPassphrase?.(), deps.randomBytes)) return key
  return await loadOrCreateKey(file, deps)
}

/** @returns undefined when there is none @throws AppError as `loadOrCreateKey` */
export async function loadKey (file: string, deps: Pick<KeyFileDeps, 'passphrase'>): Promise<PeerKey | undefined> {
  const text = await readKeyText(file)
  return text === undefined ? undefined : await openKeyText(text, deps.passphrase)
}

/** @param passphrase undefined stores it in the clear @returns false when the file is there already; it stays */
export async function storeNewKey (file: string, key: PeerKey, passphrase: string | undefined, randomBytes: KeyFileDeps['randomBytes'], fs: StorageFs = diskFs): Promise<boolean> {
  const temp = `.${path.basename(file)}.${Buffer.from(randomBytes(6)).toString('hex')}.tmp`
  return await atomicCreate(file, Buffer.from(await formatKeyFile(key, passphrase, randomBytes)), temp, fs)
}

/** @returns undefined when there is no key yet @throws AppError KEY_FILE_DAMAGED, KEY_FILE_EXPOSED */
export async function inspectKey (file: string): Promise<StoredKey | undefined> {
  const text = await readKeyText(file)
  return text === undefined ? undefined : inspectKeyFile(text)
}

/** The old content stays when anything fails. @param passphrase undefined stores it in the clear */
export async function replaceKey (file: string, key: PeerKey, passphrase: string | undefined, randomBytes: KeyFileDeps['randomBytes'], fs: StorageFs = diskFs): Promise<void> {
  await atomicWrite(file, Buffer.from(await formatKeyFile(key, passphrase, randomBytes)), 0o600, fs)
}

/**
 * The first line of the file that IPKIT_PASSPHRASE_FILE names.
 * @throws AppError PASSPHRASE_FILE_UNREADABLE
 */
export async function readPassphraseFile (file: string): Promise<string> {
  const text = await nodeFs.readFile(file, 'utf8').catch((e: NodeJS.ErrnoException) => {
    throw new AppError('PASSPHRASE_FILE_UNREADABLE', `cannot read the passphrase file (${e.code ?? 'unknown error'})`, { exit: 'usage', hints: ['IPKIT_PASSPHRASE_FILE names it'] })
  })
  const line = text.split(/\r?\n/, 1)[0]!
  if (line === '') throw new AppError('PASSPHRASE_FILE_UNREADABLE', 'the first line of the passphrase file is empty', { exit: 'usage', hints: ['IPKIT_PASSPHRASE_FILE names it'] })
  return line
}

async function readKeyText (file: string): Promise<string | undefined> {
  let handle: nodeFs.FileHandle
  try {
    handle = await nodeFs.open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (code === 'ELOOP') throw exposed(file, 'is a symbolic link')
    throw e
  }
  try {
    checkPrivate(file, await handle.stat({ bigint: true }))
    return (await handle.readFile('utf8'))
  } finally {
    await handle.close()
  }
}

function checkPrivate (file: string, stats: BigIntStats): void {
  if (!stats.isFile()) throw exposed(file, 'is not a regular file')
  const uid = process.geteuid?.()
  if (uid !== undefined && stats.uid !== BigInt(uid)) throw exposed(file, `belongs to user ${stats.uid}, not to us`)
  if (uid !== undefined && (stats.mode & 0o077n) !== 0n) throw exposed(file, `has mode ${(stats.mode & 0o777n).toString(8)}; others can get at it`, [`chmod 600 ${file}`])
  if (stats.size > BigInt(MAX_FILE_BYTES)) throw new AppError('KEY_FILE_DAMAGED', `${file} has ${stats.size} bytes; the limit is ${MAX_FILE_BYTES}`)
}

function exposed (file: string, what: string, hints: string[] = []): AppError {
  return new AppError('KEY_FILE_EXPOSED', `${file} ${what}`, { exit: 'refused', hints })
}
