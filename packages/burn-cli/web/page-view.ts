import type { ActionId, Progress, Screen, UserAct, View } from './screen.ts'

const BUTTONS: readonly ActionId[] = ['retry', 'copy', 'save']

/** Puts screens into the document. Everything is text: nothing that came from outside is ever taken for markup. */
export function pageView (page: Document): View {
  const at = <T extends Element = HTMLElement>(id: string): T => page.getElementById(id) as Element as T
  const card = at('card')
  const title = at('title')
  const bar = at<HTMLProgressElement>('bar')
  const passphrase = at<HTMLInputElement>('passphrase')
  const peek = at('peek')
  let waiting: ((act: UserAct) => void) | undefined
  let shownTitle = title.textContent
  let quarter = 0

  const happened = (act: UserAct): void => {
    const wake = waiting
    waiting = undefined
    wake?.(act)
  }
  at('ask').addEventListener('submit', event => {
    event.preventDefault()
    happened({ kind: 'reveal', passphrase: passphrase.value })
  })
  for (const kind of BUTTONS) at(kind).addEventListener('click', () => { happened({ kind }) })
  peek.addEventListener('click', () => { uncover(passphrase.type === 'password') })

  function uncover (on: boolean): void {
    passphrase.type = on ? 'text' : 'password'
    peek.textContent = on ? 'Hide' : 'Show'
    peek.setAttribute('aria-label', on ? 'Hide passphrase' : 'Show passphrase')
  }
  const fill = (id: string, text: string | undefined): void => {
    const element = at(id)
    if (element.textContent !== (text ?? '')) element.textContent = text ?? ''
    element.hidden = text === undefined
  }
  const say = (text: string): void => { at('live').textContent = text }

  function showProgress (progress: Progress): void {
    fill('step', progress.step)
    at('detail').textContent = progress.detail ?? ''
    if (progress.done === undefined) bar.removeAttribute('value')
    else bar.value = progress.done
    const passed = Math.floor((progress.done ?? 0) * 4)
    if (passed > quarter && passed < 4) say(`${passed * 25} percent`)
    quarter = passed
  }

  function showAsk (ask: Screen['ask']): void {
    at('ask').hidden = ask === undefined
    at('secret').hidden = ask?.passphrase !== true
    passphrase.setAttribute('aria-invalid', String(ask?.wrong !== undefined))
    at('wrong').textContent = ask?.wrong ?? ''
    if (ask === undefined) return
    at('caution').textContent = ask.caution
    at('reveal').textContent = ask.button
  }

  function showActions (actions: NonNullable<Screen['actions']>): void {
    at('actions').hidden = actions.length === 0
    for (const id of BUTTONS) {
      const action = actions.find(a => a.id === id)
      fill(id, action?.label)
      at(id).classList.toggle('primary', action?.main === true)
    }
  }

  function showFacts (facts: NonNullable<Screen['facts']>): void {
    at('facts').hidden = facts.length === 0
    at('facts').replaceChildren(...facts.map(({ name, value, more }) => {
      const group = page.createElement('div')
      const term = page.createElement('dt')
      const description = page.createElement('dd')
      term.textContent = name
      description.textContent = value
      if (more !== undefined) {
        const small = page.createElement('small')
        small.textContent = more
        description.append(small)
      }
      group.append(term, description)
      return group
    }))
  }

  /** A control that vanished leaves the keyboard nowhere: then the heading takes over, and is read out. */
  function placeFocus (screen: Screen, had: Element | null): void {
    if (screen.ask?.wrong !== undefined) { passphrase.focus(); passphrase.select(); return }
    if (had !== null && had !== page.body && had.closest('[hidden]') !== null) title.focus({ preventScroll: true })
  }

  return {
    show (screen) {
      const had = page.activeElement
      at('icon').setAttribute('href', `#i-${screen.icon}`)
      card.dataset['tone'] = screen.tone
      card.setAttribute('aria-busy', String(screen.busy === true))
      fill('badge', screen.badge)
      title.textContent = screen.title
      fill('lead', screen.lead)
      showFacts(screen.facts ?? [])
      at('progress').hidden = screen.progress === undefined
      if (screen.progress !== undefined) showProgress(screen.progress)
      at('text').hidden = screen.text === undefined
      at('words').textContent = screen.text ?? ''
      showAsk(screen.ask)
      showActions(screen.actions ?? [])
      fill('note', screen.note)
      at('how').hidden = screen.explain !== true
      if (screen.text !== undefined || screen.facts?.[0]?.name === 'Name') { passphrase.value = ''; uncover(false) }
      if (screen.title !== shownTitle) say(`${screen.title}. ${screen.lead}`)
      shownTitle = screen.title
      page.title = `${screen.title} - burn`
      placeFocus(screen, had)
    },
    progress: showProgress,
    note (text) { fill('note', text) },
    act: async () => await new Promise(resolve => { waiting = resolve }),
    confirm (id, said) {
      say(said)
      const button = at(id)
      const label = button.dataset['label'] ?? button.textContent ?? ''
      button.dataset['label'] = label
      button.textContent = said
      setTimeout(() => { if (button.textContent === said) button.textContent = label }, 2000)
    },
  }
}
