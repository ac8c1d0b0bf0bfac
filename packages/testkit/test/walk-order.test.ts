import { expect, test } from '@jest/globals'
import { readPlace, walkOrder } from '@ipkit/testkit/walk-order'

const LENGTHS = { up: 300, down: 200 }

test('every place comes exactly once', () => {
  const order = walkOrder(1, LENGTHS)
  expect(order).toHaveLength(500)
  expect(new Set(order)).toEqual(new Set([...Array.from({ length: 300 }, (_, n) => `up:${n}`), ...Array.from({ length: 200 }, (_, n) => `down:${n}`)]))
})

test('a seed repeats its order, and another one has another', () => {
  expect(walkOrder(7, LENGTHS)).toEqual(walkOrder(7, LENGTHS))
  expect(walkOrder(8, LENGTHS)).not.toEqual(walkOrder(7, LENGTHS))
})

test('the first sixty are spread over both lines and over their length', () => {
  const places = walkOrder(1, LENGTHS).slice(0, 60).map(place => readPlace(place, ['up', 'down']))
  for (const [line, length] of Object.entries(LENGTHS)) {
    const thirds = places.filter(place => place.line === line).map(place => Math.floor(place.at * 3 / length))
    expect(new Set(thirds)).toEqual(new Set([0, 1, 2]))
  }
})

test('a line that was measured a little longer changes nothing but its end', () => {
  const before = walkOrder(3, LENGTHS)
  const after = walkOrder(3, { ...LENGTHS, up: 305 })
  expect(after.filter(place => readPlace(place, ['up', 'down']).line === 'down' || readPlace(place, ['up']).at < 300)).toEqual(before)
})

test('what is no place is refused by name', () => {
  expect(readPlace('down:0', ['up', 'down'])).toEqual({ line: 'down', at: 0 })
  for (const text of ['', 'down', 'down:', 'down:-1', 'side:1', 'down:1.5', '12', ' down:1']) expect(() => readPlace(text, ['up', 'down'])).toThrow('is no place such as up:0 or down:0')
})
