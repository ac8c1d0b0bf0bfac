import { AppError } from '@ipkit/core/errors/app-error'

/** Of a recipe that is not as docs/formats/recipe.md says. */
export function invalidRecipe (why: string, cause?: unknown): AppError {
  return new AppError('RECIPE_INVALID', `the recipe cannot be followed: ${why}`, { exit: 'refused', ...cause === undefined ? {} : { cause } })
}
