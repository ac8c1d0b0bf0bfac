import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Lets go of dead buffers in time. V8 looks for them when the young generation is full of objects, or when 32 MB of buffers have come together: a thread that
 * handles few objects and large buffers holds 32 MB for nothing. To collect the young generation alone takes a fraction of a millisecond, as hardly anything in it is alive.
 * Figures: docs/decisions/0064-dead-buffers.md
 * @param everyBytes of buffers that may come together
 * @returns to be told of the bytes of buffers that were made
 */
export function youngGarbage (everyBytes: number): (madeBytes: number) => void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (options: { readonly type: 'minor' }) => void
  let bytes = 0
  return madeBytes => {
    if ((bytes += madeBytes) < everyBytes) return
    bytes = 0
    collect({ type: 'minor' })
  }
}
