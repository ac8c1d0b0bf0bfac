import { expect, test } from '@jest/globals'
import { isDomain, readDomain } from '../../src/domain/domain-name.ts'

test.each([
  ['example.com', 'example.com'],
  ['/ipns/Example.COM.', 'example.com'],
  ['ipns://_dnslink.a-b.example', '_dnslink.a-b.example'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
])('%s is the domain %s', (text, domain) => { expect(readDomain(text)).toBe(domain) })

test.each([
  'example', 'example..com', '-a.com', 'a-.com', '10.0.0.1', '192.168.1.77', 'a.b.12', `${'a'.repeat(64)}.com`, `${'a.'.repeat(130)}com`, 'a.com/x', 'ex ample.com', 'bücher.example', '',
  'k51qzi5uqu5dljtg5upm7x7ugan9lql3ewyknv4r4mhhkwzn8n7cnbd1unfwgq', '/ipns/', '/ipns//ipns/example.com',
])('no domain: %s', text => {
  expect(isDomain(text)).toBe(false)
  expect(readDomain(text)).toBeUndefined()
})
