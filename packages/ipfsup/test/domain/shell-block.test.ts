import { execFileSync } from 'node:child_process'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { allShellFiles, blockState, shellBlock, shellFiles, shellOf, withBlock, withoutBlock, type Shell } from '../../src/domain/shell-block.ts'

const BLOCK = shellBlock('bash', '/home/ann/.ipfsup/bin')
const OLDER = BLOCK.replace('/home/ann/', '/home/bea/')
const FILE = '/home/ann/.bashrc'
const put = (text: string | undefined, block = BLOCK): string => withBlock(text, block, FILE)
const take = (text: string): string | undefined => withoutBlock(text, FILE)

test('the block, for each kind of shell', () => {
  expect(BLOCK).toBe(`# >>> ipfsup >>>
# Written by 'ipfsup init'; 'ipfsup self uninstall' takes it out again.
case ":$PATH:" in
  *:'/home/ann/.ipfsup/bin':*) ;;
  *) export PATH='/home/ann/.ipfsup/bin':"$PATH" ;;
esac
# <<< ipfsup <<<
`)
  expect(shellBlock('zsh', '/x')).toBe(shellBlock('sh', '/x'))
  expect(shellBlock('fish', "/it's\\")).toBe(`# >>> ipfsup >>>
# Written by 'ipfsup init'; 'ipfsup self uninstall' takes it out again.
contains -- '/it\\'s\\\\' $PATH; or set -gx PATH '/it\\'s\\\\' $PATH
# <<< ipfsup <<<
`)
  for (const folder of ['/a:b', '/a\nb', '/a\rb']) expect(() => shellBlock('bash', folder)).toThrow(expect.objectContaining({ code: 'HOME_UNUSABLE', exit: 'usage' }))
})

test.each([['/bin/bash', 'bash'], ['/usr/bin/zsh', 'zsh'], ['fish', 'fish'], ['/bin/dash', 'sh'], ['/bin/ksh', 'sh'], ['/opt/bash/nu', 'sh'], ['', 'sh'], [undefined, 'sh']])('SHELL=%s is %s', (shell, name) => {
  expect(shellOf(shell)).toBe(name)
})

test('which file', () => {
  const linux = { userHome: '/h', env: {}, platform: 'linux' }
  const mac = { ...linux, platform: 'darwin' }
  const moved = { ...linux, env: { ZDOTDIR: '/z', XDG_CONFIG_HOME: '/c' } }
  const files = (shell: Shell, place: typeof linux | typeof moved): readonly string[] => shellFiles(shell, place)
  expect(files('bash', linux)).toEqual(['/h/.bashrc'])
  expect(files('bash', mac)).toEqual(['/h/.bash_profile', '/h/.bash_login', '/h/.profile'])
  expect([files('zsh', linux), files('zsh', moved)]).toEqual([['/h/.zshrc'], ['/z/.zshrc']])
  expect([files('fish', linux), files('fish', moved)]).toEqual([['/h/.config/fish/config.fish'], ['/c/fish/config.fish']])
  expect(files('sh', linux)).toEqual(['/h/.profile'])
  expect(allShellFiles(linux)).toEqual(['/h/.bashrc', '/h/.zshrc', '/h/.config/fish/config.fish', '/h/.profile', '/h/.bash_profile', '/h/.bash_login'])
})

describe('putting it in and taking it out', () => {
  const FILES: ReadonlyArray<readonly [string, string | undefined]> = [
    ['no file', undefined], ['an empty file', ''], ['a line', 'alias l=ls\n'], ['no line end', 'alias l=ls'], ['CR LF', 'alias l=ls\r\nfoo\r\n'], ['CR LF and no line end', 'alias l=ls\r\nfoo'],
    ['only a line end', '\n'], ['bytes of no encoding', '\u00ff\u0080\u0000x'], ['words like the marks', '  echo "# >>> ipfsup >>>"\n# >>> conda >>>\n'], ['$& $1 in it', '$& $1 $$\n'],
  ]

  test.each(FILES)('%s comes back to the byte', (_name, text) => {
    const once = put(text)
    expect(once).toContain(`# >>> ipfsup >>>\n`)
    expect(blockState(once, BLOCK, FILE)).toBe('current')
    expect(put(once)).toBe(once)
    expect(take(once)).toBe(text)
    const older = put(text, OLDER)
    expect(blockState(older, BLOCK, FILE)).toBe('outdated')
    expect(put(older)).toBe(once)
  })

  test('any text comes back to the byte, also with lines after it', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', '\n', '\r', '#', ' ', '$', "'", '>', '\u00e9') }), fc.string({ unit: fc.constantFrom('b', '\n', '\r') }), (before, after) => {
      expect(take(put(before))).toBe(before)
      const end = before === '' || before.endsWith('\n') || after === '' ? '' : '\n' // a line end that other lines have come to need stays
      expect(take(put(before) + after)).toBe(before + end + after)
    }))
  })

  test('one that is older stays where it is; a second one goes', () => {
    const text = `first\n${OLDER}between\n${OLDER}last\n`
    expect(put(text)).toBe(`first\n${BLOCK}between\nlast\n`)
    expect(take(text)).toBe('first\nbetween\nlast\n')
    expect(blockState(`${BLOCK}${BLOCK}`, BLOCK, FILE)).toBe('outdated')
  })

  test('one that an editor gave CR LF, or took the last line end from, is found', () => {
    expect(take(`a\r\n${BLOCK.replaceAll('\n', '\r\n')}b\r\n`)).toBe('a\r\nb\r\n')
    expect(put(`a\r\n${BLOCK.replaceAll('\n', '\r\n')}b\r\n`)).toBe(`a\r\n${BLOCK}b\r\n`)
    expect(take(`a\n${BLOCK.trimEnd()}`)).toBe('a\n')
    expect(put(`a\n${BLOCK.trimEnd()}`)).toBe(`a\n${BLOCK}`)
    expect(take(put('a').replaceAll('\n', '\r\n'))).toBe('a')
  })

  test('what was written into a file that was made stays', () => {
    expect(take(`${put(undefined)}mine\n`)).toBe('mine\n')
  })

  test.each([['no end', '# >>> ipfsup >>>\nexport PATH\n'], ['no beginning', 'x\n# <<< ipfsup <<<\n'], ['two beginnings', `# >>> ipfsup >>>\n${BLOCK}`]])('half a block is left alone: %s', (_name, text) => {
    for (const act of [() => put(text), () => take(text), () => blockState(text, BLOCK, FILE)]) expect(act).toThrow(expect.objectContaining({ code: 'SHELL_BLOCK_DAMAGED', exit: 'refused' }))
  })
})

describe.each([['dash'], ['bash'], ['zsh'], ['fish']])('what %s makes of it', program => {
  testWithProgram(program)(`${program}: the folder goes first, once, whatever is in its name`, () => {
    for (const folder of ['/x/bin', "/it's $(touch bad)/`id`", '/a b\\c/*', '/ü"']) {
      const block = shellBlock(shellOf(program), folder)
      const print = program === 'fish' ? 'string join : $PATH' : 'printf "%s\\n" "$PATH"'
      const run = (text: string): string => execFileSync(program, ['-c', text], { encoding: 'utf8', env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent' }, stdio: ['ignore', 'pipe', 'ignore'] }).trimEnd()
      expect(run(`${block}${block}${print}`)).toBe(`${folder}:/usr/bin:/bin`)
    }
  })
})
