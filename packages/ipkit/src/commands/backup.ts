import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { AppError } from '@ipkit/core/errors/app-error'
import { BACKUP_VERSION, MAX_BACKUP_BYTES, formatBackup, parseBackup, type Backup } from '../domain/home-backup.ts'
import type { IpkitDeps } from './deps.ts'

/** `ipkit backup <file|->` */
export async function backup (deps: IpkitDeps, io: Io, args: { readonly file: string }): Promise<Outcome> {
  const content = await (await deps.backup(io)).read()
  const made: Backup = { ipkitBackup: BACKUP_VERSION, createdAt: new Date(io.clock.now()).toISOString(), ...content }
  const text = formatBackup(made)
  if (args.file === '-') {
    sayWhatIsIn(io, made)
    return { kind: 'bytes', showable: false, source: (async function * () { yield new TextEncoder().encode(text) })() }
  }
  await using file = await io.files.createWhole(args.file, { mode: 0o600 })
  await file.write(new TextEncoder().encode(text))
  await file.commit()
  sayWhatIsIn(io, made)
  const { peerId, sealed, leftOut } = made
  const keys = Object.keys(made.keys ?? {})
  const named = keys.length === 0 ? '' : `, ${keys.length === 1 ? 'the named key' : `${keys.length} named keys`}`
  return document({ file: args.file, peerId, sealed, files: Object.keys(made.files), keys, leftOut }, `${args.file} holds the key${sealed ? ' (encrypted)' : ''}${named}, the settings and the contacts of ${peerId}`)
}

function sayWhatIsIn (io: Io, made: Backup): void {
  if (!made.sealed) {
    io.report.warn('KEY_NOT_SEALED', 'the key in this backup is not encrypted: who reads it can be you')
    io.report.note("'ipkit passphrase set' first avoids that")
  }
  if (made.leftOut.length > 0) io.report.note(`not in it: the data of ${made.leftOut.join(', ')}, since one-time secrets must not exist twice`)
}

/** `ipkit restore <file|->` */
export async function restore (deps: IpkitDeps, io: Io, args: { readonly file: string }): Promise<Outcome> {
  const text = args.file === '-' ? await readAll(io) : await io.files.readText(args.file, MAX_BACKUP_BYTES)
  const made = parseBackup(text)
  await (await deps.backup(io)).write(made)
  io.report.note("stop using the old copy: two nodes with one key are taken for one; see 'ipkit id'")
  return document({ peerId: made.peerId, createdAt: made.createdAt, files: Object.keys(made.files), keys: Object.keys(made.keys ?? {}) }, `restored ${made.peerId} from the backup of ${made.createdAt.slice(0, 10)}`)
}

async function readAll (io: Io): Promise<string> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of io.stdin.source) {
    sizeBytes += chunk.length
    if (sizeBytes > MAX_BACKUP_BYTES) throw new AppError('FILE_TOO_LARGE', `standard input is over ${MAX_BACKUP_BYTES} bytes, which is the limit for a backup`, { exit: 'usage' })
    chunks.push(chunk)
  }
  const whole = new Uint8Array(sizeBytes)
  let offset = 0
  for (const chunk of chunks) { whole.set(chunk, offset); offset += chunk.length }
  return new TextDecoder().decode(whole)
}
