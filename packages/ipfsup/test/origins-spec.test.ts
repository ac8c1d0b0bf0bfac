import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'

const spec = readFileSync(new URL('../../../docs/formats/ipfsup.md', import.meta.url), 'utf8').split('\n## Origins\n')[1]!.split('\n## ')[0]!

test.each(['RELEASE_IS_STUB', 'RELEASE_CHANGED', 'ORIGIN_ALONE', 'ORIGINS_DISAGREE', 'HASH_UNPROVEN', 'HASH_MISSING'])('the specification names the code %s', code => {
  expect(spec).toContain(`\`${code}\``)
})
