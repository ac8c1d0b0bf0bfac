// One of many first runs: installs a release unless it is there. argv: releases folder, a file that gets a line for each download.
import { appendFileSync, writeSync } from 'node:fs'
import { diskFs } from '@ipkit/core/storage/storage-fs'
import { systemClock } from '@ipkit/core/time/clock'
import { parseVersion } from '../../src/domain/version.ts'
import { publishFake, storeIn } from './published-release.ts'

const [folder, log] = process.argv.slice(2) as [string, string]
const store = storeIn(folder)
const version = parseVersion('v0.43.0')
await store.locked(version, () => { writeSync(1, 'waits\n') }, new AbortController().signal, async () => {
  if (await store.find(version) !== undefined) { writeSync(1, 'is there\n'); return }
  appendFileSync(log, 'download\n')
  await systemClock.sleep(300)
  await publishFake(store, diskFs, 'v0.43.0')
  writeSync(1, 'installed\n')
})
