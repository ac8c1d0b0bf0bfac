import type { Io } from '@ipkit/core/cli/io'
import type { Output } from '../rpc.ts'
import { absolutePath } from './absolute-path.ts'
import type { SyncCliDeps } from './deps.ts'

/** @param path as typed; with a slash at its end a folder to put it into */
export function outputPlace (deps: SyncCliDeps, io: Io, path: string, overwrite: boolean): Output {
  return { path: absolutePath(io, path), into: path.endsWith('/'), overwrite, umask: deps.umask() }
}
