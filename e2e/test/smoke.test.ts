import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Person, type Ran } from '@ipkit/testkit/person'

describe('two homes on one machine, the built commands and real nodes', () => {
  let folder: string
  let link: string

  const people = new Map<'anna' | 'ben', Person>()

  const run = async (who: 'anna' | 'ben', tool: 'burn' | 'ipkit', args: readonly string[], input = ''): Promise<Ran> =>
    await people.get(who)!.run(tool, args, { input })

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-smoke-'))
    for (const who of ['anna', 'ben'] as const) people.set(who, await Person.in(folder, who))
  })
  afterAll(async () => {
    for (const person of people.values()) await person[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  test('a message is left', async () => {
    const added = await run('anna', 'burn', ['add', '-', '--json'], 'the door code is 4711\n')
    expect([added.exit, added.stderr.includes('"error"')]).toEqual([0, false])
    link = (JSON.parse(added.stdout) as { link: string }).link
    expect(link).toMatch(/^ipfs:\/\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3Koo\w+\/\w+#[\w-]+$/)
    expect(await states()).toEqual(['unread'])
  })

  test('is read at the other end, from a link that stands in no argument', async () => {
    const read = await run('ben', 'burn', ['get', '-', '-o', 'code.txt', '--json'], `${link}\n`)
    expect([read.exit, read.stderr.includes('"error"')]).toEqual([0, false])
    expect(readFileSync(path.join(folder, 'ben', 'code.txt'), 'utf8')).toBe('the door code is 4711\n')
  })

  test('and is gone after that', async () => {
    const again = await run('ben', 'burn', ['get', '-', '-o', 'again.txt'], `${link}\n`)
    expect([again.exit, again.stdout, existsSync(path.join(folder, 'ben', 'again.txt'))]).toEqual([4, '', false])
    expect(await states()).toEqual(['read'])
  })

  test('the node stops when it is told to', async () => {
    expect((await run('anna', 'ipkit', ['stop'])).exit).toBe(0)
    expect(JSON.parse((await run('anna', 'ipkit', ['status', '--json'])).stdout)).toMatchObject({ running: false })
  })

  const states = async (): Promise<string[]> =>
    (await run('anna', 'burn', ['ls', '--json'])).stdout.trim().split('\n').map(line => (JSON.parse(line) as { state: string }).state)
})
