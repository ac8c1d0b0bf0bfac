import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import zlib from 'node:zlib'
import type { NamedText } from './texts.ts'

/** What the programs themselves make of each text: raw deflate, or undefined where the program did not compress. */
export type Encode = (level: number, texts: readonly NamedText[]) => Array<Buffer | undefined>

const MAX_OUTPUT = 2 ** 28

/** @param words before the file: gzip, or pigz with its options */
export const gzipProgram = (command: string, ...options: string[]): Encode => (level, texts) => texts.map(({ text }) => {
  const run = spawnSync(command, ['-c', '-n', `-${level}`, ...options], { input: text, maxBuffer: MAX_OUTPUT })
  if (run.status !== 0) throw new Error(`${command}: ${String(run.stderr)}`)
  return run.stdout.subarray(10, run.stdout.length - 8) // with -n there is nothing in the header but its ten bytes
})

/** All texts in one archive: the program keeps its memory from one to the next. */
export const zipProgram: Encode = (level, texts) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'deflate-zip-'))
  try {
    const names = texts.map((_, i) => `t${i}`)
    texts.forEach(({ text }, i) => { writeFileSync(path.join(folder, names[i]!), text) })
    const run = spawnSync('zip', ['-q', '-X', `-${level}`, 'all.zip', ...names], { cwd: folder })
    if (run.status !== 0) throw new Error(`zip: ${String(run.stdout)}`)
    return entriesOf(readFileSync(path.join(folder, 'all.zip')))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function entriesOf (archive: Buffer): Array<Buffer | undefined> {
  const end = archive.length - 22
  let at = archive.readUInt32LE(end + 16)
  return Array.from({ length: archive.readUInt16LE(end + 10) }, () => {
    const entry = at
    at += 46 + archive.readUInt16LE(entry + 28) + archive.readUInt16LE(entry + 30) + archive.readUInt16LE(entry + 32)
    const local = archive.readUInt32LE(entry + 42)
    const data = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
    return archive.readUInt16LE(entry + 10) === 8 ? archive.subarray(data, data + archive.readUInt32LE(entry + 20)) : undefined
  })
}

const PYTHON = `
import struct, sys, zlib
level, memory = int(sys.argv[1]), int(sys.argv[2])
while True:
    head = sys.stdin.buffer.read(4)
    if len(head) < 4: break
    text = sys.stdin.buffer.read(struct.unpack('<I', head)[0])
    encoder = zlib.compressobj(level, zlib.DEFLATED, -15, memory)
    out = encoder.compress(text) + encoder.flush()
    sys.stdout.buffer.write(struct.pack('<I', len(out)) + out)
`

/** The zlib of the system, which Python hands on. */
export const pythonZlib = (memoryLevel: 8 | 9): Encode => (level, texts) => {
  const input = Buffer.concat(texts.flatMap(({ text }) => [uint32(text.length), text]))
  const run = spawnSync('python3', ['-c', PYTHON, String(level), String(memoryLevel)], { input, maxBuffer: MAX_OUTPUT })
  if (run.status !== 0) throw new Error(`python3: ${String(run.stderr)}`)
  let at = 0
  return texts.map(() => {
    const size = run.stdout.readUInt32LE(at)
    at += 4 + size
    return run.stdout.subarray(at - size, at)
  })
}

export const nodeZlib: Encode = (level, texts) => texts.map(({ text }) => zlib.deflateRawSync(text, { level }))

function uint32 (value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** Of a program that takes a file. @returns raw deflate: of a gzip member whose head may have a name */
export const gzipFile = (command: string, ...options: string[]) => (text: Uint8Array): Buffer => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'deflate-file-'))
  try {
    writeFileSync(path.join(folder, 't'), text)
    const run = spawnSync(command, [...options, 't'], { cwd: folder, maxBuffer: MAX_OUTPUT })
    if (run.status !== 0) throw new Error(`${command}: ${String(run.stderr)}`)
    const named = (run.stdout[3]! & 8) !== 0
    return run.stdout.subarray(named ? run.stdout.indexOf(0, 10) + 1 : 10, -8)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
