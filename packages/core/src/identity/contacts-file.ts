import * as nodeFs from 'node:fs/promises'
import { AppError } from '../errors/app-error.ts'
import { atomicWrite } from '../storage/atomic-write.ts'
import { checkContact, type Contact } from './contacts.ts'

/** `contacts.json`: { "version": 1, "contacts": [{ "name", "peerId", "addresses" }] }. Format: docs/formats/contacts.md. */
const VERSION = 1

/** @returns sorted by name; empty when there is no file @throws AppError CONTACTS_DAMAGED */
export async function readContacts (file: string): Promise<Contact[]> {
  let text: string
  try {
    text = await nodeFs.readFile(file, 'utf8')
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw e
  }
  try {
    const stored = JSON.parse(text) as { version: number, contacts: Contact[] }
    if (stored.version !== VERSION) throw new Error(`version ${stored.version} is not ${VERSION}`)
    return stored.contacts.map(checkContact)
  } catch (e) {
    throw new AppError('CONTACTS_DAMAGED', `${file} cannot be read: ${(e as Error).message}`, { hints: ['mend the file, or move it away to start with an empty address book'], cause: e })
  }
}

/** Reads, changes and replaces the file. Of two processes that do it at the same moment the later one wins whole. */
export async function updateContacts (file: string, change: (contacts: Contact[]) => Contact[]): Promise<Contact[]> {
  const contacts = change(await readContacts(file))
  await atomicWrite(file, Buffer.from(`${JSON.stringify({ version: VERSION, contacts }, undefined, 2)}\n`), 0o600)
  return contacts
}
