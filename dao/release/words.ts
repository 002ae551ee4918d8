/** Sentences that more than one document of a release says, so that they cannot drift apart. */

export const LIMITATIONS =
  'A transparency log gives order, not truth: a page fetched again elsewhere is evidence, not proof. Cheating below the noise of honest page changes (about 2 %) is invisible. ' +
  'Licences are what pages state about themselves and were not checked by a lawyer.'

export const REMOVAL_POLICY =
  'Opt-outs and withdrawals are entries of the ledger. removals.jsonl lists every record that once was counted and is out by an opt-out or a proof of fraud; ' +
  'the next release leaves it out. Check the ids of a pinned release against the newest list before training.'

export const OPT_OUT_MEASURES = [
  'robots.txt (RFC 9309) and the other rule files of a site are read before its pages and their captures are kept as evidence',
  'training reservations (AIPREF Content-Usage, Content-Signal, TDM Reservation Protocol, RSL, ai.txt, noai) are read at the fetch; pages that deny training are not kept',
  'validators replay both from the captured evidence of the records they draw; a violation is a fraud proof that voids the batch',
  'a domain owner’s opt-out is an entry of the public ledger and is obeyed by every later release',
]
