import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import * as looking from '../../src/domain/looking/looking-limits.ts'
import * as recipe from '../../src/domain/recipe/recipe-limits.ts'
import { MAX_SEGMENT_BYTES } from '../../src/domain/recipe/segment-taker.ts'
import { STEP_LAYOUT } from '../../src/domain/recipe/step-layout.ts'

const page = readFileSync(path.resolve(import.meta.dirname, '../../../../docs/formats/recipe.md'), 'utf8')
const number = (value: number): string => value.toLocaleString('en-US')
const kib = (value: number): string => `${value / 1024} KiB`

test.each([
  ['the head', `a byte string of at most ${kib(recipe.MAX_RECIPE_HEAD_BYTES)}`],
  ['a step', `at most ${kib(recipe.MAX_STEP_BYTES)} long`],
  ['bytes', `the bytes; 1 to ${number(recipe.MAX_LITERAL_BYTES)}`],
  ['encoders', `| \`encoders\` | a list, at most ${recipe.MAX_ENCODERS}`],
  ['heads', `| \`heads\` | a list, at most ${recipe.MAX_HEADS}, of byte strings of 1 to ${number(recipe.MAX_HEAD_BYTES)}`],
  ['marks', `at most ${number(recipe.MAX_MARKS)}`],
  ['bgzf', `n is at most ${number(recipe.MAX_BGZF_TEXT_BYTES)}`],
  ['jobs', `\`jobs.sizeBytes\` 32,768 to ${number(recipe.MAX_JOB_BYTES)}`],
  ['paths', `1 to ${number(recipe.MAX_PATH_BYTES)} bytes without a zero byte`],
  ['segments', `at most ${MAX_SEGMENT_BYTES / 2 ** 20} MiB, one for each segment`],
  ['format', recipe.RECIPE_FORMAT],
  ['bombs', `over ${looking.BOMB_TEXT_BYTES / 2 ** 20} MiB of text and over ${number(looking.BOMB_RATIO)} times`],
  ['zips', `a zip of over ${number(looking.MAX_ZIP_MEMBERS)} members`],
  ['heads of gzip', `a head of gzip over ${kib(looking.MAX_GZIP_HEAD_BYTES)}`],
])('the page says the limit of %s', (_, words) => {
  expect(page).toContain(words)
})

test.each(Object.entries(STEP_LAYOUT))('the page has the step %s', (kind, { number, fields }) => {
  expect(page).toMatch(new RegExp(`\\| ${number} ${kind} \\| \\[${number}${', [a-z0-9 ]+'.repeat(fields.length)}\\] \\|`))
})
