/** One state of the page, as data: `screens.ts` says what each shows, `page-view.ts` puts it into the document. */
export interface Screen {
  readonly icon: 'sealed' | 'open' | 'file' | 'fetch' | 'flame' | 'ash' | 'clock' | 'away' | 'broken' | 'lock' | 'alert'
  /** Colour only: what it means is also said in words. */
  readonly tone: 'calm' | 'warm' | 'good' | 'gone'
  readonly badge?: string
  readonly title: string
  readonly lead: string
  readonly facts?: readonly Fact[]
  readonly progress?: Progress
  readonly text?: string
  readonly ask?: Ask
  readonly actions?: readonly Action[]
  readonly note?: string
  readonly explain?: boolean
  /** Something is going on that will change this screen by itself. */
  readonly busy?: boolean
}

export interface Fact { readonly name: string, readonly value: string, readonly more?: string }

export interface Progress {
  readonly step: string
  /** 0 to 1; absent while it cannot be known. */
  readonly done?: number
  readonly detail?: string
}

export interface Ask {
  readonly passphrase: boolean
  readonly caution: string
  readonly button: string
  /** Why the last try failed. */
  readonly wrong?: string
}

export interface Action { readonly id: ActionId, readonly label: string, readonly main?: boolean }
export type ActionId = 'retry' | 'copy' | 'save'

export type UserAct = { readonly kind: 'reveal', readonly passphrase: string } | { readonly kind: ActionId }

export interface View {
  /** Shows a screen. What the user does then comes from `act`. */
  show(screen: Screen): void
  /** Changes progress only, in the screen that is shown. */
  progress(progress: Progress): void
  /** Changes the last line only. */
  note(text: string): void
  /** The next thing the user does; what was done before nobody waited is forgotten. */
  act(): Promise<UserAct>
  /** Says it aloud, and for a moment in the button that was pressed. */
  confirm(id: ActionId, said: string): void
}
