import { goTo, rest, type Step } from './decisions.ts'
import type { Machine } from './machine.ts'
import type { PhaseDocument } from './phase-document.ts'

/** What is done in the phases in which something is to be done. */
export interface ServedSteps<Document extends PhaseDocument> {
  readonly create: Step<Document>
  readonly start: Step<Document>
  readonly stop: Step<Document>
  readonly removeAll: Step<Document>
}

/** The table of everything that is made, served while it is active, and removed. */
export const servedMachine = <Document extends PhaseDocument>({ create, start, stop, removeAll }: ServedSteps<Document>): Machine<Document> => ({
  Creating: { active: create, inactive: create, deleted: goTo('Deleting') },
  Created: { active: goTo('Starting'), inactive: goTo('Stopping'), deleted: goTo('Deleting') },
  Starting: { active: start, inactive: goTo('Stopping'), deleted: goTo('Deleting') },
  Started: { active: rest, inactive: goTo('Stopping'), deleted: goTo('Deleting') },
  Stopping: { active: goTo('Starting'), inactive: stop, deleted: goTo('Deleting') },
  Stopped: { active: goTo('Starting'), inactive: rest, deleted: goTo('Deleting') },
  Deleting: { active: removeAll, inactive: removeAll, deleted: removeAll },
  Deleted: { active: rest, inactive: rest, deleted: rest },
})
