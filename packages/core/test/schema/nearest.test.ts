import { expect, test } from '@jest/globals'
import { nearest } from '@ipkit/core/schema/nearest'

test.each([['stat', 'status'], ['stats', 'status'], ['sotp', 'stop'], ['resta', 'restart'], ['public', 'publicNetwork'], ['xyz', undefined]])('%s is taken for %s', (word, meant) => {
  expect(nearest(word, ['start', 'status', 'stop', 'restart', 'publicNetwork'])).toBe(meant)
})
