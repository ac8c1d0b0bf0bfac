import * as fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { addContact, removeContact, resolvePeer, type Contact } from '../../src/identity/contacts.ts'
import { readContacts, updateContacts } from '../../src/identity/contacts-file.ts'

const BOB = '12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV'
const EVE = 'QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC'
const bob: Contact = { name: 'bob', peerId: BOB, addresses: ['/ip4/10.0.0.1/tcp/4101'] }

test('a peer is a name, a peer id or a multiaddr', () => {
  const full = `/ip4/10.0.0.1/tcp/4101/p2p/${BOB}`
  expect(resolvePeer([bob], 'bob')).toEqual({ name: 'bob', peerId: BOB, addresses: [full] })
  expect(resolvePeer([bob], BOB)).toEqual({ name: 'bob', peerId: BOB, addresses: [full] })
  expect(resolvePeer([bob], EVE)).toEqual({ peerId: EVE, addresses: [] })
  expect(resolvePeer([], full)).toEqual({ peerId: BOB, addresses: [full] })
  expect(resolvePeer([], '/ip6/::1/tcp/1')).toEqual({ addresses: ['/ip6/::1/tcp/1'] })
  expect(() => resolvePeer([bob], 'Bob')).toThrow(expect.objectContaining({ code: 'CONTACT_UNKNOWN', exit: 'notFound' }))
  expect(() => resolvePeer([bob], 'b\u001b[31m')).toThrow(/there is no contact 'b\[31m', and/)
})

test('adding checks, keeps the order, and takes /p2p off the addresses', () => {
  const list = addContact([bob], { name: 'alice', peerId: EVE, addresses: [`/ip4/10.0.0.2/tcp/1/p2p/${EVE}`, '/ip4/10.0.0.2/tcp/1'] })
  expect(list).toEqual([{ name: 'alice', peerId: EVE, addresses: ['/ip4/10.0.0.2/tcp/1'] }, bob])
  expect(removeContact(list, 'alice')).toEqual([bob])
  expect(() => removeContact(list, 'carol')).toThrow(expect.objectContaining({ code: 'CONTACT_UNKNOWN' }))
})

test.each<[string, Partial<Contact>, string]>([
  ['a name that exists, in other case', { name: 'BOB' }, 'CONTACT_EXISTS'],
  ['an empty name', { name: '' }, 'CONTACT_INVALID'],
  ['a name with a slash', { name: 'a/b' }, 'CONTACT_INVALID'],
  ['a peer id as a name', { name: BOB }, 'CONTACT_INVALID'],
  ['no peer id', { peerId: 'x' }, 'CONTACT_INVALID'],
  ['an address that is none', { addresses: ['10.0.0.1'] }, 'ADDRESS_INVALID'],
  ['an address of another peer', { addresses: [`/ip4/10.0.0.1/tcp/1/p2p/${EVE}`] }, 'CONTACT_INVALID'],
  ['nine addresses', { addresses: Array.from({ length: 9 }, (_, i) => `/ip4/10.0.0.1/tcp/${i + 1}`) }, 'CONTACT_INVALID'],
])('refuses %s', (_name, part, code) => {
  expect(() => addContact([bob], { ...bob, name: 'carol', ...part })).toThrow(expect.objectContaining({ code }))
})

let dir: string
beforeEach(async () => { dir = await fs.mkdtemp(path.join(os.tmpdir(), 'contacts-')) })
afterEach(async () => { await fs.rm(dir, { recursive: true }) })

test('the file keeps them, private', async () => {
  const file = path.join(dir, 'contacts.json')
  expect(await readContacts(file)).toEqual([])
  await updateContacts(file, list => addContact(list, bob))
  expect(await readContacts(file)).toEqual([bob])
  expect((await fs.stat(file)).mode & 0o777).toBe(0o600)
})

test.each(['', '[]', '{"version":2,"contacts":[]}', '{"version":1,"contacts":[{"name":"x"}]}'])('a file with %j is damaged, and stays', async text => {
  const file = path.join(dir, 'contacts.json')
  await fs.writeFile(file, text)
  await expect(updateContacts(file, list => list)).rejects.toMatchObject({ code: 'CONTACTS_DAMAGED' })
  expect(await fs.readFile(file, 'utf8')).toBe(text)
})
