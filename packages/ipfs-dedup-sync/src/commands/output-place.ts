import type { Io } from '@ipkit/core/cli/io'
import type { Output } from '../rpc.ts'
import { absolutePath } from './absolute-path.ts'
import type { SyncCliDeps } from './deps.ts'

/** @param path as typed; with a slash at its end a folder to put it into, and so is the one we are in, or one above it: that is never what is to be replaced */
export function outputPlace (deps: SyncCliDeps, io: Io, path: string, overwrite: boolean): Output {
  const place = absolutePath(io, path)
  return { path: place, into: /(^|\/)\.{0,2}$/.test(path) || `${io.cwd}/`.startsWith(`${place}/`), overwrite, umask: deps.umask() }
}
