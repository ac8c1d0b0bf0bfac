import type { RunningHash } from '../looking/ingest.ts'
import { joinSmall } from './join-small.ts'
import { PathOrder } from './path-order.ts'
import { invalidRecipe } from './recipe-error.ts'
import { requireHash } from './require-hash.ts'
import type { RestoredEntry } from './restored.ts'
import { runSteps, type RunDeps } from './run-steps.ts'
import type { StepOf } from './step.ts'

/** The entries of a folder: docs/formats/recipe.md, "Folders". A file of which not all was read is run to its end before the next entry. */
export async function * restoreEntries (run: RunDeps, newHash: () => RunningHash): AsyncGenerator<RestoredEntry> {
  const order = new PathOrder()
  let total = 0
  for (let step = await run.steps.peek(); step !== undefined; step = await run.steps.peek()) {
    if (step.kind !== 'folder' && step.kind !== 'file' && step.kind !== 'symlink') throw invalidRecipe(`a step '${step.kind}' stands outside of a file`)
    run.steps.skip()
    const path = order.next(step.path, step.kind)
    const mtimeNs = BigInt(step.seconds) * 1_000_000_000n + BigInt(step.nanoseconds)
    if (step.kind === 'folder') { yield { type: 'folder', path, mode: step.mode, mtimeNs }; continue }
    if (step.kind === 'symlink') { yield { type: 'symlink', path, target: order.text(step.target), mtimeNs }; continue }
    const { mode, sparse, sizeBytes } = step
    total += sizeBytes
    if (total > run.head.sizeBytes) throw invalidRecipe(`its files have more than the ${run.head.sizeBytes} bytes that it says`)
    const bytes = fileBytes(run, step, path, newHash)
    yield { type: 'file', path, mode, mtimeNs, sparse: sparse === 1, sizeBytes, bytes }
    for await (const _ of bytes) { /* nobody wants it */ }
  }
  if (total !== run.head.sizeBytes) throw invalidRecipe(`its files have ${total} bytes, and it says ${run.head.sizeBytes}`)
}

/** Its own iterator, which goes on where somebody stopped: breaking out of a loop over it does not end it. */
function fileBytes (run: RunDeps, step: StepOf<'file'>, path: string, newHash: () => RunningHash): AsyncIterable<Uint8Array> {
  const made = makeFile(run, step, path, newHash)
  return { [Symbol.asyncIterator]: () => ({ next: async () => await made.next() }) }
}

async function * makeFile (run: RunDeps, { sizeBytes }: StepOf<'file'>, path: string, newHash: () => RunningHash): AsyncGenerator<Uint8Array> {
  const hash = newHash()
  let made = 0
  for await (const bytes of joinSmall(runSteps(run))) {
    made += bytes.length
    if (made > sizeBytes) throw invalidRecipe(`'${path}' gets more than its ${sizeBytes} bytes`)
    hash.update(bytes)
    yield bytes
  }
  if (made !== sizeBytes) throw invalidRecipe(`'${path}' gets ${made} of ${sizeBytes} bytes`)
  const sum = await run.steps.peek()
  if (sum?.kind !== 'sum') throw invalidRecipe(`'${path}' has no hash`)
  run.steps.skip()
  requireHash(hash, sum.sha256, `'${path}'`)
}
