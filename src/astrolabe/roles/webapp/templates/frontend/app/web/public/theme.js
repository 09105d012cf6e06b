/* global document, localStorage, window */
// Runs before the first paint, so that a dark page never flashes white; an inline script would break the content policy.
(function () {
  var chosen = localStorage.getItem('theme');
  var dark = chosen ? chosen === 'dark' : window.matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
})();
