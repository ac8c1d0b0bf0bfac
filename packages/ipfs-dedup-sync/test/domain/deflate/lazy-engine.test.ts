import { expect, test } from '@jest/globals'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import { encoderParameters } from '../../../src/domain/deflate/encoder-parameters.ts'
import { lazyEngine } from '../../../src/domain/deflate/lazy-engine.ts'
import type { DeflateEngine } from '../../../src/domain/deflate/deflate-engine.ts'
import { plainEngine } from '../../../src/domain/deflate/plain-engine.ts'
import { newKernel } from './encode-whole.ts'

const parameters = encoderParameters('zlib', 6)
const text = async function * (): AsyncGenerator<Uint8Array> { for (const part of ['one', 'two', 'three']) yield Buffer.from(part) }
const settle = async (): Promise<void> => { for (let i = 0; i < 10; i++) await Promise.resolve() }

function counted (): { engine: DeflateEngine, clock: ManualClock, seen: { opened: number, closed: number } } {
  const clock = new ManualClock()
  const seen = { opened: 0, closed: 0 }
  const engine = lazyEngine(clock, 1000, () => {
    seen.opened++
    const plain = plainEngine(newKernel)
    return { ...plain, async [Symbol.asyncDispose] () { seen.closed++ } }
  })
  return { engine, clock, seen }
}

test('ended when nothing was asked of it for long, and opened again', async () => {
  const { engine, clock, seen } = counted()
  expect(seen).toEqual({ opened: 0, closed: 0 })
  await engine.encodeWhole(parameters, Buffer.from('text'))
  clock.advance(900)
  await engine.encodeWhole(parameters, Buffer.from('text'))
  clock.advance(900)
  await settle()
  expect(seen).toEqual({ opened: 1, closed: 0 })
  clock.advance(100)
  await settle()
  expect(seen).toEqual({ opened: 1, closed: 1 })
  await engine.encodeWhole(parameters, Buffer.from('text'))
  expect(seen).toEqual({ opened: 2, closed: 1 })
})

test('not ended under a stream that takes long', async () => {
  const { engine, clock, seen } = counted()
  for await (const _ of engine.encode(parameters, text())) {
    clock.advance(5000)
    await settle()
    expect(seen).toEqual({ opened: 1, closed: 0 })
  }
  await engine[Symbol.asyncDispose]()
  expect(seen).toEqual({ opened: 1, closed: 1 })
})
