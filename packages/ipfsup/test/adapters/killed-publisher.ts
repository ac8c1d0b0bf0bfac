// Installs a release in a process of its own, which the test lets run into SIGKILL. argv: releases folder, step to die at, or -1.
import { writeSync } from 'node:fs'
import { faultyFs } from '@ipkit/testkit/faulty-fs'
import { publishFake, storeIn } from './published-release.ts'

const [folder, at] = process.argv.slice(2) as [string, string]
const fs = faultyFs(at === '-1' ? undefined : { at: Number(at), kind: 'torn', onReach: () => { process.kill(process.pid, 'SIGKILL') } })
await publishFake(storeIn(folder, fs), fs, 'v0.43.0')
writeSync(1, `steps ${fs.steps.length}\n`)
