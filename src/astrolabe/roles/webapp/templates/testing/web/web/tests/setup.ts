import '@testing-library/jest-dom/vitest';
import { cleanup, configure } from '@testing-library/react';
import { afterEach, beforeEach, vi } from 'vitest';
import { session } from '../src/api/session';

// A busy machine is slow, which is no fault of the application.
configure({ asyncUtilTimeout: 10_000 });

// What jsdom does not have.
window.scrollTo = () => undefined;

HTMLDialogElement.prototype.showModal = function (this: HTMLDialogElement) {
  this.open = true;
};
HTMLDialogElement.prototype.close = function (this: HTMLDialogElement) {
  this.open = false;
};

beforeEach(() => {
  window.matchMedia = (query) =>
    ({
      matches: false,
      media: query,
      addEventListener: () => undefined,
      removeEventListener: () => undefined,
    }) as unknown as MediaQueryList;
  localStorage.clear();
  session.end();
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});
