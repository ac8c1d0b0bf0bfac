import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { NodeDoor } from '@ipkit/core/daemon/node-door'
import { helpFile } from '@ipkit/core/cli/help-pages'
import { AppError } from '@ipkit/core/errors/app-error'
import { noNodeDoor } from '@ipkit/core/cli/lazy-node-door'
import { golden } from '@ipkit/testkit/run-cli/golden'
import { cli } from '../src/cli.ts'
import type { IpkitDeps } from '../src/commands/deps.ts'
import { inHome } from './in-home.ts'
import { memoryNodeControl, PEER_A, STATUS } from './memory-node-control.ts'

const PEER_B = '12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5'

const node: NodeDoor = {
  ...noNodeDoor,
  call: async (method, params) => {
    if (method === 'node.id') return { peerId: PEER_A, addresses: STATUS.addresses, httpAddresses: [] }
    const { addresses } = params as { addresses: string[] }
    if (addresses[0]!.includes('192.0.2.99')) throw new AppError('PEER_UNREACHABLE', `cannot reach ${addresses[0]!} (ETIMEDOUT)`, { exit: 'unreachable', hints: ['is its node running?'] })
    return { peerId: PEER_B }
  },
}

const control = (...args: Parameters<typeof memoryNodeControl>): Partial<IpkitDeps> => {
  const made = memoryNodeControl(...args)
  return { node: async () => made }
}

/** Each scenario runs its command lines one after the other in one home; the golden file holds all of them. */
const SCENARIOS: ReadonlyArray<{ readonly name: string, readonly lines: readonly string[], readonly deps?: () => Partial<IpkitDeps>, readonly answers?: readonly string[] }> = [
  { name: 'help', lines: ['--help', 'start --help', 'contacts --help', 'contacts add --help', 'config set --help', 'no-such', 'contacts', 'doctor --acept-clock'] },
  { name: 'status-none', lines: ['status', 'status --json', 'apps', 'apps --json', 'peers', 'peers --json'], deps: () => control({ running: false }) },
  { name: 'status', lines: ['status', 'status --json', 'which', 'which --json'], deps: () => control({ running: true }) },
  { name: 'start-stop', lines: ['start', 'start', 'stop', 'stop', 'stop --json', 'restart', 'start --foreground', 'stop --now --if-idle'], deps: () => control({ running: false }) },
  { name: 'stop-busy', lines: ['stop --if-idle', 'stop --if-idle --json', 'stop --now'], deps: () => control({ running: true, busy: true }) },
  { name: 'apps', lines: ['apps', 'apps --json'], deps: () => control({ running: true, items: [{ ...STATUS.services[0], pins: 2, leases: STATUS.leases }, { ...STATUS.services[1], pins: 0, leases: [], later: 'key' }] }) },
  { name: 'peers', lines: ['peers', 'peers --json'], deps: () => control({ running: true, items: [{ peerId: PEER_B, address: '/ip4/192.0.2.8/tcp/4101', direction: 'inbound' }, { peerId: PEER_A, address: '/ip4/192.0.2.7/tcp/4101', direction: 'outbound' }] }) },
  { name: 'id', lines: ['id', 'id --json'] },
  { name: 'contacts', lines: ['contacts ls', `contacts add bob ${PEER_B} /ip4/192.0.2.8/tcp/4101`, `contacts add bob ${PEER_A}`, 'contacts add eve not-an-id', `contacts add ann ${PEER_A} --json`, 'contacts ls', 'contacts ls --json', 'contacts rm bbo', 'contacts rm bob', 'contacts ls'] },
  { name: 'connect', lines: [`contacts add bob ${PEER_B} /ip4/192.0.2.8/tcp/4101`, 'connect bob', `connect /ip4/192.0.2.99/tcp/1/p2p/${PEER_B}`, 'connect nobody', `connect ${PEER_A}`, 'connect /ip4/nonsense'] },
  { name: 'config', lines: ['config show', 'config get idleMinutes', 'config set idleMinutes 30', 'config get idleMinutes --json', 'config set idleMinutes never', 'config set mdsn on', 'config set mdns maybe', 'config set listen /ip4/0.0.0.0/tcp/4102,/ip6/::/tcp/4102', 'config set idleMinutes', 'config show --json'] },
  { name: 'passphrase', lines: ['passphrase set', 'passphrase clear', 'passphrase clear --json'], answers: ['one', 'one'] },
]

test.each(SCENARIOS)('$name', async ({ name, lines, deps, answers }) => {
  using home = inHome()
  const injected = deps?.() ?? {}
  let transcript = ''
  for (const line of lines) transcript += `${(await home.run(line.split(' '), { node, deps: injected, ...answers === undefined ? {} : { answers: line === lines[0] ? answers : ['wrong'] } })).transcript}\n`
  expect(transcript).toBe(await golden(import.meta.url, name, transcript))
})

describe('passphrase', () => {
  test('is set, changed and taken off', async () => {
    using home = inHome()
    const say = async (line: string, ...answers: string[]): Promise<number> => (await home.run(line.split(' '), { answers })).exit
    expect(await say('passphrase set', 'one', 'one')).toBe(0)
    expect(await say('passphrase set', 'wrong', 'two', 'two')).toBe(8)
    expect(await say('passphrase set', 'one', 'two', 'two')).toBe(0)
    expect(await say('passphrase clear', 'one')).toBe(8)
    expect(await say('passphrase clear', 'two')).toBe(0)
  })
})

describe('logs', () => {
  const line = (n: number): string => `{"level":"info","time":"2026-01-15T12:00:0${n}.000Z","msg":"line ${n}","peer":"bob\\u001b[31m"}\n`

  test('the last lines, as text and as they are', async () => {
    using home = inHome()
    expect(await home.run(['logs'])).toMatchObject({ exit: 0, stdout: 'the log is empty: no node has run in this home yet\n' })
    await home.run(['config', 'set', 'mdns', 'off'])
    writeFileSync(home.paths.log, `${line(1)}${line(2)}${line(3)}{"level":"info","ti`)
    expect((await home.run(['logs', '-n', '2'])).stdout).toBe('2026-01-15T12:00:02.000Z info: line 2 peer=bob[31m\n2026-01-15T12:00:03.000Z info: line 3 peer=bob[31m\n')
    expect((await home.run(['logs', '-n', '1', '--json'])).stdout).toBe(line(3))
    expect((await home.run(['logs', '--lines', '0'])).stdout).toBe('')
  })

  test('lines of a long log are found from its end', async () => {
    using home = inHome()
    await home.run(['config', 'set', 'mdns', 'off'])
    writeFileSync(home.paths.log, line(1).repeat(5000) + line(2))
    const lines = (await home.run(['logs', '-n', '4000'])).stdout.trimEnd().split('\n')
    expect([lines.length, lines.at(-1)]).toEqual([4000, '2026-01-15T12:00:02.000Z info: line 2 peer=bob[31m'])
  })
})

test('no page names a command that is not there', async () => {
  const { pages } = await helpFile(cli({} as IpkitDeps))
  const named = Object.values(pages).join('\n').match(/^ {2}ipkit ([a-z]+)/gmu)!.map(m => m.trim().split(' ')[1]!)
  expect([...new Set(named)].filter(name => !(name in pages))).toEqual([])
  expect(Object.values(pages).flatMap(page => page.split('\n')).filter(line => line.length > 80)).toEqual([])
})

test('nothing of a home is made by looking', async () => {
  using home = inHome()
  for (const line of ['status', 'which', 'doctor', 'apps', 'peers', 'logs', 'contacts ls', 'config show', 'autostart', 'stop']) expect([line, (await home.run(line.split(' '))).exit]).toEqual([line, 0])
  const { existsSync } = await import('node:fs')
  expect(existsSync(path.join(home.dir, 'home'))).toBe(false)
})
