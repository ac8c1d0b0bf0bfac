/** What was added, for people and for scripts. */
import type { Io } from '@ipkit/core/cli/io'
import { formatBytes } from '@ipkit/core/cli/size'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { factsText } from '@ipkit/core/cli/table'
import type { Added } from '../rpc.ts'

const SHOWN_LAYERS = 6

export const hexOf = (bytes: Uint8Array): string => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')

/** Keys that scripts rely on. */
export const addedJson = (added: Added): object => ({
  root: added.root, file: added.file, sizeBytes: added.sizeBytes, sha256: added.sha256 === null ? null : hexOf(added.sha256), newBytes: added.newBytes, newBlocks: added.newBlocks, reusedBytes: added.reusedBytes,
  layers: added.layers.map(({ format, encoder, level, exact }) => ({ format, ...encoder === null ? {} : { encoder }, ...level === null ? {} : { level }, exact })), notes: added.notes, edit: added.edit,
})

/** One fact a line. @param noCopy the bytes stay in the user's own file */
export function addedFacts (added: Added, stored: boolean, noCopy: boolean): string {
  const { newBytes, newBlocks, reusedBytes, edit } = added
  const reused = reusedBytes === 0 ? '' : `, ${formatBytes(reusedBytes)} were here already`
  return factsText([
    ['size', formatBytes(added.sizeBytes)],
    ['inside', layersText(added.layers)],
    [stored ? 'stored' : 'would store', newBlocks === 0 ? 'nothing: all of it was here already' : `${formatBytes(newBytes)} in ${newBlocks} new block${newBlocks === 1 ? '' : 's'}${noCopy ? ', the bytes left in the file itself' : ''}${reused}`],
    ['an edit', edit.bytes === 0 ? undefined : `of one byte touches ${edit.nodes + 1} block${edit.nodes === 0 ? '' : 's'}, ${formatBytes(edit.bytes)}`], // its chunk, and the nodes above
  ])
}

/** Of an archive with many members the kinds that there are, each once. */
export function layersText (layers: Added['layers']): string {
  const kinds = [...new Set(layers.map(({ format, encoder, level, exact }) => {
    const by = [...encoder === null || encoder === 'unknown' ? [] : [encoder], ...level === null ? [] : [`-${level}`]].join(' ')
    const how = exact ? by : encoder === 'unknown' ? 'unknown encoder, with corrections' : 'as it is'
    return how === '' ? format : `${format} (${stripControl(how)})`
  }))]
  return kinds.length > SHOWN_LAYERS ? `${kinds.slice(0, SHOWN_LAYERS).join(', ')} and ${kinds.length - SHOWN_LAYERS} more kinds` : kinds.join(', ')
}

export function noteNotes (io: Io, { notes }: Pick<Added, 'notes'>): void {
  for (const note of notes.slice(0, SHOWN_LAYERS)) io.report.note(stripControl(note))
  if (notes.length > SHOWN_LAYERS) io.report.note(`and ${notes.length - SHOWN_LAYERS} more like these; --json has all`)
}

