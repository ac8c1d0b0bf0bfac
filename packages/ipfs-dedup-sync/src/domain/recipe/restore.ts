import type { BlockStore } from '@ipkit/core/blocks/block-store'
import { codeOf } from '@ipkit/core/errors/code-of'
import type { DeflateEngine } from '../deflate/deflate-engine.ts'
import type { RunningHash } from '../looking/ingest.ts'
import { readRange } from '../tree/read-range.ts'
import type { Tree } from '../tree/open-tree.ts'
import { ContentTaker } from './content-taker.ts'
import { joinSmall } from './join-small.ts'
import { invalidRecipe } from './recipe-error.ts'
import type { RecipeHead } from './recipe-head.ts'
import { RecipeReader } from './recipe-reader.ts'
import { requireHash } from './require-hash.ts'
import { restoreEntries } from './restore-entries.ts'
import type { Restored } from './restored.ts'
import { openRoot, type RootParts } from './root-folder.ts'
import { runSteps, type RunDeps } from './run-steps.ts'
import { SegmentTaker } from './segment-taker.ts'
import { StepCursor } from './step-cursor.ts'

export interface RestoreDeps {
  /** Gives only blocks that fit their CID. */
  readonly blocks: Pick<BlockStore, 'get'>
  readonly engine: DeflateEngine
  readonly newHash: () => RunningHash
  readonly signal: AbortSignal
}

/**
 * What a root stands for: docs/formats/recipe.md. Its bytes are made as they are read, and may be read more than once.
 * @throws AppError RECIPE_INVALID, TREE_INVALID; as the bytes are read also RESTORED_WRONG when they are not those of the original. What was read up to then is not to be used.
 */
export async function restore (deps: RestoreDeps, root: string): Promise<Restored> {
  const opened = await openRoot(deps, root)
  if ('height' in opened) return { kind: 'file', sizeBytes: opened.root.sizeBytes, sha256: undefined, bytes: plain(deps, opened) }
  const head = await readHead(deps, opened.recipe)
  const { kind, sizeBytes, sha256 } = head
  if (kind === 'file') return { kind, sizeBytes, sha256, bytes: again(() => restoreFile(deps, opened, head)) }
  return { kind, sizeBytes, entries: again(() => withRun(deps, opened, head, run => restoreEntries(run, deps.newHash))) }
}

async function readHead (deps: RestoreDeps, recipe: Tree): Promise<RecipeHead> {
  const reader = new RecipeReader(readRange(deps, recipe))
  try {
    return await reader.head()
  } finally {
    await reader.close()
  }
}

const again = <T>(begin: () => AsyncGenerator<T>): AsyncIterable<T> => ({ [Symbol.asyncIterator]: begin })

function plain (deps: RestoreDeps, tree: Tree): AsyncIterable<Uint8Array> {
  return again(() => readRange(deps, tree))
}

function restoreFile (deps: RestoreDeps, parts: RootParts<Tree>, head: RecipeHead): AsyncGenerator<Uint8Array> {
  return withRun(deps, parts, head, async function * (run) {
    const hash = deps.newHash()
    let made = 0
    for await (const bytes of joinSmall(runSteps(run))) {
      made += bytes.length
      if (made > head.sizeBytes) throw invalidRecipe(`it gives more than the ${head.sizeBytes} bytes that it says`)
      hash.update(bytes)
      yield bytes
    }
    if (made !== head.sizeBytes) throw invalidRecipe(`it gives ${made} bytes, and says ${head.sizeBytes}`)
    requireHash(hash, head.sha256!, 'what was restored')
  })
}

async function * withRun<T> (deps: RestoreDeps, { content, corrections, recipe }: RootParts<Tree>, head: RecipeHead, use: (run: RunDeps) => AsyncGenerator<T>): AsyncGenerator<T> {
  const reader = new RecipeReader(readRange(deps, recipe))
  const run = {
    engine: deps.engine,
    signal: deps.signal,
    head,
    steps: new StepCursor(reader.steps()),
    content: new ContentTaker(readRange(deps, content)),
    corrections: corrections === undefined ? undefined : new SegmentTaker(readRange(deps, corrections)),
  }
  try {
    await reader.head()
    yield * use(run)
    if (await run.steps.peek() !== undefined) throw invalidRecipe('some steps are left over')
    await run.content.requireEnd('some content')
    await run.corrections?.requireEnd()
  } catch (e) {
    if (codeOf(e) === 'CORRECTIONS_INVALID') throw invalidRecipe((e as Error).message, e)
    throw e
  } finally {
    await Promise.all([run.steps.close(), reader.close(), run.content.close(), run.corrections?.close()])
  }
}
