/** Names the file that a suite which measures something writes its figures to, as JSON. */
export const figuresFileVariable = 'IMPRUN_FIGURES_FILE'
