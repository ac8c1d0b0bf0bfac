import { buzhashCutter } from './buzhash-cutter.ts'
import type { Cutter } from './cutter.ts'
import { fastcdcCutter } from './fastcdc-cutter.ts'
import type { GearScanner } from './gear-scanner.ts'
import type { Chunker } from './parse-chunker.ts'
import { JS_POLYNOMIAL, KUBO_POLYNOMIAL, rabinCutter } from './rabin-cutter.ts'
import { sizeCutter } from './size-cutter.ts'

/** @param scanner asked for when the chunker needs one; has the key's table where there is a key */
export function createCutter (chunker: Chunker, scanner: () => GearScanner): Cutter {
  switch (chunker.kind) {
    case 'fastcdc': return fastcdcCutter(scanner())
    case 'size': return sizeCutter(chunker.sizeBytes)
    case 'buzhash': return buzhashCutter()
    case 'rabin': return rabinCutter({ ...chunker, polynomial: KUBO_POLYNOMIAL })
    case 'js-rabin': return rabinCutter({ ...chunker, polynomial: JS_POLYNOMIAL })
  }
}
