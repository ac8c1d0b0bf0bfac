import { expect, test } from '@jest/globals'
import { placeOf } from '../../src/adapters/place-of.ts'

const place = (env: Record<string, string>, userHome: string | undefined = undefined): [home: string, ipfsPath: string] => {
  const { home, ipfsPath, releases, jsRepo } = placeOf({ env, cwd: '/work', host: { userHome }, platform: { os: 'linux', arch: 'amd64' } })
  expect([releases, jsRepo]).toEqual([`${ipfsPath}/releases`, `${ipfsPath}/js-repo`])
  return [home, ipfsPath]
}

test.each<[string, Record<string, string>, string | undefined, [string, string]]>([
  ['the home directory', { HOME: '/home/kim' }, undefined, ['/home/kim/.ipfsup', '/home/kim/.ipfs']],
  ['the account, without HOME', {}, '/home/kim', ['/home/kim/.ipfsup', '/home/kim/.ipfs']],
  ['what is named', { HOME: '/home/kim', IPFSUP_HOME: '/up', IPFS_PATH: '/repo/' }, undefined, ['/up', '/repo']],
  ['what is named by the working folder', { HOME: '/home/kim', IPFSUP_HOME: 'up', IPFS_PATH: '../repo' }, undefined, ['/work/up', '/repo']],
  ['empty variables as none', { HOME: '/home/kim', IPFSUP_HOME: '', IPFS_PATH: '' }, undefined, ['/home/kim/.ipfsup', '/home/kim/.ipfs']],
  ['the repo that a js release was called with', { HOME: '/home/kim', IPFS_PATH: '/repo/js-repo', IPFSUP_ROOT: '/repo' }, undefined, ['/home/kim/.ipfsup', '/repo']],
  ['another repo inside a js release', { HOME: '/home/kim', IPFS_PATH: '/other', IPFSUP_ROOT: '/repo' }, undefined, ['/home/kim/.ipfsup', '/other']],
])('by %s', (_title, env, userHome, expected) => { expect(place(env, userHome)).toEqual(expected) })

test('without any home it says what to name', () => {
  expect(() => place({})).toThrow(expect.objectContaining({ code: 'HOME_UNKNOWN', exit: 'usage' }))
  expect(place({ IPFSUP_HOME: '/up', IPFS_PATH: '/repo' })).toEqual(['/up', '/repo'])
})
