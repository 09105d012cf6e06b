const LENGTH = 8;

/** An input for a new password; the API asks for the same length. */
export const NEW_PASSWORD = {
  type: 'password',
  autoComplete: 'new-password',
  minLength: LENGTH,
  help: `At least ${LENGTH} characters. A few words in a row are easy to remember and hard to guess.`,
} as const;
