import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { parseName } from '@ipkit/core/names/ipns-name'
import { decodeRecord } from '@ipkit/core/names/ipns-record'
import { encodeBase64url } from '@ipkit/core/schema/base64url'
import { RECORD_FILE_SUFFIX, toFileBytes } from '../domain/record-file.ts'
import { callIpnsup, ipnsupRpc } from '../rpc.ts'
import { findName } from './find-name.ts'
import { recordJson, untilText } from './record-json.ts'
import { writeOutput } from './write-output.ts'

export interface ExportArgs { readonly name: string, readonly output: string | undefined, readonly force: boolean }

/** `ipnsup export <name> -o <file>`: the record as a file that says whose it is. */
export async function exportRecord (io: Io, args: ExportArgs): Promise<Outcome> {
  const name = parseName(await findName(io, args.name))
  const { record, expired } = await callIpnsup(io.node, ipnsupRpc.record, { name: name.text }, { repeatable: true })
  const bytes = toFileBytes(name, record)
  const { value, sequence, validity, ttlNs } = decodeRecord(name, bytes)
  const says = { value, sequence: String(sequence), validUntil: validity.text, ttlNs: String(ttlNs) }
  if (expired) io.report.warn('EXPIRED', `this record ${untilText(validity.text, io.clock.now())}: only those who know the name take it`)
  const json = { name: name.text, ...recordJson(says), expired, sizeBytes: bytes.length }
  if (args.output === '-' || (args.output === undefined && !io.flags.json)) return { kind: 'bytes', showable: args.output === '-', source: (async function * () { yield bytes })() }
  if (args.output === undefined) return document({ ...json, file: null, base64url: encodeBase64url(bytes) }, '')
  const file = await writeOutput(io, args.output, { bytes, name: `${name.text}${RECORD_FILE_SUFFIX}`, overwrite: args.force })
  return document({ ...json, file }, `${stripControl(file)}\n  names ${stripControl(value)}, sequence ${sequence}`)
}
