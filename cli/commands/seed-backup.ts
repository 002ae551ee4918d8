/** The backup of a root seed, which is the only way back to what was agreed to when a machine is lost; and the word that there is none yet. */
import { openPoolOffering } from '../../node/index.ts'
import { say } from '../program/index.ts'
import { rememberBackup } from '../wiring/index.ts'

/** Prints the seed of this home to be written down, and remembers that it was. */
export async function sayBackup(home: string, seed: Uint8Array): Promise<void> {
  const { seedText } = await openPoolOffering()
  say('Write this down and keep it apart from this machine. Who has it can act for you in every pool:')
  say(`\n  ${seedText(seed)}\n`)
  say(
    'It ends what the log has of you, also when this machine is lost: "quern pool withdraw --restore FILE". What you agreed to is in the folder "pool" of your home alone: keep a copy of it too.',
  )
  await rememberBackup(home, seed)
}

/** One line where no backup was made yet, and nothing else. */
export function remindOfBackup(home: string, isBackedUp: boolean): void {
  if (!isBackedUp)
    say(
      `quern: the seed in ${home} has no backup yet; without one nobody withdraws what you offered when this machine is lost. "quern pool offer --backup" with the same --dao and --home prints it`,
    )
}
