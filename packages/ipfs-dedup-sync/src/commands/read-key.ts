import type { Io } from '@ipkit/core/cli/io'
import { AppError } from '@ipkit/core/errors/app-error'
import { decodeBase64url } from '@ipkit/core/schema/base64url'

const KEY_BYTES = 32
const MAX_FILE_BYTES = 1024
const HEX = /^[0-9a-f]{64}$/i

/**
 * The key of `--encrypt-chunking`. It is never an argument, which any process may see: a file, or an environment variable as `env:NAME`, holds it.
 * @param place undefined: none @returns 32 bytes @throws AppError CHUNK_KEY_INVALID, FILE_*
 */
export async function readKey (io: Io, place: string | undefined): Promise<Uint8Array | null> {
  if (place === undefined) return null
  const variable = /^env:(.*)$/s.exec(place)?.[1]
  const text = variable === undefined ? await io.files.readText(place, MAX_FILE_BYTES) : io.env[variable]
  if (text === undefined) throw invalid(`the environment variable ${variable} is not set`)
  return parse(text.trim(), variable === undefined ? `'${place}'` : `the environment variable ${variable}`)
}

function parse (text: string, where: string): Uint8Array {
  if (HEX.test(text)) return Uint8Array.from({ length: KEY_BYTES }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16))
  try {
    const key = decodeBase64url(text)
    if (key.length === KEY_BYTES) return key
  } catch { /* it is said below, without a word of what stands there */ }
  throw invalid(`${where} holds no key of ${KEY_BYTES} bytes in hex or base64url`)
}

const invalid = (message: string): AppError => new AppError('CHUNK_KEY_INVALID', message, {
  exit: 'usage', hints: ['make one: head -c 32 /dev/urandom | basenc --base64url | tr -d = > chunk.key', 'keep it: only versions that are cut with the same key share chunks'],
})
