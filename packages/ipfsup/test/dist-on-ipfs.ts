import type { DistSite } from '@ipkit/testkit/releases/dist-site'
import type { ImporterOptions } from 'ipfs-unixfs-importer'
import type { MemoryBlocks } from './memory-blocks.ts'

/** The dist trees of a site as a tree on IPFS. @returns its root */
export async function addDistTree (blocks: MemoryBlocks, site: DistSite, options: ImporterOptions = {}): Promise<string> {
  const files = [...site.files].filter(([path]) => !path.startsWith('/releases/')).map(([path, bytes]) => [path.slice(1), bytes] as const)
  return await blocks.add(Object.fromEntries(files), options)
}
