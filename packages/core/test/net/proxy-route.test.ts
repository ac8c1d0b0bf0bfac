import { describe, expect, test } from '@jest/globals'
import { proxyRoute, type Environment } from '../../src/net/proxy-route.ts'

const BOTH = { HTTP_PROXY: 'http://plain.test:3128', HTTPS_PROXY: 'http://tls.test:3129' }
const route = (url: string, env: Environment): string | undefined => proxyRoute(new URL(url), env)?.href

describe('a request goes through', () => {
  test.each<[string, Environment, string | undefined]>([
    ['http://a.test/', BOTH, 'http://plain.test:3128/'],
    ['https://a.test/', BOTH, 'http://tls.test:3129/'],
    ['https://a.test/', { HTTP_PROXY: 'http://plain.test' }, undefined],
    ['http://a.test/', {}, undefined],
    ['http://a.test/', { http_proxy: '' , HTTP_PROXY: 'http://plain.test' }, undefined],
    ['http://a.test/', { http_proxy: 'small.test:8080', HTTP_PROXY: 'http://capital.test' }, 'http://small.test:8080/'],
    ['http://a.test/', { http_proxy: 'http://user:pass@small.test' }, 'http://user:pass@small.test/'],
    ['http://localhost:4180/', BOTH, undefined],
    ['http://127.0.0.9/', BOTH, undefined],
    ['http://[::1]/', BOTH, undefined],
    ['http://192.168.1.7/', BOTH, 'http://plain.test:3128/'],
  ])('%s with %j', (url, env, proxy) => { expect(route(url, env)).toBe(proxy) })
})

describe('NO_PROXY', () => {
  test.each<[string, string, boolean]>([
    ['http://a.test/', 'a.test', true],
    ['http://A.TEST./', 'a.test', true],
    ['http://a.test/', 'A.Test', true],
    ['http://b.a.test/', 'a.test', true],
    ['http://b.a.test/', '.a.test', true],
    ['http://a.test/', '.a.test', true],
    ['http://b.a.test/', '*.a.test', true],
    ['http://ba.test/', 'a.test', false],
    ['http://a.test.evil/', 'a.test', false],
    ['http://a.test/', 'x.test, a.test', true],
    ['http://a.test/', 'x.test a.test', true],
    ['http://a.test/', '*', true],
    ['http://a.test/', '', false],
    ['http://a.test/', 'a.test:80', true],
    ['http://a.test:8080/', 'a.test:80', false],
    ['http://a.test:8080/', 'a.test:8080', true],
    ['http://192.168.1.7/', '192.168.1.7', true],
    ['http://192.168.1.7/', '168.1.7', false],
    ['http://[fd00::7]:8080/', 'fd00::7', true],
    ['http://[fd00::7]:8080/', '[fd00::7]:8080', true],
    ['http://[fd00::7]:8080/', '[fd00::7]:80', false],
  ])('%s with %j goes straight: %s', (url, list, straight) => {
    expect(route(url, { ...BOTH, NO_PROXY: list }) === undefined).toBe(straight)
    expect(route(url, { ...BOTH, no_proxy: list, NO_PROXY: 'elsewhere.test' }) === undefined).toBe(straight)
  })
})

test.each(['socks5://x.test', 'https://x.test', 'http://', '//'])('%j is no proxy that can be spoken to, and its password is not shown', text => {
  expect(() => route('http://a.test/', { HTTP_PROXY: text })).toThrow(expect.objectContaining({ code: 'PROXY_INVALID', exit: 'usage' }))
})
