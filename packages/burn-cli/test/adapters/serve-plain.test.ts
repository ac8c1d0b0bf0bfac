import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { parsePeerAddress } from '@ipkit/core/link/peer-address'
import { createEphemeralHost } from '@ipkit/core/net/ephemeral-host'
import { memoryLog } from '@ipkit/testkit/test-node'
import { servePlain } from '../../src/adapters/serve-plain.ts'

const nothing = { get: async () => undefined }
const serve = servePlain({
  ephemeralHost: async ({ listen, port = 0, ...rest }) => {
    expect(listen).toBe('node')
    return await createEphemeralHost({ ...rest, listen: [`/ip4/127.0.0.1/tcp/${port}`] }, { log: memoryLog(), randomBytes: n => new Uint8Array(randomBytes(n)) })
  },
})

test('on the port of its link or not at all: another one would be nobody\'s address', async () => {
  const seed = new Uint8Array(randomBytes(32))
  const first = await serve(seed, undefined, nothing)
  const { port } = parsePeerAddress(first.addresses()[0]!)
  await expect(serve(seed, port, nothing)).rejects.toMatchObject({ code: 'LISTEN_FAILED', message: expect.stringContaining(`port ${port}`) })
  await first[Symbol.asyncDispose]()
  await using again = await serve(seed, port, nothing)
  expect([again.peerId, parsePeerAddress(again.addresses()[0]!).port]).toEqual([first.peerId, port])
})
