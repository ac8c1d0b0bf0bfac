import { expect, test } from '@jest/globals'
import { nameInPath, parseTarget } from '../../src/domain/name-target.ts'

const NAME = 'k51qzi5uqu5dljtg5upm7x7ugan9lql3ewyknv4r4mhhkwzn8n7cnbd1unfwgq'

test.each([
  [NAME, 'ipns', NAME],
  ['12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV', 'ipns', NAME],
  [`/ipns/${NAME}`, 'ipns', NAME],
  ['/ipns/Example.COM.', 'dns', 'example.com'],
])('%s is asked for in the space %s as %s', (text, kind, target) => { expect(parseTarget(text)).toMatchObject({ kind, text: target }) })

test.each(['', 'laptop', '10.0.0.1', `${NAME}/docs`])('nothing to resolve: %s', text => {
  expect(() => parseTarget(text)).toThrow(expect.objectContaining({ code: 'NAME_INVALID' }))
})

test.each([
  [`/ipns/${NAME}`, NAME, ''],
  [`/ipns/${NAME}/`, NAME, '/'],
  ['/ipns/example.com/a/b', 'example.com', '/a/b'],
])('%s leads on to %s', (path, text, rest) => { expect(nameInPath(path)).toMatchObject({ target: { text }, rest }) })

test.each(['/ipfs/bafkqaaa', '/ipns/', `ipns/${NAME}`, `/ipfs/bafkqaaa/ipns/${NAME}`])('%s leads to no name', path => { expect(nameInPath(path)).toBeUndefined() })
