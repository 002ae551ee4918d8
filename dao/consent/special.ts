/** Terms of the Data Privacy Vocabulary that GDPR Article 9 protects: health, genes, the body as a password, origin, belief, opinion, union, sexual life. */
const SPECIAL = `
  Health HealthHistory HealthRecord IndividualHealthHistory FamilyHealthHistory MedicalHealth MentalHealth PhysicalHealth
  Disability DrugTestResult Prescription BloodType DNACode Genetic
  Biometric FacialPrint Fingerprint Retina
  EthnicOrigin Ethnicity Race
  Religion ReligiousBelief PhilosophicalBelief PoliticalAffiliation PoliticalOpinion TradeUnionMembership
  Sexual SexualHistory SexualPreference Fetish Proclivity`

export const SPECIAL_CATEGORIES: ReadonlySet<string> = new Set(
  SPECIAL.trim()
    .split(/\s+/)
    .map((name) => `pd:${name}`),
)
