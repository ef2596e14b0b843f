import { createDelivery, type Send } from './delivery.ts'
import { createIntake } from './intake.ts'
import type { NotifierStore } from './notifier-store.ts'
import type { Outbox } from './outbox.ts'

/** Tells notifiers what happens, beside everything else: whatever their services do, no deployment waits for them. */
export interface Notifications {
  start(): void
  stop(): Promise<void>
}

type Deps = Omit<Parameters<typeof createIntake>[0], 'onPut'> & { notifiers: NotifierStore; outbox: Outbox; send: Send }

export function createNotifications(deps: Deps): Notifications {
  const delivery = createDelivery(deps)
  const intake = createIntake({ ...deps, onPut: delivery.wake })
  return {
    start() {
      delivery.start()
      intake.start()
    },
    async stop() {
      await intake.stop()
      await delivery.stop()
    },
  }
}
