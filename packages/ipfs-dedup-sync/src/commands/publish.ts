import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { AppError } from '@ipkit/core/errors/app-error'
import { MAX_NOTE_CHARACTERS } from '../domain/versions/commit-limits.ts'
import { checkKeyName } from '../domain/versions/key-for-file.ts'
import { callSync, syncRpc } from '../rpc.ts'
import { indent } from './add.ts'
import { addedFacts, addedJson, noteNotes } from './added-text.ts'
import { readingParams, type ReadingArgs } from './reading-options.ts'
import { tellWarnings } from './tell-warnings.ts'

export interface PublishArgs extends ReadingArgs { readonly file: string, readonly name: string | undefined, readonly note: string | undefined }

/** `ipfs-dedup-sync publish <file|dir>`: a new version of a history under an IPNS name; of what is the newest version already, none. */
export async function publish (io: Io, args: PublishArgs): Promise<Outcome> {
  const key = args.name === undefined ? null : checkKeyName(args.name)
  const note = args.note ?? ''
  if (note.length > MAX_NOTE_CHARACTERS) throw new AppError('USAGE', `--note: it has ${note.length} characters, and the limit is ${MAX_NOTE_CHARACTERS}`, { exit: 'usage' })
  const params = { ...await readingParams(io, args.file, args), key, note }
  const made = await callSync(io.node, syncRpc.publish, params, { signal: io.signal, onProgress: event => { io.report.progress(event) }, ...args.file === '-' ? { upload: io.stdin.source } : {} })
  tellWarnings(io, made.warnings)
  noteNotes(io, made)
  const { name, version, commit, created } = made
  const what = created ? `version ${version} of ${made.key}` : `no change: this is version ${version} of ${made.key} already`
  const text = [name, `  ${what}`, `  root     ${made.root}`, indent(addedFacts(made, true, args.noCopy)), 'to fetch it elsewhere:', `  ipfs-dedup-sync pull ${name} --from ${(await import('./pull-link.ts')).bestAddress(made)}`]
  return document({ ...addedJson(made), name, key: made.key, version, commit, created }, text.join('\n'))
}
