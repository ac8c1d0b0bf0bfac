import { existsSync } from 'node:fs'
import path from 'node:path'

/** Where the WASM modules and workers are: beside the bundle, or, for who runs the sources, in dist/. @param here folder of service.ts or of its bundle */
export function distFolder (here: string): string {
  return existsSync(path.join(here, 'chunker.wasm')) ? here : path.join(here, '../dist')
}
