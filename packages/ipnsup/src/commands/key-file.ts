/** `ipnsup key export|import`: a key as a file that other IPFS programs read and write too. */
import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { AppError } from '@ipkit/core/errors/app-error'
import { sameBytes } from '@ipkit/core/names/compare-bytes'
import { nameFromPublicKey, namePeerId, parseName } from '@ipkit/core/names/ipns-name'
import { decodeExportedKey, encodeExportedKey, MAX_KEY_FILE_BYTES, type KeyFormat } from '../domain/exported-key.ts'
import { callIpnsup, ipnsupRpc } from '../rpc.ts'
import { checkKeyName } from './check-key-name.ts'
import { checkNewKeyName } from './check-new-key-name.ts'
import type { IpnsupDeps } from './deps.ts'
import { keyJson } from './key.ts'
import { readInput } from './read-input.ts'
import { writeOutput } from './write-output.ts'

export interface KeyExportArgs { readonly key: string, readonly output: string | undefined, readonly format: KeyFormat, readonly force: boolean }
export interface KeyImportArgs { readonly key: string, readonly file: string }

const PRIVATE = 0o600
const SUFFIX: Readonly<Record<KeyFormat, string>> = { libp2p: '.key', pem: '.pem' }

export async function keyExport (deps: IpnsupDeps, io: Io, args: KeyExportArgs): Promise<Outcome> {
  checkKeyName(args.key)
  if (args.output === undefined) throw new AppError('USAGE', 'a key is written to a file, and -o names none', { exit: 'usage', hints: [`ipnsup key export ${args.key} -o ${args.key}${SUFFIX[args.format]}`, 'standard output is -o -'] })
  const { key, name, seed } = await callIpnsup(io.node, ipnsupRpc.keyExport, { key: args.key }, { repeatable: true })
  const bytes = encodeExportedKey(args.format, seed, await deps.publicKeyOf(seed))
  const warn = (): void => { io.report.warn('KEY_NOT_SEALED', 'not encrypted: who reads it can publish under this name') }
  if (args.output === '-') {
    warn()
    return { kind: 'bytes', showable: true, source: (async function * () { yield bytes })() }
  }
  const file = await writeOutput(io, args.output, { bytes, name: `${key}${SUFFIX[args.format]}`, overwrite: args.force, mode: PRIVATE })
  warn()
  return document({ ...keyJson({ key, name, peerId: namePeerId(parseName(name)) }), file, format: args.format }, stripControl(file))
}

export async function keyImport (deps: IpnsupDeps, io: Io, args: KeyImportArgs): Promise<Outcome> {
  checkNewKeyName(args.key)
  const bytes = await readInput(io, args.file, MAX_KEY_FILE_BYTES)
  const { seed, publicKey } = decodeExportedKey(bytes)
  const own = await deps.publicKeyOf(seed)
  if (publicKey !== undefined && !sameBytes(publicKey, own)) {
    throw new AppError('KEY_FILE_INVALID', `the public key in '${stripControl(args.file)}' is not that of the secret one: signing with both would give the secret away`, { exit: 'refused', hints: ['export it again where it comes from'] })
  }
  const imported = await callIpnsup(io.node, ipnsupRpc.keyImport, { key: args.key, seed })
  if (imported.name !== nameFromPublicKey(own).text) throw new Error(`the node made ${imported.name} of the key`)
  io.report.note('whoever else has this key can publish under the name too: two that do so at once make a fork')
  return document(keyJson(imported), imported.name)
}
