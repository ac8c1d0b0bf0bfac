import { execFileSync } from 'node:child_process'
import { expect, test } from '@jest/globals'
import { golden } from '@ipkit/testkit/run-cli/golden'
import { MAX_SHIM_DEPTH, SHIM_MARK, shellQuoted, shimScript } from '../../src/domain/shim-script.ts'

const FACTS = { home: '/home/ann/.ipfsup', architecture: 'linux-amd64', node: '/usr/bin/node', script: '/usr/lib/node_modules/ipfsup/bin/ipfsup.js' }

test('the whole script, as a user reads it', async () => {
  const text = shimScript(FACTS)
  expect(text).toBe(await golden(import.meta.url, 'ipfs', text))
  expect(text.split('\n')[1]).toBe(SHIM_MARK)
  expect(text).toContain(`IPFSUP_DEPTH=${MAX_SHIM_DEPTH} `)
})

test('paths stand in it as they are, whatever is in them', () => {
  for (const awkward of ["/a b/it's", '/$(touch bad)`id`', '/line\nend', '/"\\', "/'", "/''", '/*?[a]~#', '/ünï']) {
    expect(execFileSync('sh', ['-c', `printf %s ${shellQuoted(awkward)}`], { encoding: 'utf8' })).toBe(awkward)
    const text = shimScript({ ...FACTS, home: awkward, node: awkward, script: awkward })
    const head = text.slice(0, text.indexOf('# bash takes'))
    expect(execFileSync('sh', ['-c', `${head}\nprintf '%s|' "$shim_home" "$shim_node" "$shim_ipfsup"`], { encoding: 'utf8' })).toBe(`${awkward}|`.repeat(3))
  }
  expect(() => shimScript({ ...FACTS, home: '/a\0b' })).toThrow(expect.objectContaining({ code: 'HOME_UNUSABLE' }))
})
