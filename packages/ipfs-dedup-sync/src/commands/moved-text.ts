/** What was fetched or pushed, for people and for scripts. */
import { formatBytes } from '@ipkit/core/cli/size'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { factsText } from '@ipkit/core/cli/table'
import type { Moved } from '../rpc.ts'
import { hexOf } from './added-text.ts'

/** Keys that scripts rely on. */
export const movedJson = (moved: Moved, ms: number): object => ({
  root: moved.root, ...moved.file === null ? {} : { file: moved.file }, sizeBytes: moved.sizeBytes, sha256: moved.sha256 === null ? null : hexOf(moved.sha256), receivedBytes: moved.receivedBytes,
  sentBytes: moved.sentBytes, roundTrips: moved.roundTrips, newBytes: moved.newBytes, ms, name: moved.name, version: moved.version, commit: moved.commit,
  ...moved.expectedBytes === null ? {} : { expectedBytes: moved.expectedBytes },
})

export function movedText (moved: Moved, ms: number): string {
  const { root, file, name, version, receivedBytes, sentBytes, sizeBytes, roundTrips, newBytes } = moved
  const nothing = newBytes === 0 && receivedBytes + sentBytes === 0
  return [file === null ? root : stripControl(file), ...factsText([
    ['root', file === null ? undefined : root],
    ['version', version === null ? undefined : `${version} of ${name}`],
    ['size', formatBytes(sizeBytes)],
    ['moved', nothing ? 'nothing: all of it was here already' : `${formatBytes(receivedBytes)} in, ${formatBytes(sentBytes)} out, in ${roundTrips} round trip${roundTrips === 1 ? '' : 's'} and ${(ms / 1000).toFixed(1)} s`],
  ]).split('\n').map(line => `  ${line}`)].join('\n')
}
