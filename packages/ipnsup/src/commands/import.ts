import type { Io } from '@ipkit/core/cli/io'
import { list, type Outcome } from '@ipkit/core/cli/outcome'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import type { ExitName } from '@ipkit/core/errors/exit-codes'
import { MAX_RECORD_BYTES } from '@ipkit/core/names/ipns-record'
import { nameInside, nameOfFile } from '../domain/record-file.ts'
import { callIpnsup, ipnsupRpc, type ImportResult } from '../rpc.ts'
import { findName } from './find-name.ts'
import { readInput } from './read-input.ts'

export interface ImportArgs { readonly files: readonly string[], readonly name: string | undefined, readonly acceptUnknownExpired: boolean }

interface Imported extends ImportResult { readonly file: string }

const RELATIONS: Readonly<Record<NonNullable<ImportResult['relation']>, string>> = {
  first: 'taken: a name that was not known',
  newer: 'taken: newer than what was known',
  renewal: 'taken: valid for longer than what was known',
  same: 'known already',
  older: 'a newer one is known',
  outlived: 'one that is valid for longer is known',
  fork: 'taken, and a fork: another value has the same sequence',
}

/** What to do about some of the reasons, which travel without their hints. */
const CURES: Readonly<Record<string, string>> = {
  RECORD_EXPIRED: '\n  --accept-unknown-expired takes it all the same',
  RECORD_NAME_UNKNOWN: '\n  say whose it is: --name k51…',
  FILE_IS_DIRECTORY: '\n  name the files in it',
}

/** `ipnsup import <file>…`: each file is taken or refused for itself. */
export async function importRecords (io: Io, args: ImportArgs): Promise<Outcome> {
  const name = args.name === undefined ? undefined : await findName(io, args.name)
  const tally = { accepted: 0, exits: new Set<ExitName>() }
  const exit = (): ExitName => tally.exits.size === 0 ? 'ok' : tally.accepted > 0 ? 'partial' : tally.exits.size === 1 ? [...tally.exits][0]! : 'refused'
  async function * items (): AsyncGenerator<Imported> {
    for (const file of args.files) {
      const { exit: failed, ...imported } = await importFile(io, file, name, args.acceptUnknownExpired)
      if (imported.accepted) tally.accepted++
      else tally.exits.add(failed)
      yield imported
    }
  }
  if (io.flags.json) return list(jsonItems(items()), { toText: () => '', exit })
  return list(items(), { toText: text, exit })
}

/** @param named whose records all files should be; else what the file says: its key, then what it is called */
async function importFile (io: Io, file: string, named: string | undefined, acceptUnknownExpired: boolean): Promise<Imported & { readonly exit: ExitName }> {
  try {
    const record = await readInput(io, file, MAX_RECORD_BYTES)
    if (record.length > MAX_RECORD_BYTES) throw new AppError('RECORD_TOO_LARGE', `the file is larger than a record can be; the limit is ${MAX_RECORD_BYTES} bytes`, { exit: 'refused' })
    if (record.length === 0) throw new AppError('RECORD_TRUNCATED', 'the file is empty', { exit: 'refused' })
    const name = named ?? nameInside(record)?.text ?? nameOfFile(file)?.text ?? null
    return { file, exit: 'refused', ...await callIpnsup(io.node, ipnsupRpc.importRecord, { name, record, acceptUnknownExpired }) }
  } catch (e) {
    io.signal.throwIfAborted()
    if (!isAppError(e) || !/^(?:FILE|RECORD)_/.test(e.code)) throw e
    return { file, name: named ?? null, accepted: false, relation: null, reason: { code: e.code, message: e.message }, exit: e.exit }
  }
}

async function * jsonItems (items: AsyncIterable<Imported>): AsyncGenerator<object> {
  for await (const { file, name, accepted, relation, reason } of items) yield { file, name, accepted, relation, ...reason === null ? {} : { reason } }
}

function text ({ file, name, accepted, relation, reason }: Imported): string {
  const shown = stripControl(file)
  if (!accepted) return `${shown}: refused: ${stripControl(reason?.message ?? 'no reason was given')}${CURES[reason?.code ?? ''] ?? ''}`
  return `${shown}: ${relation === null ? 'taken' : RELATIONS[relation]}${name === null ? '' : `\n  ${name}`}`
}
