import { join } from 'node:path'
import type { Workbench } from './workbench.ts'

const suffixes = { Light: '', Dark: '-dark', 'High Contrast': '-high-contrast' } as const
export type Theme = keyof typeof suffixes

/** How the window of a journey looks, and where its pictures go: the README and the guides show them. */
export interface Look {
  readonly settings: Record<string, unknown>
  picture(workbench: Workbench, name: string): Promise<void>
}

const imagesFolder = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'images')

export function lookOf(theme: Theme): Look {
  const colorTheme = theme === 'High Contrast' ? 'Default High Contrast' : `Default ${theme} Modern`
  return {
    // Of the file's path its name is enough: the rest is a temporary folder.
    settings: { 'workbench.colorTheme': colorTheme, 'breadcrumbs.filePath': 'last', 'editor.minimap.enabled': false },
    picture: (workbench, name) => workbench.screenshot(join(imagesFolder, `${name}${suffixes[theme]}.png`)),
  }
}
