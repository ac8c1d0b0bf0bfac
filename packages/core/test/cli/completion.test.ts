import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { completionScript } from '@ipkit/core/cli/completion-script'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { demoTool } from './demo-tool.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'ipkit-completion-'))
  for (const shell of ['bash', 'zsh', 'fish'] as const) writeFileSync(path.join(dir, `demo.${shell}`), completionScript(demoTool, shell))
  writeFileSync(path.join(dir, 'letter one.txt'), '')
})
afterAll(() => { rmSync(dir, { recursive: true, force: true }) })

/** What bash would offer for the last word. */
function bash (...words: string[]): string[] {
  const script = `source ./demo.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _demo; printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['--norc', '-c', script, 'bash', 'demo', ...words], { cwd: dir, encoding: 'utf8' }).split('\n').filter(line => line !== '')
}

describe('bash', () => {
  const cases: ReadonlyArray<readonly [typed: string[], offered: string[]]> = [
    [['p'], ['pack']],
    [['box', ''], ['add', 'ls']],
    [['--json', 'box', 'l'], ['ls']],
    [['--home', 'box', 'pa'], ['pack']],
    [['pack', 'letter.txt', '--e'], ['--expires']],
    [['pack', '--level', ''], ['fast', 'best']],
    [['pack', '--progress', 'j'], ['json']],
    [['pack', '--expires', ''], []],
    [['pack', 'le'], ['letter one.txt']],
    [['pack', '-o', 'le'], ['letter one.txt']],
    [['completion', 'z'], ['zsh']],
    [['box', 'add', '--q'], ['--quiet']],
    [['count', '--expi'], []],
    [['--vers'], ['--version']],
    [['pack', '--vers'], []],
    [['he'], ['help']],
    [['help', 'p'], ['pack']],
  ]
  testWithProgram('bash')('offers what fits', () => {
    for (const [typed, offered] of cases) {
      const got = bash(...typed)
      expect([typed, typed.at(-1) === '' && offered.length > 0 ? got.filter(word => !word.startsWith('-')) : got]).toEqual([typed, offered])
    }
  })
})

testWithProgram('zsh')('zsh reads its script', () => {
  execFileSync('zsh', ['-f', '-c', 'autoload -Uz compinit; compinit -D; source ./demo.zsh; [[ -n ${functions[_demo]} ]]'], { cwd: dir })
})

testWithProgram('fish')('fish offers what fits', () => {
  const fish = (line: string): string[] => execFileSync('fish', ['--no-config', '-c', `source ./demo.fish; complete -C ${JSON.stringify(line)}`], { cwd: dir, encoding: 'utf8' }).split('\n').map(l => l.split('\t')[0]!).filter(l => l !== '')
  expect(fish('demo box ')).toEqual(['add', 'ls'])
  expect(fish('demo pack --lev')).toEqual(['--level'])
  expect(fish('demo pack --level ')).toEqual(['best', 'fast'])
  expect(fish('demo --vers')).toEqual(['--version'])
  expect(fish('demo pack --vers')).toEqual([])
  expect(fish('demo help pa')).toEqual(['pack'])
})

test('every command and flag of the table stands in every script', () => {
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    const script = completionScript(demoTool, shell)
    for (const word of ['pack', 'box', 'expires', 'no-pad', 'json', 'fast']) expect(script).toContain(word)
  }
})
