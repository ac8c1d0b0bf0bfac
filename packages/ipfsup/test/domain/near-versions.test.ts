import { expect, test } from '@jest/globals'
import { nearVersions } from '../../src/domain/near-versions.ts'
import { formatVersion } from '../../src/domain/version.ts'
import { v } from '../memory-world.ts'

const ALL = ['v0.43.0', 'v0.9.1', 'v0.42.0', 'v0.10.0', 'v0.44.0-rc1', 'v0.41.0', 'js-v0.66.1'].map(v)

test.each([
  ['v0.42.5', ['go-v0.41.0', 'go-v0.42.0', 'go-v0.43.0']],
  ['v0.11.0', ['go-v0.9.1', 'go-v0.10.0', 'go-v0.41.0', 'go-v0.42.0']],
  ['v0.1.0', ['go-v0.9.1', 'go-v0.10.0']],
  ['v9.0.0', ['go-v0.42.0', 'go-v0.43.0']],
  ['v0.44.0-rc2', ['go-v0.43.0', 'go-v0.44.0-rc1']],
  ['js-v0.66.2', ['js-v0.66.1']],
])('near %s', (wanted, near) => { expect(nearVersions(v(wanted), ALL).map(formatVersion)).toEqual(near) })

test('nothing is near where there is nothing', () => { expect(nearVersions(v('v0.1.0'), [])).toEqual([]) })
