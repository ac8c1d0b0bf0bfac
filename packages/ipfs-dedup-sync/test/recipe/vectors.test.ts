import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { encodeRootFolder } from '../../src/domain/recipe/root-folder.ts'
import { memoryBlockStore } from '@ipkit/core/blocks/memory-block-store'
import { addBytes, sha256 } from '../tree/plant-tree.ts'
import { Bench, gather } from '../looking/bench-of-files.ts'

interface Case { readonly name: string, readonly content: string, readonly recipe: string }
interface Vectors {
  readonly valid: ReadonlyArray<Case & { readonly output: string, readonly root: string }>
  readonly folder: Case & { readonly root: string, readonly entries: ReadonlyArray<Readonly<Record<string, unknown>>> }
  readonly wrong: Case
  readonly reject: readonly Case[]
}
const vectors = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../../../docs/formats/vectors/recipe.json'), 'utf8')) as Vectors

/** Stores both trees and their folder. */
async function plant (bench: Bench, { content, recipe }: Case): Promise<string> {
  const blocks = memoryBlockStore()
  const bytes = Buffer.from(recipe, 'hex')
  const headEnd = bytes[0] === 0x58 ? 2 + bytes[1]! : bytes[0] === 0x59 ? 3 + bytes.readUInt16BE(1) : bytes.length
  const parts = { content: (await addBytes(Buffer.from(content, 'hex'), blocks)).root, recipe: (await addBytes(bytes, blocks, undefined, undefined, [headEnd].filter(at => at < bytes.length))).root }
  const root = encodeRootFolder(parts, sha256)
  await blocks.put(root.cid, root.block)
  bench.shelf.get = async cid => await blocks.get(cid)
  return root.cid
}

describe('a recipe gives', () => {
  test.each(vectors.valid)('$name', async vector => {
    const bench = new Bench()
    const root = await plant(bench, vector)
    expect(root).toBe(vector.root)
    expect((await bench.bytes(root)).toString('hex')).toBe(vector.output)
  })

  test('a folder', async () => {
    const bench = new Bench()
    const root = await plant(bench, vectors.folder)
    expect(root).toBe(vectors.folder.root)
    const restored = await bench.open(root)
    if (restored.kind !== 'folder') throw new Error('a file')
    const entries = []
    for await (const entry of restored.entries) {
      const { mtimeNs, ...rest } = entry
      if (rest.type === 'file') {
        const { bytes, sizeBytes, ...facts } = rest
        const all = await gather(bytes)
        expect(all.length).toBe(sizeBytes)
        entries.push({ ...facts, mtimeNs: String(mtimeNs), bytes: all.toString('hex') })
      } else entries.push({ ...rest, mtimeNs: String(mtimeNs) })
    }
    expect(entries).toEqual(vectors.folder.entries)
  })
})

async function readAll (bench: Bench, root: string): Promise<void> {
  const restored = await bench.open(root)
  if (restored.kind === 'file') await gather(restored.bytes)
  else for await (const entry of restored.entries) if (entry.type === 'file') await gather(entry.bytes)
}

describe('a reader refuses', () => {
  test.each(vectors.reject)('$name', async vector => {
    const bench = new Bench()
    const root = await plant(bench, vector)
    await expect(readAll(bench, root)).rejects.toMatchObject({ code: 'RECIPE_INVALID', exit: 'refused' })
  })

  test('bytes of another hash', async () => {
    const bench = new Bench()
    const root = await plant(bench, vectors.wrong)
    await expect(readAll(bench, root)).rejects.toMatchObject({ code: 'RESTORED_WRONG', exit: 'refused' })
  })
})
