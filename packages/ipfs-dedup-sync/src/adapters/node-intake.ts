import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { fileError } from '@ipkit/core/errors/file-error'
import type { ShelfSession } from '../domain/keeping/shelf.ts'
import { createCutter } from '../domain/chunking/create-cutter.ts'
import { gearTable } from '../domain/chunking/gear-table.ts'
import { hashStream } from '../domain/chunking/hash-stream.ts'
import { leafLink } from '../domain/tree/tree-node.ts'
import { TreeBuilder } from '../domain/tree/tree-builder.ts'
import type { Intake, IntakeOptions, Taken, Work } from '../domain/syncing/sync-ports.ts'
import { loadChunker } from './load-chunker.ts'

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()

/** Interim: plain files in one thread. */
export function nodeIntake ({ dist }: { readonly dist: string }): Intake {
  const scanners = loadChunker(path.join(dist, 'chunker.wasm'))
  const plain = async (session: ShelfSession, file: string | undefined, source: AsyncIterable<Uint8Array>, total: number, { chunker, gearKey }: IntakeOptions, work: Work): Promise<Taken> => {
    const whole = createHash('sha256')
    let sizeBytes = 0
    const counted = (async function * () {
      for await (const piece of source) {
        work.signal.throwIfAborted()
        whole.update(piece)
        sizeBytes += piece.length
        work.onProgress({ step: 'reading', doneBytes: sizeBytes, totalBytes: total })
        yield piece
      }
    })()
    const blocks = { put: async (cid: string, bytes: Uint8Array) => { await session.put(cid, bytes) } }
    const builder = new TreeBuilder({ blocks, sha256, groups: chunker.kind === 'fastcdc' ? 'by-content' : 'by-number' })
    for await (const { bytes, digest } of hashStream(counted, createCutter(chunker, () => scanners(gearTable(gearKey))), sha256)) {
      const leaf = leafLink(digest, bytes.length)
      await session.put(leaf.cid.toString(), bytes)
      await builder.add(leaf)
    }
    const { root, levels } = await builder.finish()
    return { file, root: root.cid.toString(), sizeBytes, sha256: whole.digest(), reusedBytes: 0, layers: [], notes: [], edit: { nodes: levels.length, bytes: 0 } }
  }
  return {
    async read (session, at, options, work) {
      try {
        const { size } = await stat(at)
        return await plain(session, path.basename(at), createReadStream(at, { highWaterMark: 1 << 20 }), size, options, work)
      } catch (e) {
        throw fileError(e, at, 'read')
      }
    },
    readStream: async (session, source, options, work) => await plain(session, undefined, source, 0, options, work),
  }
}
