// Takes a folder's lock in a process of its own, says so, and keeps it until it is killed. argv: the folder.
import { writeSync } from 'node:fs'
import { withFolderLock } from '@ipkit/core/storage/folder-lock'
import { systemClock } from '@ipkit/core/time/clock'

const never = new AbortController().signal
await withFolderLock(process.argv[2]!, { signal: never, clock: systemClock, onWait: () => { writeSync(1, 'waits\n') } }, async () => {
  writeSync(1, 'has it\n')
  await systemClock.sleep(3_600_000)
})
