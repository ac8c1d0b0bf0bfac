import { expect, test } from '@jest/globals'
import { resolveTarget } from '../../src/domain/resolve-target.ts'

const NAME = 'k51qzi5uqu5dljtg5upm7x7ugan9lql3ewyknv4r4mhhkwzn8n7cnbd1unfwgq'

test.each([
  [NAME, NAME],
  ['12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV', NAME],
  [`/ipns/${NAME}`, NAME],
  ['/ipns/Example.COM.', 'example.com'],
])('%s is asked for as %s', (text, target) => { expect(resolveTarget(text)).toBe(target) })

test.each(['', 'laptop', '10.0.0.1', `${NAME}/docs`])('nothing to resolve: %s', text => {
  expect(() => resolveTarget(text)).toThrow(expect.objectContaining({ code: 'NAME_INVALID' }))
})
