import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { callSync, syncRpc, type Added } from '../rpc.ts'
import { addedFacts, addedJson, noteNotes } from './added-text.ts'
import { readingParams, type ReadingArgs } from './reading-options.ts'

export interface AddArgs extends ReadingArgs { readonly file: string, readonly dryRun: boolean }

/** `ipfs-dedup-sync add <file|dir|->`: looks inside, stores what is new, serves it from then on. */
export async function add (io: Io, args: AddArgs): Promise<Outcome> {
  const added = await callAdd(io, args, args.dryRun)
  const link = args.dryRun ? undefined : (await import('./pull-link.ts')).pullLink(added.root, added)
  noteNotes(io, added)
  const pull = `to fetch it elsewhere:\n  ipfs-dedup-sync pull ${link ?? `${added.root} --from <peer>`}`
  return document({ ...addedJson(added), link: link ?? null, dryRun: args.dryRun }, [added.root, indent(addedFacts(added, !args.dryRun, args.noCopy)), ...args.dryRun ? ['nothing was stored'] : [pull]].join('\n'))
}

/** `ipfs-dedup-sync recompute <file>`: the root that `add` would give; nothing is stored. */
export async function recompute (io: Io, args: Omit<AddArgs, 'dryRun' | 'noCopy'>): Promise<Outcome> {
  const added = await callAdd(io, { ...args, noCopy: false }, true)
  noteNotes(io, added)
  return document(addedJson(added), added.root)
}

async function callAdd (io: Io, { file, ...args }: Omit<AddArgs, 'dryRun'>, dryRun: boolean): Promise<Added> {
  const params = { ...await readingParams(io, file, args), dryRun }
  return await callSync(io.node, syncRpc.add, params, { signal: io.signal, onProgress: event => { io.report.progress(event) }, ...file === '-' ? { upload: io.stdin.source } : {} })
}

export const indent = (text: string): string => text.replace(/^/gm, '  ')
