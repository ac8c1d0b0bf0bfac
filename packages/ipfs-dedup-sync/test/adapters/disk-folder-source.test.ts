import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { diskFolderSource } from '../../src/adapters/disk-folder-source.ts'

test('a link that is put in the place of a file while the folder is read is not followed out of it', async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'folder-'))
  try {
    const shared = path.join(home, 'shared')
    await mkdir(shared)
    await writeFile(path.join(home, 'secret'), 'mine')
    await writeFile(path.join(shared, 'file'), 'theirs')
    for await (const entry of diskFolderSource(shared).entries(() => {})) {
      if (entry.type !== 'file') throw new Error(`a ${entry.type}`)
      await rm(path.join(shared, 'file'))
      await symlink('../secret', path.join(shared, 'file'))
      await expect((async () => { for await (const _ of entry.source.read()) { /* nothing */ } })()).rejects.toMatchObject({ code: expect.stringMatching(/^FILE_/) })
      await expect(entry.source.again()).rejects.toMatchObject({ code: 'FILE_NOT_REGULAR' })
    }
  } finally {
    await rm(home, { recursive: true })
  }
})
