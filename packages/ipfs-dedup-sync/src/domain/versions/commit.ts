/** Versions of a history: signed blocks, each naming the one before. Spec: docs/formats/sync-commit.md. Pure: keys are parameters. */
import { sha256 } from '@noble/hashes/sha2.js'
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { publicKeyFromPeerId } from '@ipkit/core/identity/peer-id'
import { nameFromMultihash, nameFromPublicKey, namePeerId, type IpnsName } from '@ipkit/core/names/ipns-name'
import { bytes, check, integer, literal, nullable, object, string, type Schema } from '@ipkit/core/schema/schema'
import { concatBytes } from '@ipkit/core/streams/concat-bytes'
import { decodeStrict, encodeStrict, type CborValue } from '@ipkit/core/streams/strict-cbor'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { MAX_AUTHOR_CHARACTERS, MAX_COMMIT_BYTES, MAX_FILE_CHARACTERS, MAX_NOTE_CHARACTERS } from './commit-limits.ts'

export interface CommitFields {
  /** Canonical text of the CID that the version stands for. */
  readonly root: string
  /** From 1 on, without gaps. */
  readonly number: number
  /** CID of the version before; undefined of the first one alone. */
  readonly parent: string | undefined
  /** By the clock of who made it. */
  readonly atMs: number
  readonly note: string
  /** Peer id of the node that made it: what it says, and nothing more. */
  readonly author: string
  /** Base name of what was published; undefined for standard input. */
  readonly file: string | undefined
  readonly sizeBytes: number
  /** Of the file; undefined for a folder. */
  readonly sha256: Uint8Array | undefined
  /** What the version added to the store of who made it. */
  readonly newBytes: number
}

/** A version whose signature was checked. */
export interface Commit extends CommitFields {
  readonly name: IpnsName
  readonly cid: string
  /** The block. */
  readonly bytes: Uint8Array
}

/** A key of the home. */
export interface CommitSigner {
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

/** Ed25519. */
export type VerifySignature = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

const FORMAT = 'ipkit/sync-commit/1'
const DOMAIN = new TextEncoder().encode('ipkit/dedup-sync/commit/1\0')
const DAG_CBOR = 0x71
const SHA2_256 = 0x12
const ROOT_CODECS = [0x55, 0x70]

const link = (codecs: readonly number[]): Schema<string> => ({
  read (value, path) {
    const cid = CID.asCID(value)
    if (cid === null || cid.version !== 1 || !codecs.includes(cid.code) || cid.multihash.code !== SHA2_256 || cid.multihash.digest.length !== 32) throw new AppError('BAD_VALUE', `${path} is no CID of this kind`, { exit: 'usage' })
    return cid.toString()
  },
})

const SCHEMA = object({
  format: literal(FORMAT),
  name: bytes({ min: 1, max: 64 }),
  number: integer({ min: 1 }),
  root: link(ROOT_CODECS),
  parent: nullable(link([DAG_CBOR])),
  at: integer(),
  note: string({ max: MAX_NOTE_CHARACTERS }),
  author: string({ max: MAX_AUTHOR_CHARACTERS }),
  file: nullable(string({ min: 1, max: MAX_FILE_CHARACTERS })),
  sizeBytes: integer(),
  sha256: nullable(bytes({ size: 32 })),
  newBytes: integer(),
  signature: bytes({ size: 64 }),
})

/** @param fields within the limits of the spec: what is not is a bug of the caller */
export function createCommit (signer: CommitSigner, fields: CommitFields): Commit {
  const name = nameFromPublicKey(signer.publicKey)
  const signed = {
    format: FORMAT, name: name.multihash, number: fields.number, root: CID.parse(fields.root), parent: fields.parent === undefined ? null : CID.parse(fields.parent), at: fields.atMs, note: fields.note,
    author: fields.author, file: fields.file ?? null, sizeBytes: fields.sizeBytes, sha256: fields.sha256 ?? null, newBytes: fields.newBytes,
  }
  const block = encodeStrict({ ...signed, signature: signer.sign(messageOf(signed)) })
  return { ...fields, name, cid: cidOf(block), bytes: block }
}

/** @throws AppError COMMIT_INVALID, COMMIT_SIGNATURE_INVALID */
export function readCommit (block: Uint8Array, verify: VerifySignature): Commit {
  const { signature, ...read } = readFields(block)
  const name = nameFromMultihash(read.name)
  const publicKey = name === undefined ? undefined : publicKeyFromPeerId(namePeerId(name))
  if (name === undefined || publicKey === undefined) throw invalid('it does not name an Ed25519 key')
  if ((read.number === 1) !== (read.parent === null)) throw invalid(`it is version ${read.number} and has ${read.parent === null ? 'none' : 'one'} before it`)
  const cid = cidOf(block)
  const { parent, file, sha256: hash, at, format: _, ...rest } = read
  const message = messageOf({ ...read, root: CID.parse(read.root), parent: parent === null ? null : CID.parse(parent) })
  if (!verify(publicKey, message, signature)) throw new AppError('COMMIT_SIGNATURE_INVALID', `version ${read.number} of ${name.text} is not signed by its key`, { exit: 'refused', hints: ['it was changed on its way, or somebody made it up'] })
  return { ...rest, name, atMs: at, parent: parent ?? undefined, file: file ?? undefined, sha256: hash ?? undefined, cid, bytes: block }
}

/** @throws AppError COMMIT_INVALID when `parent` cannot stand before `child` */
export function requireParent (child: Commit, parent: Commit): void {
  if (child.parent !== parent.cid || parent.number !== child.number - 1 || parent.name.text !== child.name.text) throw invalid(`version ${child.number} does not follow on ${parent.cid}`)
}

export function cidOf (block: Uint8Array): string {
  return CID.createV1(DAG_CBOR, create(SHA2_256, sha256(block))).toString()
}

function readFields (block: Uint8Array): ReturnType<typeof SCHEMA.read> {
  if (block.length > MAX_COMMIT_BYTES) throw invalid(`it has ${block.length} bytes, and the limit is ${MAX_COMMIT_BYTES}`)
  try {
    return check(SCHEMA, decodeStrict(block), 'commit')
  } catch (e) {
    if (!isAppError(e)) throw e
    throw invalid(e.message)
  }
}

const messageOf = (signed: Readonly<Record<string, CborValue>>): Uint8Array => concatBytes(DOMAIN, encodeStrict(signed))

const invalid = (why: string): AppError => new AppError('COMMIT_INVALID', `no version of a history: ${why}`, { exit: 'refused' })
