import { formatDuration } from '@ipkit/core/cli/duration'
import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { formatBytes } from '@ipkit/core/cli/size'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { factsText } from '@ipkit/core/cli/table'
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { parseName, type IpnsName } from '@ipkit/core/names/ipns-name'
import { MAX_RECORD_BYTES } from '@ipkit/core/names/ipns-record'
import { inspectRecord, type Inspection } from '../domain/inspect-record.ts'
import { plainJson } from '../domain/plain-json.ts'
import { nameInside, nameOfFile } from '../domain/record-file.ts'
import { callIpnsup, ipnsupRpc } from '../rpc.ts'
import { findName, isKeyText } from './find-name.ts'
import { readInput } from './read-input.ts'
import { isoTime, ttlMs, untilMs, untilText } from './record-json.ts'

export interface InspectArgs { readonly record: string, readonly verify: string | undefined }

/** `ipnsup inspect <name|file>`: what a record says, and whether it is true. A file is looked at without the node. */
export async function inspect (io: Io, args: InspectArgs): Promise<Outcome> {
  const expected = args.verify === undefined ? undefined : parseName(await findName(io, args.verify))
  const known = asName(args.record)
  const bytes = known === undefined
    ? await readFile(io, args.record)
    : (await callIpnsup(io.node, ipnsupRpc.record, { name: known.text }, { repeatable: true })).record
  const { verifyRecord } = await import('@ipkit/core/names/verify-record') // loads libp2p's keys
  const found = await inspectRecord({ verify: verifyRecord, nowMs: io.clock.now() }, bytes, expected ?? known ?? nameInside(bytes) ?? nameOfFile(args.record))
  if (found.fault !== undefined) for (const hint of found.fault.hints) io.report.note(hint)
  return document(inspectionJson(found), inspectionText(found, io.clock.now()), found.fault === undefined ? 'ok' : 'refused')
}

/** @throws AppError as `readInput`; who meant a key is told how to name it */
async function readFile (io: Io, file: string): Promise<Uint8Array> {
  try {
    return await readInput(io, file, MAX_RECORD_BYTES)
  } catch (e) {
    if (!isAppError(e) || e.code !== 'FILE_NOT_FOUND' || !isKeyText(file)) throw e
    throw new AppError(e.code, e.message, { exit: e.exit, cause: e, hints: [...e.hints, "for the record of a key, give its name, k51…: see 'ipnsup key ls'"] })
  }
}

/** What is no name is a file; one that is called like a name is given as ./k51… */
function asName (text: string): IpnsName | undefined {
  try {
    return parseName(text)
  } catch {
    return undefined
  }
}

const inspectionJson = ({ name, fault, says, freshness, signatureV1, signatureV2, sizeBytes }: Inspection): object => ({
  valid: fault === undefined,
  expired: freshness === undefined ? null : freshness.state === 'expired',
  ...name === undefined ? {} : { name: name.text },
  value: says?.value ?? null,
  sequence: says === undefined ? null : String(says.sequence),
  validUntil: says === undefined ? null : isoTime(untilMs(says.validity.text)),
  ttlMs: says === undefined ? null : ttlMs(String(says.ttlNs)),
  signatureV1: signatureV1 === 'present',
  signatureV2: signatureV2 === 'verified',
  validity: says?.validity.text ?? null,
  extra: says === undefined ? {} : plainJson(says.extra),
  sizeBytes,
  ...fault === undefined ? {} : { reason: { code: fault.code, message: fault.message } },
})

function inspectionText ({ name, fault, says, freshness, signatureV1, signatureV2, sizeBytes }: Inspection, nowMs: number): string {
  const verdict = fault !== undefined ? `not valid: ${fault.message}` : freshness?.state === 'expired' ? 'authentic, but expired' : 'valid'
  return `${stripControl(verdict)}\n${factsText([
    ['name', name?.text],
    ['value', says && stripControl(says.value)],
    ['sequence', says && String(says.sequence)],
    ['validity', says && `${says.validity.text}\n${untilText(says.validity.text, nowMs)}`],
    ['ttl', says && formatDuration(ttlMs(String(says.ttlNs)))],
    ['signature', signatureV2],
    ['for old readers', signatureV1 === 'present' ? 'yes' : 'no'],
    ['more fields', says && Object.entries(says.extra).map(([key, value]) => stripControl(`${key}: ${JSON.stringify(plainJson(value))}`)).join('\n')],
    ['size', sizeBytes > MAX_RECORD_BYTES ? `more than ${formatBytes(MAX_RECORD_BYTES)}` : formatBytes(sizeBytes)],
  ])}`
}
