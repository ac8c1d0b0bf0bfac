import { archiveRefused } from '../domain/archive-entry.ts'
import { unpackTar } from './unpack-tar.ts'
import { unpackZip } from './unpack-zip.ts'
import { UnpackedTree } from './unpacked-tree.ts'

/**
 * Unpacks a release. The archive's single top folder becomes `folder`, the program in it `<folder>/ipfs`, which can be run only when all else is there.
 * Files are 0644 or 0755, whatever the archive says; symbolic links lead inside the tree.
 * @param fileName as the origin calls it: its end says how to unpack @param folder exists, empty; what is left in it by a failure is the caller's
 * @throws AppError ARCHIVE_REFUSED (exit refused), DISK_FULL, FILE_NOT_WRITABLE; the signal's reason
 */
export async function unpackArchive (file: string, fileName: string, folder: string, signal: AbortSignal): Promise<void> {
  const unpack = fileName.endsWith('.tar.gz') ? unpackTar : fileName.endsWith('.zip') ? unpackZip : undefined
  if (unpack === undefined) throw archiveRefused('it is neither .tar.gz nor .zip', fileName)
  signal.throwIfAborted()
  const tree = new UnpackedTree(folder)
  await unpack(file, tree, signal)
  signal.throwIfAborted()
  await tree.finish()
}
