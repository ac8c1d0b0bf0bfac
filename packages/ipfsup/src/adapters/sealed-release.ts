/** What makes a release whole, and tells whether it still is: SHA256SUMS and release.json. docs/formats/ipfsup.md */
import { createHash } from 'node:crypto'
import { access, constants, readFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '@ipkit/core/errors/app-error'
import { messageOf } from '@ipkit/core/errors/code-of'
import { syncFolder, writeFully, type StorageFs } from '@ipkit/core/storage/storage-fs'
import { decodeReleaseFacts, encodeReleaseFacts } from '../domain/release-facts.ts'
import type { ReleaseFacts } from '../domain/release-store.ts'
import { formatSums, parseSums } from '../domain/sha256-sums.ts'
import { hashTree, strayEntries, syncTree } from './release-tree.ts'

const FACTS = 'release.json'
const SUMS = 'SHA256SUMS'

/** The sums of all that is there, then what is known of it; durable before anybody can see it. */
export async function sealRelease (fs: StorageFs, temp: string, facts: ReleaseFacts): Promise<void> {
  const [stray] = await strayEntries(temp)
  if (stray !== undefined) throw new AppError('ARCHIVE_REFUSED', `the release holds what it must not: ${stray}`, { exit: 'refused' })
  const [sums] = await Promise.all([hashTree(temp, [FACTS, SUMS]), syncTree(fs, temp)])
  if (!sums.has('ipfs')) throw new AppError('ARCHIVE_REFUSED', "the release has no program 'ipfs'", { exit: 'refused' })
  const list = formatSums(sums)
  await writeNew(fs, path.join(temp, SUMS), list)
  await writeNew(fs, path.join(temp, FACTS), encodeReleaseFacts(facts, sha256(list)))
  await syncFolder(fs, temp)
}

/** What is wrong with a release, in words. */
export async function faultsOf (release: string, signal: AbortSignal): Promise<string[]> {
  signal.throwIfAborted()
  let expected
  try {
    const { sums } = decodeReleaseFacts(await readFile(path.join(release, FACTS), 'utf8'), FACTS)
    const list = await readFile(path.join(release, SUMS), 'utf8')
    if (sha256(list) !== sums) return [`${SUMS}: is not what ${FACTS} says`]
    expected = parseSums(list)
  } catch (e) {
    return [messageOf(e)]
  }
  if (expected === undefined) return [`${SUMS}: cannot be read`]
  const stray = await strayEntries(release)
  if (stray.length > 0) return stray
  const present = await hashTree(release, [FACTS, SUMS], signal)
  const faults: string[] = []
  for (const [name, hash] of expected) {
    const found = present.get(name)
    if (found !== hash) faults.push(`${name}: ${found === undefined ? 'is missing' : 'was changed'}`)
  }
  for (const name of present.keys()) if (!expected.has(name)) faults.push(`${name}: does not belong to it`)
  await access(path.join(release, 'ipfs'), constants.X_OK).catch(() => { faults.push('ipfs: may not be run') })
  return faults
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

async function writeNew (fs: StorageFs, file: string, text: string): Promise<void> {
  const handle = await fs.open(file, 'wx', 0o644)
  try {
    await writeFully(handle, new TextEncoder().encode(text), 0)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
