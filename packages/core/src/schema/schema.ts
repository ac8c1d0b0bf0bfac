/**
 * The one validator: RPC parameters and results, the config file and decoded DAG-CBOR all pass through it. Strict: unknown keys,
 * wrong types and over-long values are refused, nothing is coerced (but base64url text to bytes). What comes out is a fresh value of
 * known keys only. Errors name the path and the limit, never a string's value: it may be a secret.
 */
import { AppError, isAppError } from '../errors/app-error.ts'
import { decodeBase64url } from './base64url.ts'
import { nearest } from './nearest.ts'
import { isWellFormed } from './well-formed.ts'

export interface Schema<T> {
  /** @param path where the value stands, for the message: 'params.id' @throws AppError BAD_VALUE, exit usage */
  read(value: unknown, path: string): T
}
export interface OptionalSchema<T> extends Schema<T> { readonly optional: true }
export type Infer<S> = S extends Schema<infer T> ? T : never

type Fields = Readonly<Record<string, Schema<unknown>>>
type OptionalKeys<F extends Fields> = { [K in keyof F]: F[K] extends OptionalSchema<unknown> ? K : never }[keyof F]
export type InferObject<F extends Fields> =
  { -readonly [K in keyof ({ [K in Exclude<keyof F, OptionalKeys<F>>]: Infer<F[K]> } & { [K in OptionalKeys<F>]?: Infer<F[K]> })]:
    ({ [K in Exclude<keyof F, OptionalKeys<F>>]: Infer<F[K]> } & { [K in OptionalKeys<F>]?: Infer<F[K]> })[K] }

/** @throws AppError BAD_VALUE (or `code`), exit usage */
export function check<T> (schema: Schema<T>, value: unknown, path: string, code = 'BAD_VALUE'): T {
  try {
    return schema.read(value, path)
  } catch (e) {
    if (code === 'BAD_VALUE' || !isAppError(e)) throw e
    throw new AppError(code, e.message, { exit: e.exit, hints: e.hints })
  }
}

function bad (path: string, what: string, hints: readonly string[] = []): AppError {
  return new AppError('BAD_VALUE', `${path} ${what}`, { exit: 'usage', hints })
}

function typeName (value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (value instanceof Uint8Array) return 'bytes'
  if (value === undefined) return 'missing'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
const wrongType = (path: string, value: unknown, wanted: string): AppError => value === undefined
  ? bad(path, `is missing; it must be ${wanted}`)
  : bad(path, `is ${typeName(value)}; it must be ${wanted}`)

export interface StringLimits {
  readonly min?: number
  /** In UTF-16 code units. */
  readonly max: number
  readonly pattern?: RegExp
  /** What the pattern means, for the message: 'a peer id'. */
  readonly what?: string
}

/** Lone surrogates are refused: they have no UTF-8 form. */
export function string (limits: StringLimits): Schema<string> {
  const min = limits.min ?? 0
  return {
    read (value, path) {
      if (typeof value !== 'string') throw wrongType(path, value, limits.what ?? 'a string')
      if (value.length > limits.max) throw bad(path, `has ${value.length} characters; the limit is ${limits.max}`)
      if (value.length < min) throw bad(path, `has ${value.length} characters; it must have ${min} or more`)
      if (!isWellFormed(value)) throw bad(path, 'is not well-formed text')
      if (limits.pattern !== undefined && !limits.pattern.test(value)) throw bad(path, `is not ${limits.what ?? `of the form ${limits.pattern.source}`}`)
      return value
    },
  }
}

export function boolean (): Schema<boolean> {
  return { read (value, path) { if (typeof value !== 'boolean') throw wrongType(path, value, 'true or false'); return value } }
}

export interface IntegerLimits { readonly min?: number, readonly max?: number }

/** A safe integer; not below 0 unless `min` says so. */
export function integer (limits: IntegerLimits = {}): Schema<number> {
  const min = limits.min ?? 0
  const max = limits.max ?? Number.MAX_SAFE_INTEGER
  return {
    read (value, path) {
      if (typeof value !== 'number') throw wrongType(path, value, 'a whole number')
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw bad(path, 'is not a whole number')
      if (value < min || value > max) throw bad(path, `is ${value}; it must be from ${min} to ${max}`)
      return value
    },
  }
}

/** 64-bit unsigned, always a bigint; a decoder that hands small ones over as numbers is understood. */
export function uint64 (): Schema<bigint> {
  const max = (1n << 64n) - 1n
  return {
    read (value, path) {
      const n = typeof value === 'number' && Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value) : value
      if (typeof n !== 'bigint') throw wrongType(path, value, 'a whole number')
      if (n < 0n || n > max) throw bad(path, `must be from 0 to ${max}`)
      return n
    },
  }
}

export type BytesLimits = { readonly size: number } | { readonly min?: number, readonly max: number }

function checkSize (bytes: Uint8Array, limits: BytesLimits, path: string): Uint8Array {
  if ('size' in limits) {
    if (bytes.length !== limits.size) throw bad(path, `is ${bytes.length} bytes; it must be ${limits.size}`)
    return bytes
  }
  if (bytes.length > limits.max) throw bad(path, `is ${bytes.length} bytes; the limit is ${limits.max}`)
  if (bytes.length < (limits.min ?? 0)) throw bad(path, `is ${bytes.length} bytes; it must be ${limits.min ?? 0} or more`)
  return bytes
}

/** Bytes as DAG-CBOR has them. */
export function bytes (limits: BytesLimits): Schema<Uint8Array> {
  return {
    read (value, path) {
      if (!(value instanceof Uint8Array)) throw wrongType(path, value, 'bytes')
      return checkSize(value, limits, path)
    },
  }
}

/** Bytes as JSON has them: canonical base64url text without padding. The length is checked before anything is decoded. */
export function base64url (limits: BytesLimits): Schema<Uint8Array> {
  const maxBytes = 'size' in limits ? limits.size : limits.max
  const maxChars = Math.ceil(maxBytes * 4 / 3)
  return {
    read (value, path) {
      if (typeof value !== 'string') throw wrongType(path, value, 'base64url text')
      if (value.length > maxChars) throw bad(path, `has ${value.length} characters of base64url; the limit is ${maxChars} (${maxBytes} bytes)`)
      let decoded
      try { decoded = decodeBase64url(value) } catch (e) { throw bad(path, `is ${(e as Error).message}`) }
      return checkSize(decoded, limits, path)
    },
  }
}

/** One of a few fixed values. */
export function literal<const T extends string | number | boolean | null> (...allowed: readonly T[]): Schema<T> {
  const list = allowed.map(a => JSON.stringify(a)).join(', ')
  return {
    read (value, path) {
      if (!allowed.includes(value as T)) throw value === undefined ? bad(path, `is missing; it must be ${list}`) : bad(path, `is not ${allowed.length === 1 ? list : `one of ${list}`}`)
      return value as T
    },
  }
}

export function nullable<T> (schema: Schema<T>): Schema<T | null> {
  return { read: (value, path) => value === null ? null : schema.read(value, path) }
}

/** Marks an object's key as one that may be absent. */
export function optional<T> (schema: Schema<T>): OptionalSchema<T> {
  return { optional: true, read: (value, path) => schema.read(value, path) }
}

/** Anything at all, as it came: for what another validator reads later. */
export function anything (): Schema<unknown> {
  return { read: value => value }
}

export function array<T> (item: Schema<T>, limits: { readonly min?: number, readonly max: number }): Schema<T[]> {
  return {
    read (value, path) {
      if (!Array.isArray(value)) throw wrongType(path, value, 'a list')
      if (value.length > limits.max) throw bad(path, `has ${value.length} items; the limit is ${limits.max}`)
      if (value.length < (limits.min ?? 0)) throw bad(path, `has ${value.length} items; it must have ${limits.min ?? 0} or more`)
      return Array.from(value, (v: unknown, i) => item.read(v, `${path}[${i}]`))
    },
  }
}

function asRecord (value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) throw wrongType(path, value, 'an object')
  return value as Readonly<Record<string, unknown>>
}
/** Keys come from outside: shown short and without control characters. */
const shown = (key: string): string => JSON.stringify(key.length > 40 ? `${key.slice(0, 40)}…` : key)

/** Exactly these keys; an unknown one is an error that names the nearest known one. A key that holds undefined counts as absent. */
export function object<const F extends Fields> (fields: F): Schema<InferObject<F>> {
  const known = new Map(Object.entries(fields))
  return {
    read (value, path) {
      const record = asRecord(value, path)
      for (const key of Object.keys(record)) {
        if (known.has(key)) continue
        const near = nearest(key, [...known.keys()])
        throw bad(path, `has an unknown key ${shown(key)}`, [near === undefined ? `known keys: ${[...known.keys()].join(', ')}` : `did you mean "${near}"?`])
      }
      return readFields(fields, record, path)
    },
  }
}

/** These keys; any other is left out. For what a newer program answers to an older one, and nothing else: keys are only ever added there. */
export function answer<const F extends Fields> (fields: F): Schema<InferObject<F>> {
  return { read: (value, path) => readFields(fields, asRecord(value, path), path) }
}

function readFields<F extends Fields> (fields: F, record: Readonly<Record<string, unknown>>, path: string): InferObject<F> {
  const out: Record<string, unknown> = {}
  for (const [key, schema] of Object.entries(fields)) {
    const field = Object.hasOwn(record, key) ? record[key] : undefined
    if (field === undefined && 'optional' in schema) continue
    out[key] = schema.read(field, `${path}.${key}`)
  }
  return out as InferObject<F>
}

/** Any keys that fit `key`, all values alike. The result has no prototype, so a key such as __proto__ is only a key. */
export function record<T> (key: Schema<string>, item: Schema<T>, limits: { readonly max: number }): Schema<Record<string, T>> {
  return {
    read (value, path) {
      const entries = Object.entries(asRecord(value, path))
      if (entries.length > limits.max) throw bad(path, `has ${entries.length} keys; the limit is ${limits.max}`)
      const out = Object.create(null) as Record<string, T>
      for (const [k, v] of entries) out[key.read(k, `a key of ${path}`)] = item.read(v, `${path}.${shown(k)}`)
      return out
    },
  }
}

/** The first that fits. For objects told apart by a key, `variant` gives better errors. */
export function union<const S extends readonly Schema<unknown>[]> (...schemas: S): Schema<Infer<S[number]>> {
  return {
    read (value, path) {
      const failures: string[] = []
      for (const schema of schemas) {
        try { return schema.read(value, path) as Infer<S[number]> } catch (e) { if (!isAppError(e)) throw e; failures.push(e.message) }
      }
      throw bad(path, `fits none of its forms: ${failures.join('; ')}`)
    },
  }
}

/** Objects told apart by the literal under `tag`; `cases` hold the other keys. */
export function variant<const K extends string, const C extends Readonly<Record<string, Fields>>> (tag: K, cases: C): Schema<{ [N in keyof C]: InferObject<C[N] & Record<K, Schema<N>>> }[keyof C]> {
  const names = literal(...Object.keys(cases))
  const schemas = new Map(Object.entries(cases).map(([name, fields]) => [name, object({ ...fields, [tag]: literal(name) })]))
  return {
    read (value, path) {
      const record = asRecord(value, path)
      const name = names.read(Object.hasOwn(record, tag) ? record[tag] : undefined, `${path}.${tag}`)
      return schemas.get(name)!.read(value, path) as never
    },
  }
}
