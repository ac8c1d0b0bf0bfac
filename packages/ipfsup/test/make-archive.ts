import { crc32, deflateRawSync, gzipSync } from 'node:zlib'

export interface TarEntry {
  readonly name: string
  readonly type?: string
  readonly mode?: number
  readonly content?: Uint8Array | string
  readonly link?: string
  /** What the header tells, whatever follows. */
  readonly sizeBytes?: number
}

const bytesOf = (content: Uint8Array | string): Uint8Array => typeof content === 'string' ? new TextEncoder().encode(content) : content

/** A tar by hand, header by header (POSIX.1-1988, ustar): whatever an honest program would not write. @param ended with the two empty blocks at the end */
export function tar (entries: readonly TarEntry[], ended = true): Uint8Array {
  const blocks: Uint8Array[] = []
  for (const { name, type = '0', mode = 0o644, content = '', link = '', sizeBytes } of entries) {
    const body = bytesOf(content)
    const header = Buffer.alloc(512)
    header.write(name, 0, 100)
    header.write(`${mode.toString(8).padStart(7, '0')}\0`, 100)
    header.write('0000000\0', 108)
    header.write('0000000\0', 116)
    header.write(`${(sizeBytes ?? body.length).toString(8).padStart(11, '0')}\0`, 124)
    header.write('00000000000\0', 136)
    header.write('        ', 148)
    header.write(type, 156)
    header.write(link, 157, 100)
    header.write('ustar\u000000', 257)
    header.write(`${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148)
    blocks.push(header, body, new Uint8Array((512 - body.length % 512) % 512))
  }
  if (ended) blocks.push(new Uint8Array(1024))
  return Buffer.concat(blocks)
}

/** One in the extended form of POSIX.1-2001, in front of the entry that it is about. */
export const pax = (records: Readonly<Record<string, string>>, type = 'x'): TarEntry => {
  const content = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`
    let length = Buffer.byteLength(rest) + 1
    while (`${length}`.length + Buffer.byteLength(rest) !== length) length++
    return `${length}${rest}`
  }).join('')
  return { name: 'pax', type, content }
}

export const tarGz = (entries: readonly TarEntry[]): Uint8Array => gzipSync(tar(entries))

export interface ZipEntry {
  readonly name: string
  /** With the kind of file, as Unix has it; 0: made elsewhere. */
  readonly mode?: number
  readonly content?: Uint8Array | string
  readonly stored?: boolean
  readonly flags?: number
  /** What is told, whatever there is. */
  readonly sizeBytes?: number
}

/** A zip by hand (APPNOTE.TXT 4.3). */
export function zip (entries: readonly ZipEntry[]): Uint8Array {
  const parts: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let offset = 0
  for (const { name, mode = 0o100644, content = '', stored = false, flags = 0, sizeBytes } of entries) {
    const body = bytesOf(content)
    const packed = stored ? body : deflateRawSync(body)
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt16LE(flags, 2)
    fields.writeUInt16LE(stored ? 0 : 8, 4)
    fields.writeUInt32LE(crc(body), 10)
    fields.writeUInt32LE(packed.length, 14)
    fields.writeUInt32LE(sizeBytes ?? body.length, 18)
    fields.writeUInt16LE(Buffer.byteLength(name), 22)
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), fields, Buffer.from(name), packed])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(mode * 0x10000, 6)
    rest.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('PK\u0001\u0002', 'latin1'), Buffer.from([20, 3]), fields, rest, Buffer.from(name)]))
    parts.push(local)
    offset += local.length
  }
  const listed = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(listed.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...parts, listed, Buffer.from('PK\u0005\u0006', 'latin1'), end])
}

/** CRC-32 of ISO 3309; node has it since 20.15 and 22.2. */
const crc = (bytes: Uint8Array): number => crc32(bytes)
