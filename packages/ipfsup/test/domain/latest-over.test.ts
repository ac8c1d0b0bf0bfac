import { describe, expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import { latestOver } from '../../src/domain/latest-over.ts'
import type { Latest, LatestSource } from '../../src/domain/resolve-version.ts'
import { NOW, v } from '../memory-world.ts'

const { signal } = new AbortController()
const unreachable = new AppError('ORIGIN_UNREACHABLE', 'nobody answers', { exit: 'unreachable' })
const answerOf = (version: string, remembered = false): Latest => ({ version: v(version), seen: { version: v(version), sinceMs: NOW, answer: v(version), answeredMs: NOW }, remembered, failures: [{ origin: version, message: 'failed' }] })

const source = (answer: Latest | AppError): LatestSource => ({
  versions: async () => { if (answer instanceof Error) throw answer; return [answer.version] },
  latest: async () => { if (answer instanceof Error) throw answer; return answer },
})
const over = (first: Latest | AppError, second: Latest | AppError | undefined | 'not asked'): LatestSource =>
  latestOver(source(first), async () => { if (second === 'not asked') throw new Error('the second way was tried'); return second === undefined ? undefined : source(second) })
const ask = async (made: LatestSource, offline = false): Promise<Latest> => await made.latest('go', { pre: false, offline }, signal)

describe('the latest over two ways', () => {
  test('is that of the first, which alone is asked', async () => {
    expect((await ask(over(answerOf('v0.1.0'), 'not asked'))).version).toEqual(v('v0.1.0'))
  })

  test.each([['is only remembered', answerOf('v0.1.0', true)], ['is not there', unreachable]])('is that of the second where the first %s', async (_title, first) => {
    expect(await ask(over(first, answerOf('v0.2.0')))).toMatchObject({ version: v('v0.2.0'), remembered: false })
  })

  test('is what is remembered where neither answers, or there is no second', async () => {
    for (const second of [unreachable, answerOf('v0.2.0', true), undefined]) expect(await ask(over(answerOf('v0.1.0', true), second))).toMatchObject({ version: v('v0.1.0'), remembered: true })
  })

  test('offline nobody is asked', async () => {
    expect((await ask(over(answerOf('v0.1.0', true), 'not asked'), true)).version).toEqual(v('v0.1.0'))
    await expect(ask(over(unreachable, 'not asked'), true)).rejects.toBe(unreachable)
  })

  test('fails as the first does where both do', async () => {
    for (const second of [undefined, new AppError('ORIGIN_UNREACHABLE', 'nor there', { exit: 'unreachable' })]) {
      await expect(ask(over(unreachable, second))).rejects.toBe(unreachable)
      await expect(over(unreachable, second).versions('go', signal)).rejects.toBe(unreachable)
    }
  })

  test('what is no silence is told, whoever says it', async () => {
    const bad = new AppError('ORIGIN_ANSWER_INVALID', 'odd', { exit: 'refused' })
    await expect(ask(over(bad, 'not asked'))).rejects.toBe(bad)
    await expect(ask(over(unreachable, bad))).rejects.toBe(bad)
    await expect(over(bad, 'not asked').versions('go', signal)).rejects.toBe(bad)
  })

  test('versions come from the second where the first is silent', async () => {
    expect(await over(unreachable, answerOf('v0.2.0')).versions('go', signal)).toEqual([v('v0.2.0')])
    expect(await over(answerOf('v0.1.0'), 'not asked').versions('go', signal)).toEqual([v('v0.1.0')])
  })

  test('who failed on both ways is told', async () => {
    expect((await ask(over(answerOf('v0.1.0', true), answerOf('v0.2.0')))).failures.map(f => f.origin)).toEqual(['v0.1.0', 'v0.2.0'])
  })
})
