import { encoderParameters, LEVELS, PRODUCERS, type EncoderParameters, type Level, type Producer } from '../deflate/encoder-parameters.ts'

/** What an encoder of these parameters is called; undefined for none that we know. */
export function nameEncoder (parameters: EncoderParameters): { readonly producer: Producer, readonly level: Level } | undefined {
  const key = JSON.stringify(parameters)
  for (const level of LEVELS) for (const producer of PRODUCERS) if (JSON.stringify(encoderParameters(producer, level)) === key) return { producer, level }
  return undefined
}
