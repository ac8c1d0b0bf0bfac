/** Records go to Kubo and come from it. IPKIT_KUBO names its binary. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect } from '@jest/globals'
import { Kubo } from '@ipkit/testkit/kubo'
import { Person } from '@ipkit/testkit/person'
import { testWithGiven } from '@ipkit/testkit/test-with-program'

const test = testWithGiven('IPKIT_KUBO', 'Kubo')
const VALUE = '/ipfs/bafkqaddwgevxmmraojswg33smq'
const TEST_MS = 180_000

let folder: string
let alice: Person
let kubo: Kubo | undefined
beforeEach(async () => { folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-kubo-names-')); alice = await Person.in(folder, 'alice') })
afterEach(async () => {
  await alice[Symbol.asyncDispose]()
  await kubo?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

test('what is published here resolves there', async binary => {
  kubo = await Kubo.start(binary, path.join(folder, 'kubo'))
  const { name } = await alice.json<{ name: string }>('ipnsup', ['publish', VALUE])
  await alice.run('ipnsup', ['export', name, '-o', path.join(kubo.folder, 'record')])
  await kubo.must(`ipfs routing put --allow-offline /ipns/${name} record`)
  expect(await kubo.must(`ipfs name resolve --offline ${name}`)).toBe(VALUE)
  expect(JSON.parse(await kubo.must(`ipfs name inspect --enc=json --verify ${name} record`))).toMatchObject({ Validation: { Valid: true } })
  expect(await kubo.outsideSockets()).toEqual([])
}, TEST_MS)

test('what is published there resolves here, with a renewal in place of a new sequence', async binary => {
  kubo = await Kubo.start(binary, path.join(folder, 'kubo'))
  const said = await kubo.must(`ipfs name publish --allow-offline --quieter ${VALUE}`)
  const name = said.replace('/ipns/', '')
  const take = async (): Promise<void> => {
    await kubo!.must(`ipfs routing get /ipns/${name} > record`)
    writeFileSync(path.join(alice.folder, 'record'), readFileSync(path.join(kubo!.folder, 'record')))
    expect(await alice.run('ipnsup', ['import', 'record', '--name', name])).toMatchObject({ exit: 0 })
  }
  await take()
  const first = await alice.json<{ value: string, sequence: string, validUntil: string }>('ipnsup', ['resolve', name, '--offline'])
  expect(first.value).toBe(VALUE)
  await kubo.must(`ipfs name publish --allow-offline --quieter ${VALUE}`)
  await take()
  const second = await alice.json<{ value: string, sequence: string, validUntil: string }>('ipnsup', ['resolve', name, '--offline'])
  expect([second.sequence, second.validUntil > first.validUntil]).toEqual([first.sequence, true])
}, TEST_MS)
