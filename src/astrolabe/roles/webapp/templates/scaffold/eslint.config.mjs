import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import reactHooks from 'eslint-plugin-react-hooks';
import security from 'eslint-plugin-security';
import { defineConfig, globalIgnores } from 'eslint/config';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const unused = { argsIgnorePattern: '^_', varsIgnorePattern: '^_' };
const typescript = ['**/*.ts', '**/*.tsx'];

export default defineConfig(
  globalIgnores([
    '**/dist/**',
    '**/coverage/**',
    'api/src/generated/**',
    'e2e/results/**',
    '.venv/**',
  ]),
  js.configs.recommended,
  security.configs.recommended,
  {
    rules: {
      eqeqeq: 'error',
      'no-unused-vars': ['error', unused],
      'no-console': 'off',
      // Keys are checked by the compiler; the rule reports every `list[index]`.
      'security/detect-object-injection': 'off',
      // Paths here come from the application itself, never from a request.
      'security/detect-non-literal-fs-filename': 'off',
    },
  },
  {
    files: typescript,
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', prefer: 'type-imports' },
      ],
      'no-unused-vars': 'off',
      '@typescript-eslint/no-unused-vars': ['error', unused],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  {
    files: ['web/**/*.{ts,tsx}'],
    extends: [reactHooks.configs.flat.recommended],
    languageOptions: { globals: globals.browser },
  },
  {
    files: ['api/**', 'scripts/**', 'e2e/**', '**/*.{mjs,cjs}'],
    languageOptions: { globals: globals.node },
  },
  {
    // Supertest and the like answer with `any`.
    files: ['**/*.test.{ts,tsx}', 'api/tests/**', 'web/tests/**'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  prettier,
);
