/** What this node tells peers of names, and what it does with what they offer. */
import { parseName, type IpnsName } from '@ipkit/core/names/ipns-name'
import type { HeadSource, OfferSink } from '../moving/serving.ts'
import { findWanted, pullWanted, type PullDeps } from './pulling.ts'
import { headAnswer } from './pushing.ts'

export function headSource ({ policy, histories }: Pick<PullDeps, 'policy' | 'histories'>): HeadSource {
  return {
    async head (peer, text, range) {
      const name = nameOf(text)
      if (name === undefined || !await policy.mayAskFor(peer, name.text)) return undefined
      return await headAnswer({ histories }, name, range)
    },
  }
}

/** Takes what comes from peers that were allowed by name. @param onTaken what is served may have changed */
export function offerSink (deps: PullDeps, onTaken: () => Promise<void>): OfferSink {
  return {
    async take (peer, { root, name: text, sizeBytes }, { signal, onProgress }) {
      const name = text === null ? undefined : nameOf(text)
      if ((text !== null && name === undefined) || !await deps.policy.mayPush(peer, name?.text)) return undefined
      const work = { signal, onProgress: ({ doneBytes = 0, totalBytes = sizeBytes }) => { onProgress(doneBytes, totalBytes) } }
      const place = [peer]
      const wanted = await findWanted(deps, { target: name?.text ?? root, from: [place] }, work)
      const pulled = await pullWanted(deps, { ...wanted, places: [place] }, { output: undefined, dryRun: false }, work)
      await onTaken()
      return pulled
    },
  }
}

function nameOf (text: string): IpnsName | undefined {
  try { return parseName(text) } catch { return undefined }
}
