import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect } from '@jest/globals'
import { Person } from '@ipkit/testkit/person'
import { testWithProgram } from '@ipkit/testkit/test-with-program'

const burn = fileURLToPath(new URL('../../packages/burn-cli/bin/burn.js', import.meta.url))
const SECRET_LINK = /#[\w-]{8}/

let folder: string
let alice: Person
let bob: Person
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-terminal-'))
  alice = await Person.in(folder, 'alice')
  bob = await Person.in(folder, 'bob')
})
afterAll(async () => {
  for (const person of [alice, bob]) await person[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

interface Typed { readonly exit: number | null, readonly screen: string }

/** Bob at a terminal of his own: each answer is typed once what it waits for stands there. */
async function atTerminal (line: string, answers: ReadonlyArray<readonly [waitFor: string, keys: string]>): Promise<Typed> {
  const child = spawn('script', ['-qec', `'${process.execPath}' '${burn}' ${line}`, '/dev/null'], { cwd: bob.folder, env: { ...bob.env, TERM: 'xterm' } })
  const todo = [...answers]
  let screen = ''
  let from = 0
  child.stdout.on('data', chunk => {
    screen += String(chunk)
    for (let [next] = todo; next !== undefined && screen.includes(next[0], from); [next] = todo) {
      from = screen.indexOf(next[0], from) + next[0].length
      todo.shift()
      child.stdin.write(next[1])
    }
  })
  const exit = await new Promise<number | null>(resolve => { child.once('close', resolve) })
  return { exit, screen }
}

const add = async (args: readonly string[], input: string): Promise<string> => {
  writeFileSync(path.join(alice.folder, 'passphrase'), 'correct horse\n')
  return (await alice.json<{ link: string }>('burn', ['add', '-', ...args], { input, env: { IPKIT_BURN_PASSPHRASE_FILE: path.join(alice.folder, 'passphrase') } })).link
}

describe('a reader at a terminal', () => {
  testWithProgram('script')('pastes the link unseen, and opens it only by saying so', async () => {
    const link = await add([], 'see you at nine')
    const no = await atTerminal('get -', [['link (it is not shown): ', `${link}\r`], ['[y/N] ', '\r']])
    expect(no).toMatchObject({ exit: 1, screen: expect.stringContaining('nothing was used up') })
    const yes = await atTerminal('get -', [['link (it is not shown): ', `${link}\r`], ['[y/N] ', 'y\r']])
    expect(yes).toMatchObject({ exit: 0, screen: expect.stringContaining('see you at nine') })
    expect(no.screen + yes.screen).not.toMatch(SECRET_LINK)
  })

  testWithProgram('script')('is asked again after a wrong passphrase, and sees neither', async () => {
    const link = await add(['--passphrase'], 'under a stone')
    const { exit, screen } = await atTerminal('get -', [['link (it is not shown): ', `${link}\r`], ['[y/N] ', 'y\r'], ['passphrase: ', 'wrong pony\r'], ['passphrase: ', 'correct horse\r']])
    expect([exit, screen]).toEqual([0, expect.stringContaining('under a stone')])
    expect(screen).toContain('wrong passphrase; nothing is used up')
    expect(screen).not.toMatch(/pony|horse/)
  })

  testWithProgram('script')('presses ^C at the question or at the passphrase: exit 130, and the same command goes on', async () => {
    const link = await add(['--passphrase'], 'behind the shed')
    expect(await atTerminal('get - -o shed.txt', [['link (it is not shown): ', `${link}\r`], ['[y/N] ', '\u0003']])).toMatchObject({ exit: 130, screen: expect.stringContaining('goes on from there') })
    expect((await atTerminal('get - -o shed.txt', [['link (it is not shown): ', `${link}\r`], ['[y/N] ', 'y\r'], ['passphrase: ', 'half\u0003']])).exit).toBe(130)
    expect((await atTerminal('get - -o shed.txt', [['link (it is not shown): ', `${link}\r`], ['[y/N] ', 'y\r'], ['passphrase: ', 'correct horse\r']])).exit).toBe(0)
    expect(readFileSync(path.join(bob.folder, 'shed.txt'), 'utf8')).toBe('behind the shed')
  })
})
