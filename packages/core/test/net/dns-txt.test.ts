import { createSocket, type Socket } from 'node:dgram'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { dnsTxt } from '../../src/net/dns-txt.ts'
import { MAX_TXT_RECORDS } from '../../src/net/limits.ts'

const never = new AbortController().signal

/** RFC 1035: what the question gets. `code`: 0 no error, 2 server failure, 3 no such name. */
interface Reply { readonly code?: number, readonly records?: readonly (readonly string[])[] }

let server: Socket
let questions: string[]
let replies: Record<string, Reply | 'silence'>

beforeEach(async () => {
  questions = []
  replies = {}
  server = createSocket('udp4')
  server.on('message', (message, { port, address }) => {
    const end = message.indexOf(0, 12) + 5
    const name = readName(message.subarray(12, end - 4))
    questions.push(`${name} ${message.readUInt16BE(end - 4)}`)
    const reply = replies[name] ?? { code: 3 }
    if (reply === 'silence') return
    const records = (reply.records ?? []).map(strings => {
      const data = Buffer.concat(strings.map(s => Buffer.from([s.length, ...Buffer.from(s)])))
      const head = Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, data.length >> 8, data.length & 0xff]) // the name of the question, TXT, IN, a minute
      return Buffer.concat([head, data])
    })
    const header = Buffer.from([message[0]!, message[1]!, 0x81, 0x80 | (reply.code ?? 0), 0, 1, 0, records.length, 0, 0, 0, 0])
    server.send(Buffer.concat([header, message.subarray(12, end), ...records]), port, address)
  })
  await new Promise<void>(resolve => { server.bind(0, '127.0.0.1', resolve) })
})
afterEach(() => { server.close() })

function readName (bytes: Buffer): string {
  const labels: string[] = []
  for (let at = 0; bytes[at] !== undefined && bytes[at] !== 0; at += bytes[at]! + 1) labels.push(bytes.subarray(at + 1, at + 1 + bytes[at]!).toString())
  return labels.join('.')
}
const ask = async (domain: string, signal = never): Promise<readonly string[]> => await dnsTxt([`127.0.0.1:${(server.address() as AddressInfo).port}`])(domain, signal)

test('gives all TXT records of the name, the strings of each joined', async () => {
  replies['_dnslink.a.test'] = { records: [['dnslink=/ipns/', 'k51x'], ['v=spf1 -all']] }
  expect([...await ask('_dnslink.a.test')].sort()).toEqual(['dnslink=/ipns/k51x', 'v=spf1 -all'])
  expect(questions).toEqual(['_dnslink.a.test 16'])
})

test('no such name, no such record, and a name that cannot be: none', async () => {
  replies['empty.test'] = { records: [] }
  expect([await ask('missing.test'), await ask('empty.test'), await ask(`${'x'.repeat(64)}.test`)]).toEqual([[], [], []])
})

test('looks at so many and no more', async () => {
  replies['many.test'] = { records: Array.from({ length: MAX_TXT_RECORDS + 1 }, (_, i) => [`${i}`]) }
  expect((await ask('many.test')).length).toBe(MAX_TXT_RECORDS)
})

test('a server that fails is no answer', async () => {
  replies['broken.test'] = { code: 2 }
  await expect(ask('broken.test')).rejects.toMatchObject({ code: 'DNS_UNREACHABLE', exit: 'unreachable', message: expect.stringMatching(/^the DNS does not answer for broken\.test \(E[A-Z]+\)$/) })
})

test('no server at all is no answer', async () => {
  const { port } = server.address() as AddressInfo
  server.close()
  await expect(dnsTxt([`127.0.0.1:${port}`])('a.test', never)).rejects.toMatchObject({ code: 'DNS_UNREACHABLE' })
  server = createSocket('udp4')
})

test('the caller stops', async () => {
  replies['slow.test'] = 'silence'
  const stop = new AbortController()
  const asked = ask('slow.test', stop.signal)
  setImmediate(() => { stop.abort(new Error('stopped')) })
  await expect(asked).rejects.toThrow('stopped')
  await expect(ask('slow.test', stop.signal)).rejects.toThrow('stopped')
})
