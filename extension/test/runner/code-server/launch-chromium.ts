import { type Browser, chromium } from 'playwright-core'

/** Starts a headless browser that asks nothing of the network by itself. */
export async function launchChromium(executablePath: string): Promise<Browser> {
  const quiet = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
  // Chromium's own sandbox does not work for root, which is who runs in a container.
  return await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox', ...quiet] : quiet })
}
