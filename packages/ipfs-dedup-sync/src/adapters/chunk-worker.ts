// A worker thread of `ChunkPool`: finds candidates in a piece, or hashes chunks. It keeps nothing between jobs and answers in order.
import { createHash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { loadChunker } from './load-chunker.ts'
import { LEAD_BYTES, partsOf, slotsIn, type ChunkAnswer, type ChunkJob, type ChunkWorkerData, type PlacedChunk } from './shared-slots.ts'

const { shared, table, wasmFile } = workerData as ChunkWorkerData
const slots = slotsIn(shared)
const scanner = loadChunker(wasmFile)(table)
const port = parentPort!

port.on('message', (job: ChunkJob) => {
  const answer: ChunkAnswer = job.kind === 'scan' ? scan(job.slot, job.length) : hash(job.chunks)
  port.postMessage(answer, [answer.buffer as ArrayBuffer])
})

function scan (slot: number, length: number): Uint32Array {
  scanner.room.set(slots[slot]!.subarray(0, LEAD_BYTES + length))
  return scanner.findAll(LEAD_BYTES + 1, LEAD_BYTES + length).slice()
}

function hash (chunks: readonly PlacedChunk[]): Uint8Array {
  const digests = new Uint8Array(32 * chunks.length)
  for (const [i, chunk] of chunks.entries()) {
    const [first, second] = partsOf(slots, chunk)
    const sum = createHash('sha256').update(first)
    if (second.length > 0) sum.update(second)
    digests.set(sum.digest(), 32 * i)
  }
  return digests
}
