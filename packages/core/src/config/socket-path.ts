import { closeSync, constants, openSync } from 'node:fs'
import path from 'node:path'
import { AppError } from '../errors/app-error.ts'

/** sun_path holds 108 bytes on Linux and 104 on macOS, with the closing zero; a margin keeps both the same. */
const MAX_SOCKET_PATH_BYTES = 100

export interface SocketPath {
  /** What to hand to bind or connect. Valid until `close`. */
  readonly address: string
  close(): void
}

/**
 * An address for `socket` that fits the kernel's limit: a longer path is reached through its open folder on Linux.
 * @throws AppError SOCKET_PATH_TOO_LONG elsewhere
 */
export function openSocketPath (socket: string, platform: string): SocketPath {
  const sizeBytes = new TextEncoder().encode(socket).length
  if (sizeBytes <= MAX_SOCKET_PATH_BYTES) return { address: socket, close () {} }
  if (platform !== 'linux') {
    throw new AppError('SOCKET_PATH_TOO_LONG', `the socket's path has ${sizeBytes} bytes; the limit is ${MAX_SOCKET_PATH_BYTES}: ${socket}`, { exit: 'usage', hints: ['choose a shorter home: --home DIR or IPKIT_HOME=DIR'] })
  }
  const fd = openSync(path.dirname(socket), constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  let open = true
  return {
    address: `/proc/self/fd/${fd}/${path.basename(socket)}`,
    close () { if (open) { open = false; closeSync(fd) } },
  }
}
