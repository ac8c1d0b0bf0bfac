import { expect, test } from '@jest/globals'
import { MAX_HISTORY, mendHistory, pushHistory, stepBack } from '../../src/domain/default-history.ts'
import { formatVersion, parseVersion, type Version } from '../../src/domain/version.ts'

const v = (...words: string[]): Version[] => words.map(parseVersion)
const shown = (history: readonly Version[] | undefined): string[] | undefined => history?.map(({ semver }) => semver)
const all = (): boolean => true

test('is pushed once in a row and keeps the newest', () => {
  expect(shown(pushHistory(v('0.40.0'), parseVersion('0.40.0')))).toEqual(['0.40.0'])
  expect(shown(pushHistory(v('0.40.0', '0.41.0'), parseVersion('0.40.0')))).toEqual(['0.40.0', '0.41.0', '0.40.0'])
  const long = Array.from({ length: MAX_HISTORY }, (_, i) => parseVersion(`0.${i}.0`))
  const pushed = pushHistory(long, parseVersion('1.0.0'))
  expect(pushed).toHaveLength(MAX_HISTORY)
  expect([formatVersion(pushed[0]!), formatVersion(pushed.at(-1)!)]).toEqual(['go-v0.1.0', 'go-v1.0.0'])
})

test.each([
  ['as written', ['0.40.0', '0.41.0'], '0.41.0', ['0.40.0', '0.41.0']],
  ['killed before the pointer went forward', ['0.40.0', '0.41.0', '0.42.0'], '0.41.0', ['0.40.0', '0.41.0']],
  ['killed before the pointer went back', ['0.40.0'], '0.41.0', ['0.40.0', '0.41.0']],
  ['cut at the last place of it', ['0.40.0', '0.41.0', '0.40.0', '0.42.0'], '0.40.0', ['0.40.0', '0.41.0', '0.40.0']],
  ['no history', [], '0.40.0', ['0.40.0']],
  ['no default', ['0.40.0'], undefined, ['0.40.0']],
])('ends with the default: %s', (_, history, present, mended) => {
  expect(shown(mendHistory(v(...history), present === undefined ? undefined : parseVersion(present)))).toEqual(mended)
})

test('step by step back along what really was the default, over what is gone', () => {
  const history = v('0.39.0', '0.42.0', '0.40.0', '0.42.0', '0.41.0')
  const walked: string[] = []
  for (let rest: readonly Version[] | undefined = history; rest !== undefined; rest = stepBack(rest, rest.at(-1), ({ semver }) => semver !== '0.40.0')) walked.push(rest.at(-1)!.semver)
  expect(walked).toEqual(['0.41.0', '0.42.0', '0.39.0'])
  expect(shown(stepBack(v('0.40.0'), undefined, all))).toEqual(['0.40.0'])
  expect(stepBack(v('0.40.0'), parseVersion('0.40.0'), all)).toBeUndefined()
  expect(stepBack([], undefined, all)).toBeUndefined()
})
