import { RecipeReader } from '../recipe/recipe-reader.ts'
import type { Step } from '../recipe/step.ts'
import { StepCursor } from '../recipe/step-cursor.ts'
import type { Tree, TreeReaderDeps } from '../tree/open-tree.ts'
import { readRange } from '../tree/read-range.ts'
import type { Member } from './member.ts'

const UTF8 = new TextDecoder()
const LOCAL_HEADER = [0x50, 0x4b, 3, 4] as const
const LOCAL_HEADER_BYTES = 30

/** Files of a folder, or of a zip whose members were looked into, in order; none for another recipe. Reads the recipe alone. */
export async function * recipeMembers (deps: TreeReaderDeps, recipe: Tree): AsyncGenerator<Member> {
  const reader = new RecipeReader(readRange(deps, recipe))
  let at = 0
  let open: { name: string, start: number } | undefined
  try {
    const { kind } = await reader.head()
    const steps = new StepCursor(reader.steps())
    const close = function * (): Generator<Member> {
      if (open !== undefined) yield { name: open.name, start: open.start, dataStart: open.start, dataEnd: at, end: at }
      open = undefined
    }
    for (let step = await steps.peek(); step !== undefined; step = await steps.peek()) {
      steps.skip()
      const named = kind === 'folder' ? entryName(step) : step.kind === 'bytes' ? zipName(step.bytes) : undefined
      if (named !== undefined) {
        yield * close()
        if (step.kind === 'file' || step.kind === 'bytes') open = { name: named, start: at }
      }
      at += textBytes(step)
    }
    yield * close()
  } finally {
    await reader.close()
  }
}

function entryName (step: Step): string | undefined {
  return step.kind === 'file' || step.kind === 'folder' || step.kind === 'symlink' ? UTF8.decode(step.path) : undefined
}

/** Of the last local header that stands in these bytes. */
function zipName (bytes: Uint8Array): string | undefined {
  for (let at = bytes.length - LOCAL_HEADER_BYTES; at >= 0; at--) {
    if (!LOCAL_HEADER.every((byte, i) => bytes[at + i] === byte)) continue
    const length = bytes[at + 26]! + 256 * bytes[at + 27]!
    return length === 0 ? undefined : UTF8.decode(bytes.subarray(at + LOCAL_HEADER_BYTES, at + LOCAL_HEADER_BYTES + length))
  }
  return undefined
}

/** What a step takes of the content. */
function textBytes (step: Step): number {
  switch (step.kind) {
    case 'copy': case 'deflate': case 'gzip': case 'zlib': case 'bgzf': return step.sizeBytes
    default: return 0
  }
}
