/** The notice that people read before they tick: plain text from the policy's own fields, fit to be printed. The policy carries its hash. */
import { AGGREGATORS, EVENT_FIELDS, EVENT_TYPES, type EventRules, type UnsignedPolicy } from '../../schemas/wire/index.ts'

type Said = Omit<UnsignedPolicy, 'by' | 'notice'>

/**
 * GDPR Articles 13(1)-(2) ask for these facts. The same policy gives the same text, byte for byte; `mailSenders` are the domains whose mails its charter
 * takes, and a notice of before there were any, or of a charter that takes none, has no word of them.
 */
export function printNotice(policy: Said, { mailSenders = [] }: { mailSenders?: readonly string[] } = {}): string {
  const { controller, retention, committee, withdrawal } = policy
  const n = committee.members.length
  const required = policy.purposes.filter(({ optional }) => !optional)
  const optional = policy.purposes.filter((one) => one.optional)
  return [
    '# What you agree to',
    '',
    `${controller.name}, ${controller.address}, asks for your data. Contact: ${controller.contact}.`,
    ...(controller.representative === null ? [] : [`Representative: ${controller.representative}.`]),
    ...(controller.dpo === null ? [] : [`Data protection officer: ${controller.dpo}.`]),
    '',
    '## Purposes',
    '',
    'Without these no contribution can be made:',
    ...bullets(required.map(({ id, text }) => `${text} (${id})`)),
    'These are your choice, and nothing you earn depends on them:',
    ...bullets(optional.map(({ id, text }) => `${text} (${id})`)),
    '',
    '## Data',
    '',
    ...bullets(policy.dataCategories.map((one) => (policy.special.includes(one) ? `${one}, specially protected` : one))),
    ...(policy.rules === undefined ? [] : ruleLines(policy.rules)),
    `Legal basis: your explicit consent (${policy.lawfulBasis}). What is done with it: ${policy.processing.join(', ')}.`,
    policy.automatedDecision ? 'Decisions about you are made automatically.' : 'No decision about you is made automatically.',
    '',
    '## Who gets it, and where it lies',
    '',
    ...bullets(policy.recipients.map(({ role, id }) => `${role}: ${id}`)),
    `Storage: ${policy.storage.join('; ')}. ${policy.publicStorage ? 'The encrypted bytes are on a public network, where anybody may copy them.' : 'The encrypted bytes lie with named peers only.'}`,
    `Transfers abroad: ${policy.transfers.length === 0 ? 'none' : policy.transfers.join('; ')}. Jurisdiction: ${policy.jurisdiction}.`,
    `Your data is encrypted under keys that ${n} keyholders share. Any ${committee.k} of them together can read it; fewer cannot. When ${n - committee.k + 1} have deleted their shares, nobody can read it any more. That they deleted is what they sign, not what anyone can prove.`,
    ...(mailSenders.length === 0 ? [] : [mailLine(mailSenders)]),
    ...(n < AGGREGATORS
      ? []
      : [
          `Apart from that, the first ${AGGREGATORS} of them get one part each of counts of what your data is about (years, months, languages, kinds, services, lengths, qualities), to publish sums over many people with noise. Two of them learn nothing of you by it; all ${AGGREGATORS} together, even where ${committee.k} are needed to read your data, could see your counts.`,
        ]),
    '',
    '## How long',
    '',
    `At most ${retention.maxDays} days from your consent; after a withdrawal keyholders delete within ${retention.shredWithinHours} hours.`,
    '',
    '## How to stop it',
    '',
    `One command, at any time, without giving a reason${withdrawal.url === null ? '' : `, or ${withdrawal.url}`}. ${withdrawal.effect}`,
    `Models trained before: ${policy.trainedModels}`,
    '',
    '## Your rights',
    '',
    `${policy.rights.join(', ')}. You may complain to ${policy.authority}.`,
    '',
  ].join('\n')
}

const mailLine = (senders: readonly string[]): string =>
  `With your data you may offer the service's own mail that your export is ready (of ${senders.join(', ')}); no purpose depends on it, and you are asked about it by itself. Whoever is drawn to test your data then reads all of that mail, your address in it: to them you are no pseudonym any more. No trainer and no statistics get it. In public stands a token of your address, which whoever guesses the address can find.`

const CONTEXT = ' The context is where it happened: a channel, a community, an artist, the title of a conversation.'

const bullets = (lines: string[]): string[] => (lines.length === 0 ? ['- none'] : lines.map((line) => `- ${line}`))

/** In the words of who reads them; what a device drops because of them, and what testers fail. */
function ruleLines({ time, placeDecimals, types, fields }: EventRules): string[] {
  const inOrder = (all: readonly string[], some: readonly string[]): string => all.filter((one) => some.includes(one)).join(', ') || 'none'
  const unit = ['degree', 'tenth of a degree', 'hundredth of a degree (about a kilometre)'][placeDecimals ?? 0]
  return [
    `Of an event no more than this leaves your machine: its kind, service and language, and a number of its own; its time to the ${time}; ${placeDecimals === null || !fields.includes('place') ? 'no place' : `its place to the ${unit}`}; these fields: ${inOrder(EVENT_FIELDS, fields)}.${fields.includes('context') ? CONTEXT : ''}`,
    `Kinds of events: ${inOrder(EVENT_TYPES, types)}. Your machine drops the rest, and what is tested fails if it says more.`,
  ]
}
