import { chmodSync, chownSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import nodeModule from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { testWith } from '@ipkit/testkit/test-with-program'
import { keepCompiledCode } from '../../src/cli/compile-cache.ts'

// Stands in for node's own: what is asked here is only which folder it is given.
const module = nodeModule as { enableCompileCache?: unknown }
const original = module.enableCompileCache
let given: string[] = []
let base: string
beforeEach(() => { given = []; module.enableCompileCache = (dir: string) => { given.push(dir) }; base = mkdtempSync(path.join(os.tmpdir(), 'cache-')) })
afterEach(() => { module.enableCompileCache = original; rmSync(base, { recursive: true, force: true }) })

test('compiled code is kept in a cache folder that is ours', () => {
  keepCompiledCode({ XDG_CACHE_HOME: base })
  expect(given).toEqual([path.join(base, 'ipkit', 'compiled')])
})

test('no code is taken from a cache folder that others may write in, that is a link, missing or relative', () => {
  chmodSync(base, 0o777)
  symlinkSync(os.tmpdir(), path.join(base, 'link'))
  for (const folder of [base, path.join(base, 'link'), path.join(base, 'missing'), 'relative', os.tmpdir()]) keepCompiledCode({ XDG_CACHE_HOME: folder })
  expect(given).toEqual([])
})

testWith(process.geteuid?.() === 0 ? undefined : 'right to give a folder to another group (root)')('no code is taken from a cache folder that another group may write in', () => {
  chownSync(base, 0, 65534)
  chmodSync(base, 0o770)
  keepCompiledCode({ XDG_CACHE_HOME: base })
  expect(given).toEqual([])
  chownSync(base, 0, process.getegid!())
  keepCompiledCode({ XDG_CACHE_HOME: base }) // a group that is ours alone, as many systems have it
  expect(given).toEqual([path.join(base, 'ipkit', 'compiled')])
})
