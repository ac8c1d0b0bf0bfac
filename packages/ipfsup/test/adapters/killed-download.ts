// A download in a process of its own, which the test kills. argv: origin's URL, part file, sha512, CID. Each line on stdout: bytes that are there.
import { writeSync } from 'node:fs'
import { diskFs } from '@ipkit/core/storage/storage-fs'
import { systemClock } from '@ipkit/core/time/clock'
import { downloadArchive } from '../../src/adapters/download.ts'
import { httpsOrigin } from '../../src/adapters/https-origin.ts'
import { parseVersion } from '../../src/domain/version.ts'

const [url, partFile, sha512, cid] = process.argv.slice(2) as [string, string, string, string]
const { signal } = new AbortController()
const origin = httpsOrigin({ env: {}, clock: systemClock }, url)
const claim = await origin.claim({ version: parseVersion('v0.43.0'), platform: { os: 'linux', arch: 'amd64' } }, signal)
const { resumedBytes } = await downloadArchive({ fs: diskFs, clock: systemClock }, { partFile, expected: { sha512, cid, because: '' }, from: [{ origin, claim: claim! }], maxBytes: 2 ** 30 }, {
  signal, onProgress: doneBytes => { writeSync(1, `${doneBytes}\n`) },
})
writeSync(1, `whole ${resumedBytes} ${process.resourceUsage().maxRSS}\n`)
